"""POST /records/{object}/{id}/reveal: one masked value in clear, for who may; the audit log notes it."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.records.revealing import reveal
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_BODY: Schema = {
    "type": "object",
    "properties": {"field": {"type": "string", "description": "A field that is shown masked."}},
    "required": ["field"],
    "additionalProperties": False,
}


def reveal_value(object_name: str, record_id: str) -> Response:
    """Give the value of one field."""
    read_parameters(())
    given = read_object()
    check_keys(given, ("field",))
    name = given.get("field")
    if not isinstance(name, str):
        raise ApiProblem(422, "bad_body", "'field' names the field to show.")
    key = object_key(object_name)
    check_record_id(key, record_id)
    with platform().records.transaction(actor(), release=release()) as transaction:
        record = reveal(transaction, transaction.object_def(key), record_id, name)
    return json_answer({"id": record_id, "field": name, "value": record.json.get(name)})


def reveal_path(key: str, tag: str) -> dict[str, Any]:
    """Give the path for OpenAPI."""
    record_id: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    shown: Schema = {"type": "object", "required": ["id", "field", "value"]}
    return {
        f"/records/{key}/{{id}}/reveal": {
            "parameters": [record_id],
            "post": {
                "operationId": f"reveal_{key}",
                "tags": [tag],
                "requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}},
                "responses": {
                    "200": {"description": "The value.", "content": {"application/json": {"schema": shown}}},
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            },
        }
    }
