"""Pending points in time, as rows of fs_timer: relative times of records, and the next moment of each schedule.

Saves move the rows of their records (`on_events`); whichever worker finds a row due claims it and starts its run in one
transaction, so a moment starts one run however many workers there are. When a moment comes due is `schedules`' matter,
what has held for a time `held`'s, and what becomes of the rows when rules are published `timer_alignment`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update

from engine.automation.held import HELD, HeldTimers
from engine.automation.program import OnMoment, OnSchedule, Program
from engine.automation.rule_index import RuleIndex
from engine.automation.schedules import due_moment, next_times
from engine.clock import Clock
from engine.ids import IdMaker
from engine.records.hooks import SaveEvent, SaveKind
from engine.storage.system_tables import SystemTables
from workflow_dsl.workdays import BusinessCalendar

MOMENT, SCHEDULE = "moment", "schedule"
_CLAIMED_AT_ONCE = 100
_CAUGHT_UP = 1_000


Times = Callable[[dt.datetime, int], Sequence[dt.datetime]]
"""Gives so many moments after an instant."""


class TimeContext(Protocol):
    """What relative times are counted by."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of days and times of day."""
        ...

    @property
    def calendar(self) -> BusinessCalendar:
        """The calendar of business days and hours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAround:
    """The zone and calendar of a release."""

    zone: ZoneInfo
    calendar: BusinessCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A claimed moment: the rule's trigger text, when it was due, and its record for a relative time."""

    kind: str
    rule: str
    trigger: str
    due_at: dt.datetime
    object: str | None = None
    record_id: str | None = None


