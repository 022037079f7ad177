"""GET /records/{object}/{id}/coming: what is pending for a record; POST …/stop: one of it is ended."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Response

from engine.automation.coming import Coming
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release
from ui.errors import ApiProblem
from ui.phrases import marked as _l

COMING_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "get /records/*/{id}/coming": _l("What happens next to the record"),
        "post /records/*/{id}/stop": _l("Stop what is pending"),
    }
)
COMING_NOTE = _l("What is pending.")


def list_coming(object_name: str, record_id: str) -> Response:
    """GET what happens next, the next first."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        found = platform().automation.coming.of_record(transaction, key, record_id)
    return json_answer({"items": [_plain(each) for each in found]})


def stop_coming(object_name: str, record_id: str) -> Response:
    """POST the id of what is to be stopped."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    values = read_object()
    coming_id = values.get("id")
    with platform().records.transaction(actor(), release=release()) as transaction:
        # Of a record that may not be read nothing is said but that it is not there.
        transaction.reader.require_readable(transaction.object_def(key), record_id)
        check_keys(values, ("id",))
        if not isinstance(coming_id, str):
            raise ApiProblem(400, "bad_request", "`id` is a text.")
        stopped = platform().automation.coming.stop(transaction, key, record_id, coming_id)
    return json_answer(_plain(stopped))


def coming_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the paths of what is pending for an object's records, for OpenAPI."""
    record_id: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    text: Schema = {"type": "string"}
    moment: Schema = {"type": ["string", "null"], "format": "date-time"}
    one: Schema = {
        "type": "object",
        "properties": {
            "id": text,
            "kind": {"type": "string", "enum": ["wait", "timer", "deadline"]},
            "name": text,
            "label": text,
            "trigger": {"type": ["string", "null"]},
            "at": moment,
            "until": moment,
        },
        "required": ["id", "kind", "name", "label", "trigger", "at", "until"],
    }
    listed: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": one}},
        "required": ["items"],
    }
    asked: Schema = {"type": "object", "properties": {"id": text}, "required": ["id"], "additionalProperties": False}
    body = {"required": True, "content": {"application/json": {"schema": asked}}}
    return {
        f"/records/{key}/{{id}}/coming": {
            "parameters": [record_id],
            "get": _call(f"coming_of_{key}", tag, listed),
        },
        f"/records/{key}/{{id}}/stop": {
            "parameters": [record_id],
            "post": {**_call(f"stop_coming_of_{key}", tag, one), "requestBody": body},
        },
    }


def _call(name: str, tag: str, schema: Schema) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": [tag],
        "responses": {
            "200": {"description": COMING_NOTE, "content": {"application/json": {"schema": schema}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _plain(one: Coming) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "name": one.name,
        "label": one.label,
        "trigger": one.trigger,
        "at": one.at,
        "until": one.until,
    }
