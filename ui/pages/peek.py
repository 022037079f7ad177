"""`/o/{object}/{id}/peek`: what a record holds, without what is around it, to look at without leaving its list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.records.record_state import record_state
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.device import device
from ui.page_parts import Crumb, Item
from ui.pages.fragments import is_htmx, render_block
from ui.pages.layout_parts import Section, highlight_items, shown_sections
from ui.pages.rights import readable_object, user_formats

blueprint = Blueprint("peek", __name__)

_TEMPLATE = "pages/peek.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeekPage:
    """The context `page` of templates/pages/peek.html."""

    title: str
    object_label: str
    crumbs: tuple[Crumb, ...]
    url: str
    edit_url: str
    highlights: tuple[Item, ...]
    sections: tuple[Section, ...]


@blueprint.get("/o/<object_name>/<record_id>/peek")
def show_peek(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show the fields of a record, alone for who asks for a part of a page."""
    object_def, formats = readable_object(object_name), user_formats()
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id)
        state = record_state(transaction, object_def.key, record_id, device())
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    title = record.title or str(_("Without a name"))
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    page = PeekPage(
        title=title,
        object_label=label_text(object_def.label, language(), object_def.name),
        crumbs=(Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=title)),
        url=url,
        edit_url=f"{url}/edit" if state.may_update and state.changeable else "",
        highlights=highlight_items(object_def, state.layout.layout, record, formats),
        sections=shown_sections(object_def, record, state, formats),
    )
    return render_block(_TEMPLATE, "peek", page=page) if is_htmx() else render_template(_TEMPLATE, page=page)
