"""GET /openapi.json: OpenAPI 3.1 of what this caller may call, made from the release the request is pinned to.

Made once a release, set of roles and language, and kept; a field published now is in it on the next request. It says
how calls look; what they do is tested against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import gettext

from engine.access.actor import Actor
from engine.exports.service import FORMATS
from engine.records.kept import KeptByUse
from engine.records.types import MAX_PAGE
from engine.releases.release import Release
from metamodel.currency_rates import known_currencies
from metamodel.field_types import FieldTypeRegistry
from metamodel.texts import label_text
from ui.api.access_paths import access_paths
from ui.api.action_paths import action_paths, version_paths
from ui.api.answers import bytes_answer, to_json
from ui.api.approval_paths import approval_paths, record_approval_paths
from ui.api.audit import audit_paths
from ui.api.button_paths import button_paths
from ui.api.changes import change_paths
from ui.api.child_schemas import add_child_lists, add_link_lists
from ui.api.coming import coming_paths
from ui.api.connectors import connector_paths
from ui.api.document_words import said
from ui.api.event_paths import event_paths
from ui.api.exports import HEADS
from ui.api.exports import PARAMETERS as EXPORT_PARAMETERS
from ui.api.files import file_paths
from ui.api.form_paths import form_paths
from ui.api.hook_paths import hook_paths
from ui.api.insight_paths import record_rule_paths, rule_paths
from ui.api.long_work_paths import export_paths, exported_content, import_paths, start_export
from ui.api.metadata import metadata_paths
from ui.api.outer_ids import describe_outer_ids
from ui.api.parameters import DEFAULT_LIMIT, LIST_PARAMETERS, read_parameters
from ui.api.reports import report_paths
from ui.api.run_acts import run_act_paths
from ui.api.search import search_paths
from ui.api.timelines import timeline_paths
from ui.api.upserts import upsert_paths
from ui.api.value_schemas import Schema, maybe_masked, read_schema, shared_schemas, write_schema
from ui.api.visible import VisibleObject, visible_objects
from ui.api.webhook_calls import webhook_call_paths
from ui.context import actor, language, release

_LIST_HELP = {
    "filter": 'An expression over the object\'s fields, such as `amount > 1000 and account.tier = "gold"`.',
    "sort": "Fields or paths with commas between them, `-` before a falling one.",
    "fields": "Fields, paths or lists of links to answer with; without it the readable fields.",
    "limit": f"How many records a page has, at most {MAX_PAGE}.",
    "cursor": "Where the page starts: take it from `next` of the page before.",
    "count": "`true` counts up to 1,000, `exact` all.",
    "q": "Words to search for.",
    "view": "A view of the object, for its filter, sort and columns.",
    "bin": "`true` lists the deleted records that you may read and restore, the last deleted first.",
}


def answer_openapi() -> Response:
    """GET /openapi.json."""
    read_parameters(())
    return bytes_answer(own_document())


def own_document() -> bytes:
    """Give the document of the caller."""
    pinned, who, lang = release(), actor(), language()
    kept = pinned.part("api.documents", lambda _made: KeptByUse[tuple[frozenset[str], str], bytes](64))
    return kept.find((who.roles, lang), lambda: to_json(said(build_document(pinned, who, lang), gettext)))


def build_document(pinned: Release, who: Actor, lang: str) -> dict[str, Any]:
    """Make the document of one caller."""
    objects = visible_objects(pinned, who)
    schemas: dict[str, Schema] = shared_schemas(known_currencies(pinned.metamodel))
    paths: dict[str, Any] = _fixed_paths() | file_paths() | rule_paths() | run_act_paths() | hook_paths()
    paths |= import_paths() | audit_paths() | access_paths()
    paths |= change_paths() | metadata_paths() | webhook_call_paths() | connector_paths() | report_paths()
    paths |= approval_paths()
    for each in objects:
        schemas |= _object_schemas(each, pinned.field_types, lang)
        paths |= _object_paths(each, lang) | action_paths(pinned.metamodel, each, lang)
        paths |= button_paths(pinned, who, each, lang)
        tag = label_text(each.object.label, lang, each.object.name)
        paths |= record_approval_paths(pinned, each.object.key, tag)
    paths |= form_paths(pinned, lang) | event_paths(objects) | search_paths()
    add_child_lists(schemas, objects, pinned.field_types, lang)
    add_link_lists(schemas, objects, pinned.field_types, lang)
    describe_outer_ids(schemas, paths, objects, pinned.metamodel)
    main = pinned.metamodel.main
    return {
        "openapi": "3.1.0",
        "info": {"title": label_text(main.label, lang, main.name), "version": f"{main.version}+{pinned.number}"},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": [], "csrf": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "fieldstone_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
            "parameters": {name: _list_parameter(name) for name in LIST_PARAMETERS},
            "responses": {
                "Problem": {
                    "description": "Refused; the document says why.",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _object_schemas(each: VisibleObject, types: FieldTypeRegistry, lang: str) -> dict[str, Schema]:
    key, fields = each.object.key, each.fields
    answered = {name: read_schema(field, types, lang) for name, field in fields.items()}
    answered |= {name: maybe_masked(answered[name]) for name in each.masked}
    answered["id"] = {"type": "string", "format": "uuid"}
    answered["version"] = {"type": "integer"}
    notices = {"type": "array", "items": _ref("FieldProblem")}
    confirm = {"type": "array", "items": {"type": "string"}, "description": "Codes of confirmed warnings."}

    def written(names: frozenset[str]) -> Schema:
        properties = {name: write_schema(each.object.fields[name], types, lang) for name in sorted(names)}
        return {"type": "object", "properties": {"confirm": confirm, **properties}, "additionalProperties": False}

    return {
        key: {"type": "object", "properties": {**answered, "@notices": notices}, "required": ["id", "version"]},
        f"{key}.create": written(each.creatable),
        f"{key}.update": written(each.updatable),
        f"{key}.page": {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": _ref(key)},
                "next": {"type": ["string", "null"]},
                "count": {
                    "type": "object",
                    "properties": {"value": {"type": "integer"}, "capped": {"type": "boolean"}},
                },
            },
            "required": ["items", "next"],
        },
    }


def _object_paths(each: VisibleObject, lang: str) -> dict[str, Any]:
    key, tag = each.object.key, label_text(each.object.label, lang, each.object.name)
    record = _answer("The record.", _ref(key))
    many: dict[str, Any] = {
        "get": _call(f"list {key}", tag, _answer("A page.", _ref(f"{key}.page")), parameters=_list_references())
    }
    if "create" in each.actions:
        many["post"] = _call(
            f"create {key}",
            tag,
            {"201": record["200"]},
            body=_ref(f"{key}.create"),
            parameters=[_header("Idempotency-Key", "The same key gives the same answer for 24 hours.")],
        )
    one: dict[str, Any] = {
        "parameters": [_record_id()],
        "get": _call(f"read {key}", tag, record, parameters=[{"$ref": "#/components/parameters/fields"}]),
    }
    if_match = [_header("If-Match", "The ETag that was read; another version gives 412.")]
    if "update" in each.actions:
        one["patch"] = _call(f"update {key}", tag, record, body=_ref(f"{key}.update"), parameters=if_match)
    if "delete" in each.actions:
        one["delete"] = _call(f"delete {key}", tag, {"204": {"description": "In the bin."}}, parameters=if_match)
    paths = {f"/records/{key}": many, f"/records/{key}/{{id}}": one}
    paths |= version_paths(each, tag) | record_rule_paths(key, tag) | upsert_paths(each, tag) | timeline_paths(key, tag)
    paths |= coming_paths(key, tag)
    for part, order in (("history", "Newest first."), ("runs", "Newest first."), ("stages", "Oldest first.")):
        call = _call(f"{part} of {key}", tag, _answer(order, _items()))
        paths[f"/records/{key}/{{id}}/{part}"] = {"parameters": [_record_id()], "get": call}
    if "export" in each.actions:
        paths[f"/exports/{key}"] = {"get": _export(key, tag), "post": start_export(key, tag)}
        paths |= export_paths(key, tag)
    if "delete" in each.actions:
        call = _call(f"restore {key}", tag, record)
        paths[f"/records/{key}/{{id}}/restore"] = {"parameters": [_record_id()], "post": call}
    return paths


def _export(key: str, tag: str) -> dict[str, Any]:
    lists = [{"$ref": f"#/components/parameters/{name}"} for name in EXPORT_PARAMETERS if name in LIST_PARAMETERS]
    own = [_one_of("format", FORMATS), _one_of("heads", HEADS)]
    file = {"description": "The file.", "content": exported_content()}
    return _call(f"export {key}", tag, {"200": file}, parameters=[*lists, *own])


def _one_of(name: str, values: Sequence[str]) -> Schema:
    return {"name": name, "in": "query", "schema": {"type": "string", "enum": list(values), "default": values[0]}}


def _fixed_paths() -> dict[str, Any]:
    name = {"name": "object", "in": "path", "required": True, "schema": {"type": "string"}}
    run = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    anything: Schema = {"type": "object"}
    run_filters = [
        {"name": each, "in": "query", "schema": {"type": "string"}}
        for each in ("rule", "object", "record", "state", "limit", "cursor")
    ]
    return {
        "/objects": {"get": _call("list objects", "metamodel", _answer("The objects.", _items()))},
        "/objects/{object}": {
            "parameters": [name],
            "get": _call("describe object", "metamodel", _answer("The object.", anything)),
        },
        "/query": {"post": _call("query", "figures", _answer("A row a group.", _rows()), body=_query())},
        "/runs": {"get": _call("list runs", "automation", _answer("The runs.", _items()), parameters=run_filters)},
        "/runs/{id}/retry": {
            "parameters": [run],
            "post": _call("retry run", "automation", _answer("The run.", anything)),
        },
    }


def _call(
    name: str, tag: str, answers: dict[str, Any], *, parameters: list[Schema] | None = None, body: Schema | None = None
) -> dict[str, Any]:
    call: dict[str, Any] = {
        "operationId": name.replace(" ", "_"),
        "tags": [tag],
        "responses": {**answers, "default": {"$ref": "#/components/responses/Problem"}},
    }
    if parameters:
        call["parameters"] = parameters
    if body is not None:
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return call


def _answer(description: str, schema: Schema) -> dict[str, Any]:
    return {"200": {"description": description, "content": {"application/json": {"schema": schema}}}}


def _items() -> Schema:
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "object"}}},
        "required": ["items"],
    }


def _query() -> Schema:
    texts: Schema = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    return {
        "type": "object",
        "properties": {
            **{name: {"type": ["string", "null"]} for name in ("filter", "view", "q")},
            "object": {"type": "string"},
            "groups": {**texts, "maxItems": 2, "description": "Fields or paths."},
            "measures": {**texts, "maxItems": 10, "description": "count, or sum, avg, min, max: sum(amount)."},
        },
        "required": ["object"],
        "additionalProperties": False,
    }


def _rows() -> Schema:
    row: Schema = {"type": "object", "properties": {"groups": {"type": "object"}, "measures": {"type": "object"}}}
    return {"type": "object", "properties": {"rows": {"type": "array", "items": row}}, "required": ["rows"]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, description: str) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _record_id() -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _list_references() -> list[Schema]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in LIST_PARAMETERS]


def _list_parameter(name: str) -> Schema:
    schema: Schema = {"type": "string"}
    if name == "limit":
        schema = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_LIMIT}
    if name == "count":
        schema = {"type": "string", "enum": ["true", "exact", "false"]}
    if name == "bin":
        schema = {"type": "string", "enum": ["true", "false"]}
    return {"name": name, "in": "query", "description": _LIST_HELP[name], "schema": schema}
