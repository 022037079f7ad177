"""When a rule would have started: the moment, its record and what it is judged in. Where they come from is others'.

Saves are judged by the code that matches rules; what the clock or a call starts has its condition judged as of then.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from engine.automation.insight.past import Entry, PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.program import Program
from engine.expressions.context import RecordContext
from engine.records.transaction import Transaction
from workflow_dsl.context import Values
from workflow_dsl.evaluation_errors import EvaluationError

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that would have started a rule. entry: up to where the log is read to see the records as they were.

    object, record_id: None where the rule has no record then. old, this: of a save. names: what started it brought.
    who: who caused it. holds: what the rule's condition gave; fault: why that can't be told. past: the save itself.
    """

    entry: Entry
    trigger: str
    records: PastRecords
    who: Mapping[str, Any]
    object: str | None = None
    record_id: str | None = None
    old: Values = field(default_factory=lambda: _NOTHING)
    this: Values | None = None
    names: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    holds: bool | None = None
    fault: str = ""
    past: PastEvent | None = None

    def starts(self, program: Program) -> bool:
        """Say whether the rule had something to do: its `then`, or its `else`."""
        return not self.fault and (self.holds is not False or bool(program.otherwise))

    @property
    def order(self) -> tuple[dt.datetime, int]:
        """Its place in time."""
        return self.entry.at, self.entry.id


class LogTimes:
    """Tells which entry of the log was the last at a moment since the beginning of what is asked for."""

    def __init__(self, transaction: Transaction, since: dt.datetime) -> None:
        table = transaction.system.audit
        first = transaction.connection.execute(select(func.min(table.c.id)).where(table.c.at >= since)).scalar()
        self.first: int | None = first
        last = transaction.connection.execute(select(func.max(table.c.id))).scalar() or 0
        self.base = last if first is None else first - 1
        query = select(table.c.at, table.c.id).where(table.c.id > self.base).order_by(table.c.at, table.c.id)
        self._known = [(row.at, row.id) for row in transaction.connection.execute(query)] if first is not None else []

    def at(self, moment: dt.datetime) -> int:
        """Give the last entry of a moment."""
        place = bisect_right(self._known, moment, key=lambda each: each[0])
        return self._known[place - 1][1] if place else self.base

    def entry(self, moment: dt.datetime, object_key: str | None = None, record_id: str | None = None) -> Entry:
        """Give a moment as if the log had an entry of it."""
        return Entry(
            id=self.at(moment), object=object_key or "", record_id=record_id or "", version=0, at=moment, actor=None,
            actor_name="", origin="", action="", run=None, step=None, release=None, changes={},
        )  # fmt: skip


def context_then(
    transaction: Transaction, program: Program, occasion: Occasion, values: Values | None = None
) -> RecordContext:
    """Give what an occasion without a save is judged in. values: of its record, where they are known."""
    entry, around = occasion.entry, transaction.around
    source = occasion.records.at(entry)
    around = replace(
        around,
        source=source,
        user=occasion.who.get("user_id"),
        now=entry.at,
        today=entry.at.astimezone(around.zone).date(),
    )
    if values is None and occasion.object is not None and occasion.record_id is not None:
        values = source.related(occasion.object, occasion.record_id)
    context = RecordContext(around, occasion.object or "user", values or {}, given=occasion.names)
    return context.counted_by(program.calendar)


def judged_then(
    transaction: Transaction, program: Program, occasion: Occasion, values: Values | None = None
) -> Occasion:
    """Judge the rule's condition on an occasion that is no save."""
    if program.condition is None:
        return replace(occasion, holds=True)
    try:
        holds = bool(program.condition.evaluate(context_then(transaction, program, occasion, values)))
    except EvaluationError as error:
        return replace(occasion, fault=str(error))
    return replace(occasion, holds=holds)
