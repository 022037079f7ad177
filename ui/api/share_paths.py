"""OpenAPI of sharing a record by hand."""

from __future__ import annotations

from typing import Any

from ui.api.value_schemas import Schema

_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_WHO = ("user", "team", "role")
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_WITH: Schema = {
    "description": "One of them: the id of a user or team, the name of a role.",
    "oneOf": [
        {
            "type": "object",
            "properties": {each: {"type": "string"}},
            "required": [each],
            "additionalProperties": False,
        }
        for each in _WHO
    ],
}
_LEVEL: Schema = {"enum": ["read", "edit"]}
_SHARE: Schema = {
    "type": "object",
    "properties": {
        "with": _WITH,
        "title": {"type": ["string", "null"]},
        "level": _LEVEL,
        "until": {**_MOMENT, "description": "When it ends; null: never."},
        "at": {"type": "string", "format": "date-time"},
        "by": {
            "type": "object",
            "properties": {"id": {"type": ["string", "null"]}, "title": {"type": ["string", "null"]}},
        },
    },
    "required": ["with", "level", "until", "at", "by"],
}
_SHARES: Schema = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _SHARE}, "next": {"type": "null"}},
    "required": ["items", "next"],
}
_BODY: Schema = {
    "type": "object",
    "properties": {
        "with": _WITH,
        "level": {**_LEVEL, "default": "read"},
        "until": {
            "type": ["string", "null"],
            "description": "A date (all of that day in the app's zone) or a moment with its offset; null: for good.",
        },
    },
    "required": ["with"],
    "additionalProperties": False,
}


def share_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the path of an object's records by which they are shared."""
    named = [{"name": each, "in": "query", "schema": {"type": "string"}} for each in _WHO]
    body = {"required": True, "content": {"application/json": {"schema": _BODY}}}
    return {
        f"/records/{key}/{{id}}/share": {
            "parameters": [_ID],
            "get": _call(f"shares_of_{key}", tag),
            "post": _call(f"share_{key}", tag) | {"requestBody": body},
            "delete": _call(f"unshare_{key}", tag) | {"parameters": named},
        }
    }


def _call(name: str, tag: str) -> dict[str, Any]:
    answer = {"description": "Who has it by a share now.", "content": {"application/json": {"schema": _SHARES}}}
    responses = {"200": answer, "default": {"$ref": "#/components/responses/Problem"}}
    return {"operationId": name, "tags": [tag], "responses": responses}
