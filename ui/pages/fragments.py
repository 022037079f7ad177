"""A page or one named block of it: what htmx swaps has the same source as the whole page."""

from __future__ import annotations

from typing import Any

from flask import current_app, request


def render_block(template_name: str, block: str, **context: Any) -> str:
    """Render one block of a page template alone, with what every template gets."""
    current_app.update_template_context(context)
    template = current_app.jinja_env.get_template(template_name)
    return "".join(template.blocks[block](template.new_context(context)))


def is_htmx() -> bool:
    """Say whether a script of the page asks for a part of it."""
    return request.headers.get("HX-Request") == "true"
