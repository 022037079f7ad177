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
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chosen_records import RECORD, ListedRecord, act_url, chosen_records, is_picked, listed_record
from ui.pages.chrome import toast
from ui.pages.form_values import read_posted
from ui.pages.input_controls import input_fields, write_inputs
from ui.pages.list_state import ListState, read_state
from ui.pages.rights import access_of, readable_object, user_formats
from ui.refused import note_caught
from ui.telling import tell

blueprint = Blueprint("press_many", __name__)

_TEMPLATE = "pages/press_many.html"


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
    chosen = request.form.getlist(RECORD)[:MOST_AT_ONCE]
    buttons = platform().automation.calls.buttons
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            done = buttons.press_many(transaction, object_def, chosen, button_name, given)
            refused = _refused(transaction, object_def, done)
    except ValidationFailed as fault:
        note_caught(fault)
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
    return tuple(
        ButtonOfList(label=each.called(language()), url=act_url(state, f"press-many/{quote(each.name)}"))
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
    chosen = chosen_records(object_def, state, None)
    ids = [each.id for each in chosen.records]
    with platform().records.reading(actor(), release=release()) as transaction:
        is_open = platform().automation.calls.buttons.open_among(transaction, object_def, button.name, ids)
        controls = write_inputs(transaction, object_def, button, {}, typed, errors, user_formats())
    records = tuple(each for each in chosen.records if each.id in is_open)
    return PressManyPage(
        title=plural,
        label=label,
        crumbs=(Crumb(label=plural, href=state.url()), Crumb(label=label)),
        url=f"/o/{quote(object_def.key)}/press-many/{quote(button.name)}",
        list_url=state.url(),
        hidden={**state.hidden(), **chosen.hidden},
        controls=controls.html,
        summary=controls.summary,
        records=records,
        left_out=len(ids) - len(records),
        has_more=bool(chosen.more) and not is_picked(),
    )


def _refused(transaction: Transaction, object_def: ObjectDef, done: PressedMany) -> tuple[ListedRecord, ...]:
    titles = transaction.reader.titles((object_def.key, each) for each in done.refused)
    return tuple(
        listed_record(object_def, record_id, title, tell(done.refused[record_id]))
        for (_key, record_id), title in titles.items()
    )
