"""The service clocks of a record as its page shows them: how each stands, when it is due, what is left or used."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from babel.dates import format_timedelta
from flask_babel import gettext as _

from engine.records.transaction import Transaction
from engine.records.types import Record
from metamodel.definitions.service import ServiceClockDef
from metamodel.objects import ObjectDef
from metamodel.service_clocks import STOPPED, clock_field, clocks_of
from metamodel.texts import label_text
from metamodel.values import Duration
from ui.formats import Formats

_TONES = {"running": "blue", "paused": "amber", "stopped": "gray"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock. note: when it is due, or how long it ran."""

    label: str
    state: str
    tone: str
    note: str


def clock_rows(
    transaction: Transaction, object_def: ObjectDef, record: Record, formats: Formats
) -> tuple[ClockRow, ...]:
    """Show the clocks that have begun and may be read."""
    clocks = clocks_of(transaction.parts.metamodel.service_clocks.values(), object_def.key)
    rows = (_row(clock, object_def, record, transaction.now, formats) for clock in clocks)
    return tuple(row for row in rows if row is not None)


def _row(
    clock: ServiceClockDef, object_def: ObjectDef, record: Record, now: dt.datetime, formats: Formats
) -> ClockRow | None:
    def value(part: str) -> object:
        return record.values.get(clock_field(clock.name, part))

    state, due, breached = value("state"), value("due"), bool(value("breached"))
    choice = object_def.fields[clock_field(clock.name, "state")].choice
    option = choice.option(str(state)) if choice is not None and state is not None else None
    if option is None:
        return None
    if state != STOPPED and isinstance(due, dt.datetime) and due < now:
        # The housekeeping notes it in a moment; the page need not wait.
        breached = True
    word = label_text(option.label, formats.language, option.name)
    return ClockRow(
        label=label_text(clock.label, formats.language, clock.name),
        state=str(_("Breached")) if breached else word,
        tone="red" if breached else _TONES.get(option.name, "gray"),
        note=_note(str(state), due, value("used"), now, formats),
    )


def _note(state: str, due: object, used: object, now: dt.datetime, formats: Formats) -> str:
    if state != STOPPED and isinstance(due, dt.datetime):
        left = format_timedelta(due - now, add_direction=True, locale=formats.locale)
        return str(_("Due %(when)s (%(left)s)", when=formats.datetime(due), left=left))
    if isinstance(used, Duration):
        return str(_("%(length)s used", length=formats.duration(used)))
    return ""
