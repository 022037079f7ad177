"""OpenAPI of approvals: what waits, requests and what is done with them, the path of a record."""

from __future__ import annotations

from typing import Any

from engine.approvals.deciding import ACTS
from engine.approvals.service import MOST_AT_ONCE
from engine.releases.release import Release
from ui.api.value_schemas import Schema
from ui.context import platform

_TAG = "approvals"
_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_TEXT: Schema = {"type": ["string", "null"]}
_LINE: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "approval": {"type": "string"},
        "label": {"type": "string"},
        "state": {"type": "string"},
        "record": {"type": "object"},
        "submitter": {"type": ["object", "null"]},
        "submitted_at": {"type": "string", "format": "date-time"},
        "step_number": {"type": ["integer", "null"]},
    },
    "required": ["id", "approval", "label", "state", "record", "step_number"],
}
_REQUEST: Schema = {
    **_LINE,
    "properties": {
        **_LINE["properties"],
        "locked": {"type": "boolean"},
        "steps": {"type": "array", "items": {"type": "object"}},
        "may": {"type": "array", "items": {"type": "string"}},
        "events": {"type": "array", "items": {"type": "object"}},
    },
    "required": [*_LINE["required"], "steps", "may", "events"],
}
_DO: Schema = {"type": "string", "enum": list(ACTS), "default": "submit"}
_ACT: dict[str, Schema] = {
    "do": _DO,
    "comment": _TEXT,
    "to": _TEXT,
    "user": _TEXT,
    "step_number": {"type": ["integer", "null"], "description": "Of the step as it was read; another one is refused."},
}
_CHOSEN: Schema = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
    "description": "Ids of users by step, where the one who submits chooses.",
}
_IDS: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_AT_ONCE}


def approval_paths() -> dict[str, Any]:
    """Give the paths that are about no record."""
    of = {"name": "of", "in": "query", "schema": {"type": "string", "enum": ["waiting", "submitted"]}}
    report = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("since", "until", "approval")]
    figures: Schema = {"type": "object", "properties": {"requests": {"type": "integer"}}, "required": ["requests"]}
    refused: Schema = {"type": "object", "properties": {"id": {"type": "string"}, "refused": _TEXT}}
    many = _body({"do": _DO, "comment": _TEXT, "ids": _IDS}, required=["ids"])
    return {
        "/approvals": {
            "get": _call("list_approvals", _TAG, "The requests.", _items(_LINE), parameters=[of]),
            "post": _call("decide_approvals", _TAG, "What came of each.", _items(refused), body=many),
        },
        "/approvals/report": {
            "get": _call("report_of_approvals", _TAG, "Its figures.", figures, parameters=report),
        },
        "/approvals/{id}": {
            "parameters": [_ID],
            "get": _call("read_approval", _TAG, "The request.", _REQUEST),
            "post": _call("act_on_approval", _TAG, "The request.", _REQUEST, body=_body(_ACT)),
        },
    }


def record_approval_paths(pinned: Release, key: str, tag: str) -> dict[str, Any]:
    """Give the path of an object's records where it has approvals."""
    if key not in platform().approvals.index(pinned).objects:
        return {}
    named = [{"name": "approval", "in": "query", "schema": {"type": "string"}}]
    path: Schema = {
        "type": "object",
        "properties": {**_items(_REQUEST)["properties"], "preview": {"type": ["object", "null"]}},
        "required": ["items", "preview"],
    }
    body = _body({**_ACT, "approval": _TEXT, "chosen": _CHOSEN}) | {"required": False}
    return {
        f"/records/{key}/{{id}}/approval": {
            "parameters": [_ID],
            "get": _call(f"approval_of_{key}", tag, "The requests.", path, parameters=named),
            "post": _call(f"submit_{key}_for_approval", tag, "The request.", _REQUEST, body=body),
        }
    }


def _call(
    name: str,
    tag: str,
    told: str,
    schema: Schema,
    *,
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
) -> dict[str, Any]:
    call: dict[str, Any] = {
        "operationId": name,
        "tags": [tag],
        "responses": {
            "200": {"description": told, "content": {"application/json": {"schema": schema}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if parameters:
        call["parameters"] = parameters
    return {**call, "requestBody": body} if body is not None else call


def _body(properties: dict[str, Schema], *, required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _items(each: Schema) -> Schema:
    return {"type": "object", "properties": {"items": {"type": "array", "items": each}}, "required": ["items"]}
