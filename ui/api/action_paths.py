"""OpenAPI of what can be done with a record beyond saving it: conversions, claims out of a pool."""

from __future__ import annotations

from typing import Any

from metamodel.apps import Metamodel
from metamodel.definitions.intake import ConversionDef
from metamodel.texts import label_text
from ui.api.value_schemas import Schema
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


def action_paths(metamodel: Metamodel, each: VisibleObject, lang: str) -> dict[str, Any]:
    """Give the paths of an object's actions, as far as the caller could use them at all."""
    key, tag = each.object.key, label_text(each.object.label, lang, each.object.name)
    conversions = [found for found in metamodel.conversions.values() if found.source == key]
    paths: dict[str, Any] = {}
    if each.object.pool is not None:
        body: Schema = {"type": "object", "properties": {"confirm": _TEXTS}, "additionalProperties": False}
        for action in ("claim", "release"):
            call = _post(f"{action}_{key}", tag, body, _STANDING, required=False)
            paths[f"/records/{key}/{{id}}/{action}"] = call
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
        {"name": name, "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}}
        for name in ("from", "to")
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
