"""What happens next to a record, on its page: waits, set times and deadlines, each to be stopped by who may."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.coming import Coming, ComingKind, NothingComing
from engine.errors import AccessDenied
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release
from ui.formats import Formats
from ui.pages.chrome import toast
from ui.pages.rights import readable_object
from ui.pages.trigger_words import trigger_text
from ui.refused import note_caught

blueprint = Blueprint("coming", __name__)

_COMING = "fs-coming"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingRow:
    """One pending thing. note: what it is; when: in words, iso: its moment, "" where it waits for a condition."""

    id: str
    label: str
    note: str
    when: str
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingCard:
    """What the page shows; stop_url: "" for who may stop nothing."""

    rows: tuple[ComingRow, ...]
    stop_url: str


def coming_card(transaction: Transaction, object_def: ObjectDef, record_id: str, formats: Formats) -> ComingCard:
    """Give what is pending for a record."""
    desk = platform().automation.coming
    found = desk.of_record(transaction, object_def.key, record_id)
    may_stop = bool(found) and desk.may_stop(transaction.actor)
    return ComingCard(
        rows=tuple(_row(each, formats) for each in found),
        stop_url=f"/o/{quote(object_def.key)}/{quote(record_id)}/stop" if may_stop else "",
    )


@blueprint.post("/o/<object_name>/<record_id>/stop")
def stop(object_name: str, record_id: str) -> ResponseReturnValue:
    """Stop one pending thing of a record."""
    object_def = readable_object(object_name)
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            platform().automation.coming.stop(transaction, object_def.key, record_id, request.form.get(_COMING, ""))
    except NothingComing:
        toast(_("This is not pending any more."), "info")
    except AccessDenied as refused:
        note_caught(refused)
        toast(_("Your roles do not allow this change."), "error")
    else:
        toast(_("It was stopped."))
    return redirect(f"/o/{quote(object_def.key)}/{quote(record_id)}#coming", 303)


def _row(one: Coming, formats: Formats) -> ComingRow:
    notes = {
        ComingKind.WAIT: _("A run goes on") if one.at is not None else _("A run waits for its condition"),
        ComingKind.TIMER: trigger_text(one.trigger or ""),
        ComingKind.DEADLINE: _("The time of the approval step ends"),
    }
    when, at = "", one.at
    if at is not None:
        when = formats.datetime(at)
    elif one.until is not None:
        when, at = str(_("until %(time)s at the latest", time=formats.datetime(one.until))), one.until
    return ComingRow(id=one.id, label=one.label, note=str(notes[one.kind]), when=when, iso=_iso(at))


def _iso(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else ""
