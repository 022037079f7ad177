"""OpenAPI of what can be done with records beyond saving one: conversions, claims, merges, many in one call."""

from __future__ import annotations

from typing import Any

from engine.access.shared import can_be_shared
from engine.records.bulk_work import MOST, key_fields
from engine.records.following import can_be_followed
from engine.records.merging.merging import MOST_AT_ONCE, is_mergeable
from metamodel.apps import Metamodel
from metamodel.definitions.intake import ConversionDef
from metamodel.texts import label_text
from ui.api.documents import document_paths
from ui.api.revealing import reveal_path
from ui.api.share_paths import share_paths
from ui.api.value_schemas import Schema
from ui.api.view_paths import view_paths
from ui.api.visible import VisibleObject

_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}, "description": "Codes of confirmed warnings."}
_MADE: Schema = {
    "type": "object",
    "properties": {
        "conversion": {"type": ["string", "null"]},
        "at": {"type": "string", "format": "date-time"},
        "by": {"type": ["string", "null"]},
        "made": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["made"],
}

_STANDING: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer"},
        "held": {"type": "integer", "description": "Claimed records that the caller holds now."},
        "quota": {"type": ["integer", "null"]},
        "protected_until": {"type": ["string", "null"], "format": "date-time"},
    },
}

_NOTHING: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
_FOLLOWS: Schema = {
    "type": "object",
    "properties": {"id": {"type": "string", "format": "uuid"}, "follows": {"type": "boolean"}},
    "required": ["id", "follows"],
}

_COMPARED: Schema = {
    "type": "object",
    "properties": {"fields": {"type": "array", "items": {"type": "object"}}},
    "required": ["fields"],
}
_REVERTED: Schema = {
    "type": "object",
    "properties": {
        "record": {"type": "object"},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "Put back."},
        "left": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
    "required": ["record", "fields", "left"],
}


_ID_TEXT: Schema = {"type": "string", "format": "uuid"}
_VERSIONS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
_MERGED: Schema = {
    "type": "object",
    "properties": {
        "merge": {**_ID_TEXT, "description": "What `unmerge` takes."},
        "record": {"type": "object"},
        "merged": {"type": "array", "items": _ID_TEXT},
        "moved": {"type": "integer", "description": "How many records point at the survivor now instead."},
    },
    "required": ["merge", "record", "merged", "moved"],
}
_UNMERGED: Schema = {
    "type": "object",
    "properties": {
        "restored": {"type": "array", "items": _ID_TEXT},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "Changed since; they stay."},
        "kept": {"type": "array", "items": {"type": "object"}, "description": "Records changed since; they stay."},
        "unseen": {"type": "integer", "description": "How many more that the caller may not read."},
    },
    "required": ["restored", "fields", "kept", "unseen"],
}
_WORKED: Schema = {
    "type": "object",
    "properties": {
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"},
                    "outcome": {"enum": ["created", "updated", "unchanged", "deleted", "refused"]},
                    "id": {"type": ["string", "null"]},
                    "errors": {"type": "array", "items": {"type": "object"}},
                    "@notices": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["index", "outcome", "id"],
            },
        },
    },
    "required": ["counts", "rows"],
}


def action_paths(metamodel: Metamodel, each: VisibleObject, lang: str) -> dict[str, Any]:
    """Give the paths of an object's actions, as far as the caller could use them at all."""
    key, tag = each.object.key, label_text(each.object.label, lang, each.object.name)
    conversions = [found for found in metamodel.conversions.values() if found.source == key]
    paths: dict[str, Any] = document_paths(each.object, tag) | reveal_path(key, tag)
    if each.object.pool is not None:
        body: Schema = {"type": "object", "properties": {"confirm": _TEXTS}, "additionalProperties": False}
        for action in ("claim", "release"):
            call = _post(f"{action}_{key}", tag, body, _STANDING, required=False)
            paths[f"/records/{key}/{{id}}/{action}"] = call
    if can_be_followed(each.object):
        for action in ("follow", "unfollow"):
            path = f"/records/{key}/{{id}}/{action}"
            paths[path] = _post(f"{action}_{key}", tag, _NOTHING, _FOLLOWS, required=False)
    if can_be_shared(each.object):
        paths |= share_paths(key, tag)
    paths |= view_paths(key, tag)
    if {"update", "delete"} <= each.actions and is_mergeable(each.object):
        paths[f"/records/{key}/{{id}}/merge"] = _post(f"merge_{key}", tag, _merge_body(each), _MERGED)
        undo = {
            "type": "object",
            "properties": {"merge": _ID_TEXT},
            "required": ["merge"],
            "additionalProperties": False,
        }
        paths[f"/records/{key}/{{id}}/unmerge"] = _post(f"unmerge_{key}", tag, undo, _UNMERGED)
    if each.actions & {"create", "update", "delete"}:
        call = _post(f"bulk_{key}", tag, _bulk_body(each), _WORKED)
        paths[f"/records/{key}/bulk"] = {"post": call["post"]}
    if not conversions:
        return paths
    paths |= {f"/records/{key}/{{id}}/conversion": _get(f"conversion_of_{key}", tag)}
    if "update" in each.actions:
        paths[f"/records/{key}/{{id}}/convert"] = _post(f"convert_{key}", tag, _convert_body(conversions))
    return paths


