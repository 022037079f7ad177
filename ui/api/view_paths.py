"""OpenAPI of saved views."""

from __future__ import annotations

from typing import Any

from engine.records.view_drafts import LONGEST_LABEL, LONGEST_PART, STATE
from ui.api.value_schemas import Schema
from ui.phrases import marked as _l

VIEW_CALLS = {
    "get /views/*": _l("The saved views of the object"),
    "post /views/*": _l("Save a view"),
    "get /views/*/{id}": _l("A saved view"),
    "put /views/*/{id}": _l("Change a saved view"),
    "delete /views/*/{id}": _l("Delete a saved view"),
}
VIEW_NOTES = (
    _l("The saved views."),
    _l("The saved view."),
    _l("It is gone."),
    _l("The id of a team or the name of a role; null: its owner alone."),
    _l("What the address of the list holds."),
    _l("Shown before a view is chosen."),
)
"""What the API's document says of these calls; see `document_words`."""

_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_FOR: Schema = {
    "description": "The id of a team or the name of a role; null: its owner alone.",
    "oneOf": [
        {"type": "null"},
        *(
            {
                "type": "object",
                "properties": {each: {"type": "string"}},
                "required": [each],
                "additionalProperties": False,
            }
            for each in ("team", "role")
        ),
    ],
}
_STATE: Schema = {
    "type": "object",
    "description": "What the address of the list holds.",
    "properties": {each: {"type": "string", "maxLength": LONGEST_PART} for each in STATE},
    "additionalProperties": False,
}
_GIVEN: Schema = {
    "label": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL},
    "for": _FOR,
    "locked": {"type": "boolean"},
    "first": {"type": "boolean", "description": "Shown before a view is chosen."},
    "state": _STATE,
}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_VIEW: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "object": {"type": "string"},
        **_GIVEN,
        "for_title": {"type": ["string", "null"]},
        "owner": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "title": {"type": ["string", "null"]}},
            "required": ["id", "title"],
        },
        "changed_at": _MOMENT,
        "used_at": {**_MOMENT, "type": ["string", "null"]},
        "may_change": {"type": "boolean"},
        "url": {"type": "string"},
    },
    "required": ["id", "object", *_GIVEN, "owner", "changed_at", "used_at", "may_change", "url"],
}
_PAGE: Schema = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _VIEW}, "next": {"type": "null"}},
    "required": ["items", "next"],
}
_BODY: Schema = {"type": "object", "properties": _GIVEN, "required": ["label"], "additionalProperties": False}


def view_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the paths of the saved views of an object."""
    body = {"required": True, "content": {"application/json": {"schema": _BODY}}}
    return {
        f"/views/{key}": {
            "get": _call(f"views_of_{key}", tag, {"200": _answer("The saved views.", _PAGE)}),
            "post": _call(f"save_view_of_{key}", tag, {"201": _answer("The saved view.", _VIEW)})
            | {"requestBody": body},
        },
        f"/views/{key}/{{id}}": {
            "parameters": [_ID],
            "get": _call(f"view_of_{key}", tag, {"200": _answer("The saved view.", _VIEW)}),
            "put": _call(f"change_view_of_{key}", tag, {"200": _answer("The saved view.", _VIEW)})
            | {"requestBody": body},
            "delete": _call(f"delete_view_of_{key}", tag, {"204": {"description": "It is gone."}}),
        },
    }


def _answer(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _call(name: str, tag: str, answers: Schema) -> dict[str, Any]:
    responses = {**answers, "default": {"$ref": "#/components/responses/Problem"}}
    return {"operationId": name, "tags": [tag], "responses": responses}
