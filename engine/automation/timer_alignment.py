"""Brings the rows of fs_timer in line with the rules of a release that was published, and with its calendars."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.automation.held import HELD
from engine.automation.program import OnHeld, OnMoment, OnSchedule, Program
from engine.automation.rule_index import RuleIndex
from engine.automation.schedules import counts_business_time
from engine.automation.schedules.business import counts_business_days
from engine.automation.timers import MOMENT, SCHEDULE, TimeContext, times_of
from engine.clock import Clock
from engine.ids import IdMaker
from engine.storage.system_tables import SystemTables

OfRecords = OnMoment | OnHeld
"""A trigger that has a row a record."""
_CALENDAR = "business calendar"
_Key = tuple[str, str]


class TimerAlignment:
    """Reads and writes fs_timer when rules are published."""

    def __init__(self, system: SystemTables, clock: Clock, ids: IdMaker) -> None:
        self._timer = system.timer
        self._stamp = system.stamp
        self._clock = clock
        self._ids = ids

    def align(
        self, connection: Connection, index: RuleIndex, around: TimeContext
    ) -> tuple[tuple[Program, OfRecords], ...]:
        """Bring the rows in line with a release's rules; give the times that all records have to get anew.

        Those are the new ones, and those that count business time where a calendar is another than before. Schedules
        that stay keep their next moment where it is reached, so that one that came due during an outage is caught up.
        """
        schedules = {(rule.name, each.text): (rule, each) for rule in index.scheduled for each in rule.on_schedule}
        of_records = _of_records(index)
        known = self._known(connection)
        self._forget(connection, known, schedules, of_records)
        is_new_calendar = self._is_new_calendar(connection, index, around)
        for key, (program, schedule) in schedules.items():
            if (SCHEDULE, *key) not in known:
                self._plan(connection, program, schedule, around)
            elif is_new_calendar and counts_business_days(schedule.schedule):
                self._plan_again(connection, program, schedule, around)
        fresh = [key for key, (_, each) in of_records.items() if (_kind(each), *key) not in known]
        for key in fresh:
            connection.execute(insert(self._timer).values(**self._mark(*key, _kind(of_records[key][1]))))
        if is_new_calendar:
            counted = [key for key, (_, each) in of_records.items() if _counts_business_time(each)]
            fresh = list(dict.fromkeys([*fresh, *counted]))
        return tuple(of_records[key] for key in fresh)

    def _known(self, connection: Connection) -> set[tuple[str, str, str]]:
        """Give the schedules and marks that there are; a mark tells a new time from one without records."""
        timer = self._timer
        rows = connection.execute(select(timer.c.kind, timer.c.rule, timer.c.value).where(timer.c.record_id.is_(None)))
        return {(kind, rule, value) for kind, rule, value in rows}

    def _forget(
        self,
        connection: Connection,
        known: set[tuple[str, str, str]],
        schedules: dict[_Key, tuple[Program, OnSchedule]],
        of_records: dict[_Key, tuple[Program, OfRecords]],
    ) -> None:
        timer = self._timer
        for kind, rule, value in known:
            if (rule, value) not in (schedules if kind == SCHEDULE else of_records):
                connection.execute(delete(timer).where(timer.c.rule == rule, timer.c.value == value))

    def _is_new_calendar(self, connection: Connection, index: RuleIndex, around: TimeContext) -> bool:
        """Say whether business time was counted by other calendars so far, and take note of these."""
        stamp = self._stamp
        named = {each.calendar.written for each in index.programs.values() if each.calendar is not None}
        written = "\n".join((around.calendar.written, *sorted(named)))
        now = int.from_bytes(hashlib.sha256(written.encode()).digest()[:7])
        before = connection.execute(select(stamp.c.value).where(stamp.c.name == _CALENDAR)).scalar()
        if before == now:
            return False
        connection.execute(delete(stamp).where(stamp.c.name == _CALENDAR))
        connection.execute(insert(stamp).values(name=_CALENDAR, value=now))
        return True

    def _plan(self, connection: Connection, program: Program, trigger: OnSchedule, around: TimeContext) -> None:
        found = times_of(program, trigger, around)(self._clock.now(), 1)
        if found:
            row = self._mark(program.name, trigger.text, SCHEDULE) | {"due_at": found[0], "state": "pending"}
            connection.execute(insert(self._timer).values(**row))

    def _plan_again(self, connection: Connection, program: Program, trigger: OnSchedule, around: TimeContext) -> None:
        timer, now = self._timer, self._clock.now()
        found = times_of(program, trigger, around)(now, 1)
        here = (timer.c.kind == SCHEDULE, timer.c.rule == program.name, timer.c.value == trigger.text)
        if found:
            ahead = update(timer).where(*here, timer.c.due_at > now)
            connection.execute(ahead.values(due_at=found[0], state="pending"))

    def _mark(self, rule: str, text: str, kind: str) -> dict[str, Any]:
        return {
            "id": self._ids.new(),
            "kind": kind,
            "rule": rule,
            "value": text,
            "due_at": self._clock.now(),
            "state": "known",
        }


def _of_records(index: RuleIndex) -> dict[_Key, tuple[Program, OfRecords]]:
    found: dict[_Key, tuple[Program, OfRecords]] = {}
    for program in index.programs.values():
        triggers: tuple[OfRecords, ...] = (*program.on_moment, *program.on_held)
        found |= {(program.name, each.text): (program, each) for each in triggers if program.active}
    return found


def _kind(trigger: OfRecords) -> str:
    return HELD if isinstance(trigger, OnHeld) else MOMENT


def _counts_business_time(trigger: OfRecords) -> bool:
    return trigger.business if isinstance(trigger, OnHeld) else counts_business_time(trigger.moment)
