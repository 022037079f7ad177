"""The page that shows one masked value in clear, after saying that it will be noted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from engine.errors import AccessDenied
from engine.records.revealing import REVEAL, reveal
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Shown
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.values import value_at

blueprint = Blueprint("revealing", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealPage:
    """The context `page` of templates/pages/reveal.html. shown: the value, None before it is asked for."""

    crumbs: tuple[Crumb, ...]
    field: str
    label: str
    url: str
    record_url: str
    shown: Shown | None = None


@blueprint.get("/o/<object_name>/<record_id>/reveal")
def ask(object_name: str, record_id: str) -> ResponseReturnValue:
    """Say that it will be noted, and ask."""
    page = _page(object_name, record_id, request.args.get("field", ""))
    if not access_of().has_right(REVEAL):
        raise AccessDenied(REVEAL, object_name, f"it needs the system right '{REVEAL}'.")
    return render_template("pages/reveal.html", page=page)


@blueprint.post("/o/<object_name>/<record_id>/reveal")
def show(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show the value, once."""
    page = _page(object_name, record_id, request.form.get("field", ""), shows=True)
    return render_template("pages/reveal.html", page=page)


def _page(object_name: str, record_id: str, name: str, *, shows: bool = False) -> RevealPage:
    object_def = readable_object(object_name)
    field = object_def.fields.get(name)
    if field is None or name not in access_of().of(object_def.key).shown:
        abort(404)
    shown = None
    with platform().records.transaction(actor(), release=release()) as transaction:
        title = transaction.get(object_def.key, record_id, fields=()).title
        if shows:
            shown = value_at(field, reveal(transaction, object_def, record_id, name), name, user_formats())
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    label = label_text(field.label, language(), name)
    return RevealPage(
        crumbs=(Crumb(label=title, href=url), Crumb(label=label)),
        field=name,
        label=label,
        url=f"{url}/reveal",
        record_url=url,
        shown=shown,
    )
