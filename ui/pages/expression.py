"""The page to try an expression: over a record that its user may read, with that user's eyes; for administrators."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, RecordNotFound
from engine.trying import TriedExpression, try_expression
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Option
from ui.pages.rights import access_of, can_read, readable_object

blueprint = Blueprint("expression", __name__)
ADDRESS = "/admin/expression"
RIGHT = "configure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionPage:
    """The context `page` of templates/pages/expression.html."""

    crumbs: tuple[Crumb, ...]
    objects: tuple[Option, ...]
    text: str
    record: str
    tried: TriedExpression | None
    missing: str


@blueprint.get(ADDRESS)
def expression() -> ResponseReturnValue:
    """Show the form, and what the expression of the address gives."""
    if not access_of().has_right(RIGHT):
        raise AccessDenied("configure", "app", _("your roles do not allow it"))
    text, record = request.args.get("expression", "").strip(), request.args.get("record", "").strip()
    name = request.args.get("object", "")
    tried, missing = None, ""
    if text and name:
        found = readable_object(name)
        name = found.key
        try:
            tried = try_expression(platform().records, actor(), found.key, text, _id_of(record))
        except RecordNotFound:
            missing = _("There is no such record, or you may not see it.")
    page = ExpressionPage(
        crumbs=(Crumb(label=_("Administration")), Crumb(label=_("Try an expression"))),
        objects=_objects(name),
        text=text,
        record=record,
        tried=tried,
        missing=missing,
    )
    return render_template("pages/expression.html", page=page)


def _id_of(record: str) -> str | None:
    """Give the id in what was typed: an id, or the address of a record's page."""
    return record.rstrip("/").rpartition("/")[2].partition("?")[0] or None


def _objects(chosen: str) -> tuple[Option, ...]:
    asking, tongue = actor(), language()
    found = [
        Option(value=key, label=label_text(definition.label, tongue, definition.name), selected=key == chosen)
        for key, definition in release().metamodel.objects.items()
        if can_read(asking, key)
    ]
    return tuple(sorted(found, key=lambda option: option.label))