class Timers:
    """Reads and writes fs_timer."""

    def __init__(self, system: SystemTables, clock: Clock, ids: IdMaker) -> None:
        self._timer = system.timer
        self._clock = clock
        self._ids = ids
        self.held = HeldTimers(system, clock, ids)

    def concern(self, events: Iterable[SaveEvent], index: RuleIndex) -> bool:
        """Say whether some saves move a relative time."""
        return any(_touches(event, moment) for event in events for _, moment in index.moments(event.object))

    def on_events(
        self, connection: Connection, events: Iterable[SaveEvent], index: RuleIndex, around: TimeContext
    ) -> None:
        """Move the relative times of saved records: set, moved with their field, gone with it or the record."""
        rows: list[dict[str, Any]] = []
        for event in events:
            for program, moment in index.moments(event.object):
                if not _touches(event, moment):
                    continue
                if event.kind is not SaveKind.CREATED:
                    self.forget(connection, program.name, event.record_id, moment.text)
                if event.kind is not SaveKind.DELETED:
                    rows += self.row_of(program, moment, event.record_id, event.new.get(moment.field), around)
        if rows:
            connection.execute(insert(self._timer), rows)

    def row_of(
        self, program: Program, moment: OnMoment, record_id: str, value: Any, around: TimeContext
    ) -> list[dict[str, Any]]:
        """Give the row of a record's relative time: none where its field is empty or the moment is past."""
        due_at = due_moment(moment.moment, value, around.zone, program.calendar or around.calendar)
        if due_at is None or due_at <= self._clock.now():
            return []
        return [
            {
                "id": self._ids.new(),
                "kind": MOMENT,
                "rule": program.name,
                "object": moment.object,
                "record_id": record_id,
                "value": moment.text,
                "due_at": due_at,
                "state": "pending",
            }
        ]

    def set_again(
        self, connection: Connection, program: Program, moment: OnMoment, values: Mapping[str, Any], around: TimeContext
    ) -> int:
        """Count a record's relative time anew, unless it came due and waits to be claimed; give how many were set."""
        timer, record_id = self._timer, str(values["id"])
        here = (timer.c.rule == program.name, timer.c.record_id == record_id, timer.c.value == moment.text)
        connection.execute(delete(timer).where(*here, timer.c.due_at > self._clock.now()))
        rows = self.row_of(program, moment, record_id, values.get(moment.field), around)
        if not rows or connection.execute(select(timer.c.id).where(*here)).first() is not None:
            return 0
        connection.execute(insert(timer), rows)
        return len(rows)

    def forget(self, connection: Connection, rule: str, record_id: str, trigger: str) -> None:
        """Take a record's relative time away."""
        timer = self._timer
        connection.execute(
            delete(timer).where(timer.c.rule == rule, timer.c.record_id == record_id, timer.c.value == trigger)
        )

    def claim_due(
        self, connection: Connection, index: RuleIndex, around: TimeContext, start: Callable[[Due], None]
    ) -> int:
        """Claim due moments and start their runs in the same transaction; give how many were due."""
        timer, now = self._timer, self._clock.now()
        rows = (
            connection.execute(
                select(timer)
                .where(timer.c.state == "pending", timer.c.due_at <= now)
                .order_by(timer.c.due_at)
                .limit(_CLAIMED_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            .mappings()
            .all()
        )
        for row in rows:
            if row["kind"] == MOMENT:
                connection.execute(delete(timer).where(timer.c.id == row["id"]))
                start(_due(row, row["due_at"]))
                continue
            if row["kind"] == HELD:
                self.held.fire(connection, row["id"])
                start(_due(row, row["due_at"]))
                continue
            schedule = _find_schedule(index, row["rule"], row["value"])
            if schedule is None:
                connection.execute(delete(timer).where(timer.c.id == row["id"]))
                continue
            program, trigger = schedule
            times = times_of(program, trigger, around)
            to_do = self._moments_to_do(program, times, row["due_at"], now)
            for due_at in to_do:
                start(_due(row, due_at))
            # After a long outage the rest of `missed all` is caught up by the next claim.
            reached = to_do[-1] if len(to_do) > _CAUGHT_UP else now
            self._move_on(connection, row["id"], times(reached, 1), now)
        return len(rows)

    def next_moments(self, program: Program, around: TimeContext, count: int) -> tuple[dt.datetime, ...]:
        """Give the next moments of a rule's schedules."""
        now = self._clock.now()
        found = {moment for each in program.on_schedule for moment in times_of(program, each, around)(now, count)}
        return tuple(sorted(found)[:count])

    def _moments_to_do(
        self, program: Program, times: Times, due_at: dt.datetime, now: dt.datetime
    ) -> Sequence[dt.datetime]:
        if program.missed == "once":
            return [due_at]
        later = [moment for moment in times(due_at, _CAUGHT_UP) if moment <= now]
        if program.missed == "all":
            return [due_at, *later]
        return [] if later else [due_at]

    def _move_on(self, connection: Connection, timer_id: str, found: Sequence[dt.datetime], now: dt.datetime) -> None:
        timer = self._timer
        values: dict[str, Any] = {"fired_at": now}
        values |= {"due_at": found[0]} if found else {"state": "over"}
        connection.execute(update(timer).where(timer.c.id == timer_id).values(**values))


def times_of(program: Program, trigger: OnSchedule, around: TimeContext) -> Times:
    """Give what tells the moments of a schedule after an instant."""
    calendar = program.calendar or around.calendar
    return lambda after, count: next_times(trigger.schedule, after, around.zone, count, calendar)


def _touches(event: SaveEvent, moment: OnMoment) -> bool:
    return event.kind in (SaveKind.DELETED, SaveKind.RESTORED) or moment.field in event.changed


def _find_schedule(index: RuleIndex, rule: str, text: str) -> tuple[Program, OnSchedule] | None:
    program = index.programs.get(rule)
    if program is None or not program.active:
        return None
    found = next((trigger for trigger in program.on_schedule if trigger.text == text), None)
    return None if found is None else (program, found)


def _due(row: Mapping[Any, Any], due_at: dt.datetime) -> Due:
    return Due(
        kind=row["kind"],
        rule=row["rule"],
        trigger=row["value"],
        due_at=due_at,
        object=row["object"],
        record_id=row["record_id"],
    )
