"""OpenAPI of what starts rules: the buttons that the caller can have on an object's records, and received webhooks."""

from __future__ import annotations

from typing import Any

from engine.access.actor import Actor
from engine.automation.calls.buttons import MOST_AT_ONCE
from engine.automation.calls.index import Button
from engine.releases.release import Release
from metamodel.field_types import FieldTypeRegistry
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.api.value_schemas import Schema, write_schema
from ui.api.visible import VisibleObject
from ui.context import platform
from ui.pages.input_controls import input_fields

_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
REPEAT_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_PROBLEM: Schema = {"$ref": "#/components/responses/Problem"}
_LISTED: Schema = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"type": "object"}}},
    "required": ["items"],
}
_ANSWER: Schema = {
    "type": "object",
    "properties": {
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "rule": {"type": "string"},
                    "state": {"type": "string"},
                    "reason": {"type": ["string", "null"]},
                },
                "required": ["id", "rule", "state"],
            },
        },
        "show": {"type": "array", "items": {"type": "string"}, "description": "What the rules show, in order."},
        "open": {"type": ["object", "null"], "description": "The record that the rules open."},
    },
    "required": ["runs", "show", "open"],
}


_STARTED: Schema = {
    "type": "object",
    "properties": {
        "runs": {"type": "array", "items": {"type": "string", "format": "uuid"}},
        "refused": {"type": "array", "items": {"type": "object", "description": "`id` and `reason`."}},
    },
    "required": ["runs", "refused"],
}


def known_buttons(pinned: Release, who: Actor, object_key: str) -> tuple[Button, ...]:
    """Give the buttons that the caller can have on some record of an object."""
    access = platform().records.access(who, pinned)
    return platform().automation.calls.buttons.known(pinned, access, object_key)


def button_paths(pinned: Release, who: Actor, each: VisibleObject, lang: str) -> dict[str, Any]:
    """Give the paths of an object's buttons."""
    key, tag = each.object.key, label_text(each.object.label, lang, each.object.name)
    buttons = known_buttons(pinned, who, key)
    if not buttons:
        return {}
    listed = {"200": _content("The buttons there are on the record now.", _LISTED), "default": _PROBLEM}
    call = {"operationId": f"actions_of_{key}", "tags": [tag], "responses": listed}
    found: dict[str, Any] = {f"/records/{key}/{{id}}/actions": {"parameters": [_ID], "get": call}}
    for button in buttons:
        body = _body(each.object, button, pinned.field_types, lang)
        press = {
            "operationId": f"press_{button.name}_on_{key}",
            "tags": [tag],
            "summary": button.called(lang),
            "parameters": [REPEAT_KEY],
            "requestBody": {
                "required": any(field.required for field in input_fields(each.object, button)),
                "content": {"application/json": {"schema": body}},
            },
            "responses": {
                "200": _content("It is done.", _ANSWER),
                "202": _content("It is under way.", _ANSWER),
                "default": _PROBLEM,
            },
        }
        found[f"/records/{key}/{{id}}/actions/{button.name}"] = {"parameters": [_ID], "post": press}
        found[f"/records/{key}/actions/{button.name}"] = {"post": _press_of_many(key, tag, button, body, lang)}
    return found


def _press_of_many(key: str, tag: str, button: Button, one: Schema, lang: str) -> dict[str, Any]:
    ids: Schema = {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1}
    ids["maxItems"] = MOST_AT_ONCE
    properties = {"ids": ids, **one["properties"]}
    body = {**one, "properties": properties, "required": ["ids", *one.get("required", ())]}
    return {
        "operationId": f"press_{button.name}_on_many_{key}",
        "tags": [tag],
        "summary": button.called(lang),
        "parameters": [REPEAT_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"202": _content("Workers do it.", _STARTED), "default": _PROBLEM},
    }


def _body(object_def: ObjectDef, button: Button, types: FieldTypeRegistry, lang: str) -> Schema:
    fields = input_fields(object_def, button)
    inputs: Schema = {
        "type": "object",
        "properties": {each.name: write_schema(each, types, lang) for each in fields},
        "additionalProperties": False,
    }
    needed = [each.name for each in fields if each.required]
    if needed:
        inputs["required"] = needed
    body: Schema = {"type": "object", "properties": {"input": inputs}, "additionalProperties": False}
    return {**body, "required": ["input"]} if needed else body


def _content(text: str, schema: Schema) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
