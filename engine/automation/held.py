"""Pending times of `has matched … for`: a row of fs_timer a record for as long as the condition holds of it.

The row is made in the save in which a record comes to match, stays (fired) after its time has come, so that it comes
once, and goes with the save in which the record stops to match, or is deleted. Claiming is the timers' matter.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.automation.program import OnHeld, Program
from engine.automation.rule_index import RuleIndex
from engine.automation.schedules.waiting import end_of_wait
from engine.clock import Clock
from engine.expressions.context import RecordContext
from engine.ids import IdMaker
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.transaction import Transaction
from engine.storage.system_tables import SystemTables
from workflow_dsl.evaluation_errors import EvaluationError

HELD = "held"
FIRED = "fired"
NEVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""When a time comes whose length is not known."""
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """A record of which it can't be told whether it matches, and why."""

    program: Program
    trigger: OnHeld
    event: SaveEvent
    error: EvaluationError


class HeldTimers:
    """Reads and writes the rows of records that match."""

    def __init__(self, system: SystemTables, clock: Clock, ids: IdMaker) -> None:
        self._timer = system.timer
        self._clock = clock
        self._ids = ids

    def on_events(self, transaction: Transaction, events: Iterable[SaveEvent], index: RuleIndex) -> list[NotJudged]:
        """Make, move and take away the rows of saved records; give what could not be judged."""
        gone: dict[tuple[str, str], list[str]] = defaultdict(list)
        rows: list[dict[str, Any]] = []
        faults: list[NotJudged] = []
        for event in events:
            for program, held in index.held(event.object, event.kind, event.changed):
                key = (program.name, held.text)
                context = context_of(transaction, program, event)
                try:
                    before = _matched_before(held, event, context)
                    now = event.kind is not SaveKind.DELETED and bool(held.match.evaluate(context))
                    if before is now:
                        if now:
                            self._move(transaction, program, held, event, context)
                        continue
                    if event.kind is not SaveKind.CREATED:
                        gone[key].append(event.record_id)
                    if now:
                        rows.append(self._row(program, held, event.record_id, transaction.now, context))
                except EvaluationError as error:
                    gone[key].append(event.record_id)
                    faults.append(NotJudged(program=program, trigger=held, event=event, error=error))
        self._forget(transaction, gone)
        if rows:
            transaction.connection.execute(insert(self._timer), rows)
        return faults

    def set_again(
        self, transaction: Transaction, program: Program, held: OnHeld, values: Mapping[str, Any], since: dt.datetime
    ) -> int:
        """Let the time of a record that matches count from `since`, or count it anew; give how many were set."""
        timer, record_id, connection = self._timer, str(values["id"]), transaction.connection
        context = transaction.context(held.object, values).counted_by(program.calendar)
        try:
            if not held.match.evaluate(context):
                return 0
            row = self._row(program, held, record_id, since, context)
        except EvaluationError:
            return 0
        here = self._here(program, held, record_id)
        found = connection.execute(select(timer.c.facts, timer.c.state).where(*here)).first()
        if found is None:
            connection.execute(insert(timer), [row])
            return 1
        return self._count_anew(connection, program, held, record_id, found.facts, context)

    def fire(self, connection: Connection, timer_id: str) -> None:
        """Note that a time has come; the row stays until the record stops to match."""
        timer = self._timer
        values = {"state": FIRED, "fired_at": self._clock.now()}
        connection.execute(update(timer).where(timer.c.id == timer_id).values(**values))

    def _move(
        self, transaction: Transaction, program: Program, held: OnHeld, event: SaveEvent, context: RecordContext
    ) -> None:
        """Count the time anew where a field that it is made of has changed while the record went on matching."""
        before = context.before_change()
        if before is None or held.duration.evaluate(before) == held.duration.evaluate(context):
            return
        timer, connection = self._timer, transaction.connection
        here = self._here(program, held, event.record_id)
        facts = connection.execute(select(timer.c.facts).where(*here)).scalar()
        if facts is not None:
            self._count_anew(connection, program, held, event.record_id, facts, context)

    def _count_anew(
        self,
        connection: Connection,
        program: Program,
        held: OnHeld,
        record_id: str,
        facts: Mapping[str, Any],
        context: RecordContext,
    ) -> int:
        timer = self._timer
        due_at = _due(held, dt.datetime.fromisoformat(facts["since"]), context)
        here = (*self._here(program, held, record_id), timer.c.state == "pending")
        return connection.execute(update(timer).where(*here).values(due_at=due_at)).rowcount

    def _row(
        self, program: Program, held: OnHeld, record_id: str, since: dt.datetime, context: RecordContext
    ) -> dict[str, Any]:
        return {
            "id": self._ids.new(),
            "kind": HELD,
            "rule": program.name,
            "object": held.object,
            "record_id": record_id,
            "value": held.text,
            "due_at": _due(held, since, context),
            "state": "pending",
            "facts": {"since": since.isoformat()},
        }

    def _here(self, program: Program, held: OnHeld, record_id: str) -> tuple[Any, ...]:
        timer = self._timer
        return timer.c.rule == program.name, timer.c.record_id == record_id, timer.c.value == held.text

    def _forget(self, transaction: Transaction, gone: Mapping[tuple[str, str], list[str]]) -> None:
        timer = self._timer
        for (rule, text), ids in gone.items():
            for at in range(0, len(ids), _AT_A_TIME):
                some = timer.c.record_id.in_(ids[at : at + _AT_A_TIME])
                transaction.connection.execute(delete(timer).where(timer.c.rule == rule, timer.c.value == text, some))


def context_of(transaction: Transaction, program: Program, event: SaveEvent) -> RecordContext:
    """Give the context of a saved record for a rule, by the calendar that the rule counts by."""
    return transaction.context(event.object, event.new, event.old or None).counted_by(program.calendar)


def _matched_before(held: OnHeld, event: SaveEvent, context: RecordContext) -> bool | None:
    """Say whether a record matched before the save; None where that can't be told or it was not there."""
    if event.kind is not SaveKind.UPDATED:
        return None if event.kind is SaveKind.DELETED else False
    before = context.before_change()
    if before is None:
        return False
    try:
        return bool(held.match.evaluate(before))
    except EvaluationError:
        return None


def _due(held: OnHeld, since: dt.datetime, context: RecordContext) -> dt.datetime:
    duration = held.duration.evaluate(context)
    return NEVER if duration is None else end_of_wait(since, duration, context)
