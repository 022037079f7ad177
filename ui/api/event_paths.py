"""OpenAPI of behaviour events: of which objects the caller may send them, and how each is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.intake.events import LONGEST_ID, MOST, OUTCOMES
from ui.api.value_schemas import Schema
from ui.api.visible import VisibleObject

_ROW: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "outcome": {"enum": list(OUTCOMES)},
        "record": {"type": ["string", "null"], "format": "uuid"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
    "required": ["id", "outcome", "record"],
}
_ANSWER: Schema = {
    "type": "object",
    "properties": {
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "events": {"type": "array", "items": _ROW},
    },
    "required": ["counts", "events"],
}


def event_paths(objects: Iterable[VisibleObject]) -> dict[str, Any]:
    """Give the call that takes events in; none where the caller may send none."""
    names = [each.object.key for each in objects if each.object.behaviour is not None and "create" in each.actions]
    if not names:
        return {}
    event: Schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
            # Not by reference: what is wrong with an event is told of that event, and the call is answered with 200.
            "values": {"type": "object"},
        },
        "required": ["id"],
        "additionalProperties": False,
    }
    body: Schema = {
        "type": "object",
        "properties": {
            "object": {"enum": names},
            "events": {"type": "array", "items": event, "minItems": 1, "maxItems": MOST},
        },
        "required": ["object", "events"],
        "additionalProperties": False,
    }
    return {
        "/events": {
            "post": {
                "operationId": "take_events",
                "tags": ["automation"],
                "summary": "Send behaviour events",
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {
                    "200": {
                        "description": "One result an event.",
                        "content": {"application/json": {"schema": _ANSWER}},
                    },
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            }
        }
    }