def version_paths(each: VisibleObject, tag: str) -> dict[str, Any]:
    """Give the paths that compare versions of a record and put one back."""
    key = each.object.key
    found = {f"/records/{key}/{{id}}/compare": _get(f"compare_{key}", tag, _COMPARED)}
    found[f"/records/{key}/{{id}}/compare"]["get"]["parameters"] = [
        {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 1}} for name in ("from", "to")
    ]
    if "update" in each.actions:
        names = sorted(name for name, field in each.object.fields.items() if name in each.fields and field.history)
        body: Schema = {
            "type": "object",
            "properties": {
                "entry": {"type": "integer", "description": "Takes back what this entry of the history changed."},
                "version": {"type": "integer", "description": "Puts back all as it was at this version."},
                "fields": {"type": "array", "items": {"type": "string", "enum": names}, "description": "Only these."},
                "confirm": _TEXTS,
            },
            "additionalProperties": False,
        }
        found[f"/records/{key}/{{id}}/revert"] = _post(f"revert_{key}", tag, body, _REVERTED)
    return found


def _merge_body(each: VisibleObject) -> Schema:
    taken: Schema = {"type": "string", "description": "The id of the record whose value stands, or `all`."}
    return {
        "type": "object",
        "properties": {
            "from": {"type": "array", "items": _ID_TEXT, "minItems": 1, "maxItems": MOST_AT_ONCE},
            "take": {
                "type": "object",
                "properties": dict.fromkeys(sorted(each.updatable), taken),
                "additionalProperties": False,
            },
            "versions": _VERSIONS,
            "confirm": _TEXTS,
        },
        "required": ["from"],
        "additionalProperties": False,
    }


def _bulk_body(each: VisibleObject) -> Schema:
    key, version = each.object.key, {"type": "integer"}
    # Not by reference: what is wrong with a row is told of that row, and the call is answered with 200.
    new: Schema = {"type": "object", "description": f"As {key}.create has it; each row is judged by itself."}
    changed: Schema = {"type": "object", "description": f"As {key}.update has it; each row is judged by itself."}
    rows = [
        _row("create", {"values": new}, "values"),
        _row("update", {"id": _ID_TEXT, "version": version, "values": changed}, "id", "values"),
        _row("upsert", {"values": {"type": "object"}}, "values"),
        _row("delete", {"id": _ID_TEXT, "version": version}, "id"),
    ]
    return {
        "type": "object",
        "properties": {
            "mode": {"enum": ["per_row", "all_or_nothing"], "default": "per_row"},
            "by": {"enum": [*sorted(set(key_fields(each.object)) & each.fields.keys()), None]},
            "rows": {"type": "array", "maxItems": MOST, "items": {"oneOf": rows}},
        },
        "required": ["rows"],
        "additionalProperties": False,
    }


def _row(work: str, properties: dict[str, Schema], *required: str) -> Schema:
    return {
        "type": "object",
        "properties": {"do": {"const": work}, **properties},
        "required": ["do", *required],
        "additionalProperties": False,
    }


def _convert_body(conversions: list[ConversionDef]) -> Schema:
    targets = sorted({target.name for each in conversions for target in each.targets})
    chosen: Schema = {"type": "string", "description": "The id of a record that is there, or `new`."}
    return {
        "type": "object",
        "properties": {
            "conversion": {"type": ["string", "null"], "enum": [*(each.name for each in conversions), None]},
            "use": {"type": "object", "properties": dict.fromkeys(targets, chosen), "additionalProperties": False},
            "confirm": _TEXTS,
        },
        "additionalProperties": False,
    }


def _get(name: str, tag: str, answer: Schema = _MADE) -> dict[str, Any]:
    return {"parameters": [_ID], "get": {"operationId": name, "tags": [tag], "responses": _answers(answer)}}


def _post(name: str, tag: str, body: Schema, answer: Schema = _MADE, *, required: bool = True) -> dict[str, Any]:
    content = {"application/json": {"schema": body}}
    call = {
        "operationId": name,
        "tags": [tag],
        "requestBody": {"required": required, "content": content},
        "responses": _answers(answer),
    }
    return {"parameters": [_ID], "post": call}


def _answers(schema: Schema = _MADE) -> dict[str, Any]:
    answer = {"description": "What came of it.", "content": {"application/json": {"schema": schema}}}
    return {"200": answer, "default": {"$ref": "#/components/responses/Problem"}}
