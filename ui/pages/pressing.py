"""Buttons that start rules: on the page of a record, the form of what one asks for, and a press on many records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.accounts.idempotency import KeyUsedOtherwise, RepeatedInFlight
from engine.automation.calls.answers import PressAnswer
from engine.automation.calls.buttons import ButtonClosed
from engine.automation.calls.index import Button
from engine.automation.calls.inputs import starting_values
from engine.errors import FieldError, UnknownObject, ValidationFailed
from engine.records.choosing_titles import choices_by_title
from engine.records.transaction import Transaction
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release, request_id
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.form_values import read_posted
from ui.pages.input_controls import input_fields, write_inputs
from ui.pages.rights import readable_object, user_formats
from ui.presses import press_once
from ui.refused import note_caught
from ui.telling import tell
from workflow_dsl.evaluation_errors import EvaluationError

blueprint = Blueprint("pressing", __name__)

PRESS = "fs-press"
_SHOWN = 3
_TEMPLATE = "pages/press.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonShown:
    """A button on a record's page. asks: whether it leads to a form first."""

    name: str
    label: str
    url: str
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordButtons:
    """The buttons of a record's page: some that are seen at once, the rest in a menu. key: of this page's presses."""

    first: tuple[ButtonShown, ...]
    more: tuple[ButtonShown, ...]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PressPage:
    """The context `page` of templates/pages/press.html: what a button asks for before it is pressed."""

    title: str
    label: str
    crumbs: tuple[Crumb, ...]
    action: str
    cancel_url: str
    key: str
    controls: Markup
    summary: tuple[tuple[str, str, str], ...]


def record_buttons(transaction: Transaction, object_def: ObjectDef, layout: LayoutDef, record_id: str) -> RecordButtons:
    """Give the buttons that the person has on a record: those that its layout names, without any all of them."""
    offered = {
        each.name: each for each in platform().automation.calls.buttons.offered(transaction, object_def, record_id)
    }
    if layout.actions:
        offered = {name: offered[name] for name in layout.actions if name in offered}
    shown = [_shown(object_def, record_id, each) for each in offered.values()]
    many = len(shown) > _SHOWN
    first = shown[: _SHOWN - 1] if many else shown
    return RecordButtons(first=tuple(first), more=tuple(shown[len(first) :]), key=request_id())


@blueprint.get("/o/<object_name>/<record_id>/press/<button_name>")
def ask_inputs(object_name: str, record_id: str, button_name: str) -> ResponseReturnValue:
    """Show what a button asks for."""
    object_def = readable_object(object_name)
    return _form(object_def, record_id, button_name, {}, ())


@blueprint.post("/o/<object_name>/<record_id>/press/<button_name>")
def press(object_name: str, record_id: str, button_name: str) -> ResponseReturnValue:
    """Press a button, and go on as its rules answer."""
    object_def = readable_object(object_name)
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    with platform().records.reading(actor(), release=release()) as transaction:
        transaction.reader.require_readable(object_def, record_id)
        button = platform().automation.calls.buttons.find(transaction, object_def, button_name)
    posted = read_posted(input_fields(object_def, button), request.form, user_formats())
    given = {name: value for name, value in posted.values.items() if value is not None}
    key = request.form.get(PRESS, "")
    try:
        pressed = press_once(
            object_def, record_id, button_name, given, key=f"press {key[:100]} {button_name[:60]}" if key else None
        )
    except ValidationFailed as refused:
        note_caught(refused)
        return _form(object_def, record_id, button_name, posted.typed, refused.errors)
    except ButtonClosed as refused:
        toast(tell(refused.reason), "error")
        return redirect(back, 303)
    except (RepeatedInFlight, KeyUsedOtherwise):
        toast(_("“%(label)s” is under way.", label=button.called(language())), "info")
        return redirect(back, 303)
    return redirect(_told(object_def, record_id, button, pressed.answer), 303)


@blueprint.get("/o/<object_name>/press/<button_name>/choices/<field_name>")
def offer_inputs(object_name: str, button_name: str, field_name: str) -> ResponseReturnValue:
    """Answer what the picker of an input offers for the text typed."""
    object_def = readable_object(object_name)
    with platform().records.reading(actor(), release=release()) as transaction:
        button = platform().automation.calls.buttons.find(transaction, object_def, button_name)
        field = next((each for each in input_fields(object_def, button) if each.name == field_name), None)
        if field is None or field.relation is None:
            raise UnknownObject(field_name)
        found = choices_by_title(transaction, field.relation.targets[0], request.args.get("q", "")[:200])
    return {"options": [{"value": each.id, "text": each.title, "hint": ""} for each in found]}


def _told(object_def: ObjectDef, record_id: str, button: Button, answer: PressAnswer) -> str:
    """Tell what a press came to, and give the page to go on with."""
    label = button.called(language())
    for text in answer.shown:
        toast(text)
    if answer.failure is not None:
        toast(_("“%(label)s” failed: %(reason)s", label=label, reason=tell(answer.failure)), "error")
    elif answer.held_back is not None:
        toast(_("“%(label)s” was not started: %(reason)s", label=label, reason=tell(answer.held_back)), "warning")
    elif not answer.is_over:
        toast(_("“%(label)s” is under way.", label=label), "info")
    elif not answer.shown:
        toast(_("“%(label)s” is done.", label=label))
    places = [(object_def.key, record_id)]
    if answer.opened is not None:
        places.insert(0, (answer.opened.object, answer.opened.id))
    with platform().records.reading(actor(), release=release()) as transaction:
        seen = transaction.reader.titles(places)
    for key, each in places:
        if (key, each) in seen:
            return f"/o/{quote(key)}/{quote(each)}"
    return f"/o/{quote(object_def.key)}"


def _shown(object_def: ObjectDef, record_id: str, button: Button) -> ButtonShown:
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}/press/{quote(button.name)}"
    return ButtonShown(name=button.name, label=button.called(language()), url=url, asks=bool(button.inputs))


def _form(
    object_def: ObjectDef, record_id: str, name: str, typed: Mapping[str, str], errors: Sequence[FieldError]
) -> ResponseReturnValue:
    buttons, formats = platform().automation.calls.buttons, user_formats()
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    with platform().records.reading(actor(), release=release()) as transaction:
        try:
            button = buttons.open_for(transaction, object_def, record_id, name)
        except ButtonClosed as refused:
            toast(tell(refused.reason), "error")
            return redirect(back, 303)
        title = transaction.reader.titles([(object_def.key, record_id)])[object_def.key, record_id]
        values: Mapping[str, Any] = {}
        if not typed:
            values = _starting(transaction, object_def, record_id, button)
        controls = write_inputs(transaction, object_def, button, values, typed, errors, formats)
    label = button.called(language())
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    page = PressPage(
        title=title or str(_("Without a name")),
        label=label,
        crumbs=(
            Crumb(label=plural, href=f"/o/{quote(object_def.key)}"),
            Crumb(label=title, href=back),
            Crumb(label=label),
        ),
        action=f"{back}/press/{quote(name)}",
        cancel_url=back,
        key=request_id(),
        controls=controls.html,
        summary=controls.summary,
    )
    return render_template(_TEMPLATE, page=page), 422 if errors else 200


def _starting(transaction: Transaction, object_def: ObjectDef, record_id: str, button: Button) -> Mapping[str, Any]:
    values = transaction.cache.related(object_def.key, record_id)
    try:
        return starting_values(button, transaction.context(object_def.key, values or {}))
    except EvaluationError:
        return {}
