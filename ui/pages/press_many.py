"""`/o/{object}/press-many/{button}`: a button pressed on many records of a list at once, done by workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.automation.calls.buttons import MOST_AT_ONCE, PressedMany
from engine.automation.calls.index import Button
from engine.errors import AccessDenied, FieldError, ValidationFailed
from engine.records.transaction import Transaction
from engine.records.types import ListQuery
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.form_values import read_posted
from ui.pages.input_controls import input_fields, write_inputs
from ui.pages.list_state import ListState, chosen_view, read_state
from ui.pages.rights import access_of, readable_object, user_formats
from ui.telling import tell

blueprint = Blueprint("press_many", __name__)

SHOWN = 200
_RECORD = "fs-record"
_TEMPLATE = "pages/press_many.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRecord:
    """A record that the button is there on, or that was refused, with the reason."""

    id: str
    title: str
    href: str
    chosen: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressManyPage:
    """The context `page` of templates/pages/press_many.html. left_out: how many of the list have no such button."""

    title: str
    label: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    hidden: Mapping[str, str]
    controls: Markup
    summary: tuple[tuple[str, str, str], ...]
    records: tuple[ListedRecord, ...]
    left_out: int
    has_more: bool
    refused: tuple[ListedRecord, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonOfList:
    """A button of a list's menu."""

    label: str
    url: str


@blueprint.get("/o/<object_name>/press-many/<button_name>")
def choose_records(object_name: str, button_name: str) -> ResponseReturnValue:
    """Show the records of a list that a button is there on, and what it asks for."""
    object_def = readable_object(object_name)
    button = _known(object_def, button_name)
    page = _page(object_def, button, read_state(object_def.key, request.args), {}, ())
    return render_template(_TEMPLATE, page=page)


@blueprint.post("/o/<object_name>/press-many/<button_name>")
def press_chosen(object_name: str, button_name: str) -> ResponseReturnValue:
    """Press the button on the chosen records."""
    object_def = readable_object(object_name)
    button = _known(object_def, button_name)
    state = read_state(object_def.key, request.form)
    posted = read_posted(input_fields(object_def, button), request.form, user_formats())
    given = {name: value for name, value in posted.values.items() if value is not None}
    chosen = request.form.getlist(_RECORD)[:MOST_AT_ONCE]
    buttons = platform().automation.calls.buttons
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            done = buttons.press_many(transaction, object_def, chosen, button_name, given)
            refused = _refused(transaction, object_def, done)
    except ValidationFailed as fault:
        page = _page(object_def, button, state, posted.typed, fault.errors)
        return render_template(_TEMPLATE, page=page), 422
    said = str(_("Started: %(count)s.", count=f"{len(done.started):,}"))
    if not done.refused:
        toast(said)
        return redirect(state.url(), 303)
    said += " " + str(_("Refused: %(count)s.", count=f"{len(done.refused):,}"))
    page = replace(_page(object_def, button, state, posted.typed, ()), problem=said, refused=refused)
    return render_template(_TEMPLATE, page=page), 422


def list_buttons(object_def: ObjectDef, state: ListState) -> tuple[ButtonOfList, ...]:
    """Give the buttons that the person can press on records of a list; it follows from their roles."""
    known = platform().automation.calls.buttons.known(release(), access_of(), object_def.key)
    if not known:
        return ()
    path, question, rest = replace(state, cursor="", size=50, exact=False).url().partition("?")
    return tuple(
        ButtonOfList(label=each.called(language()), url=f"{path}/press-many/{quote(each.name)}{question}{rest}")
        for each in known
    )


def _known(object_def: ObjectDef, name: str) -> Button:
    for each in platform().automation.calls.buttons.known(release(), access_of(), object_def.key):
        if each.name == name:
            return each
    raise AccessDenied("press", f"{object_def.key}.{name}", str(_("this button is for others")))


def _page(
    object_def: ObjectDef, button: Button, state: ListState, typed: Mapping[str, str], errors: Sequence[FieldError]
) -> PressManyPage:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    label = button.called(language())
    with platform().records.reading(actor(), release=release()) as transaction:
        found = transaction.list(_query(object_def, state))
        ids = [row.id for row in found.rows]
        is_open = platform().automation.calls.buttons.open_among(transaction, object_def, button.name, ids)
        controls = write_inputs(transaction, object_def, button, {}, typed, errors, user_formats())
    picked = set(request.form.getlist(_RECORD)) if request.form else None
    records = tuple(
        replace(_listed(object_def, row.id, row.title), chosen=picked is None or row.id in picked)
        for row in found.rows
        if row.id in is_open
    )
    return PressManyPage(
        title=plural,
        label=label,
        crumbs=(Crumb(label=plural, href=state.url()), Crumb(label=label)),
        url=f"/o/{quote(object_def.key)}/press-many/{quote(button.name)}",
        list_url=state.url(),
        hidden=state.hidden(),
        controls=controls.html,
        summary=controls.summary,
        records=records,
        left_out=len(ids) - len(records),
        has_more=found.next_cursor is not None,
    )


def _query(object_def: ObjectDef, state: ListState) -> ListQuery:
    view = chosen_view(object_def, state, access_of().roles)
    return replace(state.query(("id",), view), cursor=None, limit=SHOWN)


def _refused(transaction: Transaction, object_def: ObjectDef, done: PressedMany) -> tuple[ListedRecord, ...]:
    titles = transaction.reader.titles((object_def.key, each) for each in done.refused)
    return tuple(
        replace(_listed(object_def, record_id, title), reason=tell(done.refused[record_id]))
        for (_key, record_id), title in titles.items()
    )


def _listed(object_def: ObjectDef, record_id: str, title: str) -> ListedRecord:
    href = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    return ListedRecord(id=record_id, title=title or str(_("Without a name")), href=href)
