"""OpenAPI of the public forms: what each asks, and that it needs no log-in."""

from __future__ import annotations

from typing import Any

from engine.intake.forms import TRAP
from engine.releases.release import Release
from metamodel.texts import label_text
from ui.api.value_schemas import Schema, write_schema
from ui.pages.public_controls import asked_fields

_PROBLEM: Schema = {"$ref": "#/components/responses/Problem"}
_ANSWER: Schema = {
    "type": "object",
    "properties": {"accepted": {"const": True}, "thanks": {"type": "string"}},
    "required": ["accepted", "thanks"],
}
_TRAP: Schema = {"type": "string", "maxLength": 0, "description": "Stays empty; a form that fills it is dropped."}


def form_paths(pinned: Release, lang: str) -> dict[str, Any]:
    """Give the paths of the public forms."""
    forms = pinned.metamodel.forms.values()
    return {
        f"/forms/{form.name}": {"post": _call(pinned, form.name, lang)}
        for form in forms
        if not form.is_survey and form.object is not None
    }


def _call(pinned: Release, name: str, lang: str) -> dict[str, Any]:
    form = pinned.metamodel.forms[name]
    fields = asked_fields(pinned, form)
    body: Schema = {
        "type": "object",
        "properties": {**{each.name: write_schema(each, pinned.field_types, lang) for each in fields}, TRAP: _TRAP},
        "additionalProperties": False,
    }
    needed = [each.name for each in fields if each.required and each.default is None]
    if needed:
        body["required"] = needed
    return {
        "operationId": f"submit_{name}",
        "summary": label_text(form.label, lang, name),
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "201": {"description": "It has arrived.", "content": {"application/json": {"schema": _ANSWER}}},
            "default": _PROBLEM,
        },
    }
