"""PUT /records/{object}/by/{field}/{value}: the record that another system knows by this id, created or changed."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.records.upserting import Upsert, external_ids, upsert
from metamodel.fields import FieldDef
from ui.api.answers import bytes_answer, entity_tag, saved_body
from ui.api.body import read_object, take_confirm
from ui.api.parameters import MAX_PARAMETER_LENGTH, read_if_match, read_parameters
from ui.api.records import PREFIX, object_key
from ui.api.value_schemas import Schema
from ui.api.visible import VisibleObject
from ui.context import actor, platform, release
from ui.errors import ApiProblem


def put_record(object_name: str, field_name: str, value: str) -> Response:
    """PUT: 201 with the address of a new record, 200 with one that was there; the same call again changes nothing."""
    read_parameters(())
    key = object_key(object_name)
    if "\0" in value or len(value) > MAX_PARAMETER_LENGTH:
        raise ApiProblem(400, "bad_parameter", "An external id is a text without NUL characters.")
    version = read_if_match(required=False)
    values = read_object()
    confirm = take_confirm(values)
    asked = Upsert(object=key, by=field_name, key=value, values=values, version=version, confirm=confirm)
    done = upsert(platform().records, actor(), release(), asked)
    headers = {"ETag": entity_tag(done.saved.record.version)}
    if done.is_new:
        headers["Location"] = f"{PREFIX}/records/{key}/{done.saved.record.id}"
    return bytes_answer(saved_body(done.saved), 201 if done.is_new else 200, headers)


def upsert_paths(each: VisibleObject, tag: str) -> dict[str, Any]:
    """Give the paths of an object's external ids for OpenAPI."""
    key = each.object.key
    if not {"create", "update"} <= each.actions:
        return {}
    names = [name for name in external_ids(each.object) if name in each.fields]
    return {f"/records/{key}/by/{name}/{{value}}": _path(key, each.fields[name], tag) for name in names}


def _path(key: str, field: FieldDef, tag: str) -> Schema:
    record = {"application/json": {"schema": {"$ref": f"#/components/schemas/{key}"}}}
    bodies = [{"$ref": f"#/components/schemas/{key}.{part}"} for part in ("create", "update")]
    value = {"name": "value", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    if_match = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    call = {
        "operationId": f"put_{key}_by_{field.name}",
        "tags": [tag],
        "parameters": [if_match],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": bodies}}}},
        "responses": {
            "200": {"description": "The record that was there.", "content": record},
            "201": {"description": "The new record.", "content": record},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    return {"parameters": [value], "put": call}
