"""A page or one named block of it: what htmx swaps has the same source as the whole page; and what is told with it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import current_app, request
from flask_babel import gettext as _

from engine.records.types import Saved
from metamodel.objects import ValidationSeverity


def render_block(template_name: str, block: str, **context: Any) -> str:
    """Render one block of a page template alone, with what every template gets."""
    current_app.update_template_context(context)
    template = current_app.jinja_env.get_template(template_name)
    return "".join(template.blocks[block](template.new_context(context)))


def is_htmx() -> bool:
    """Say whether a script of the page asks for a part of it."""
    return request.headers.get("HX-Request") == "true"


def saved_trigger(saved: Saved) -> str:
    """Write the header `HX-Trigger` of a fragment that answers a save: the toast, with what the product remarks."""
    infos = [each.message for each in saved.notices if each.severity is ValidationSeverity.INFO]
    told = {"kind": "info" if infos else "success", "text": " · ".join([str(_("Saved")), *infos])}
    text = orjson.dumps({"toast": told}).decode()
    return "".join(letter if ord(letter) < 128 else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    # Headers hold no letters beyond Latin ones; JSON writes them as UTF-16.
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
