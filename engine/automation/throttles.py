"""`once per record …` and `limit n per …`: counts of a rule's runs in a period, in rows that commit with the runs.

Two transactions that count the same wait for one another, so no worker, restart or save at the same moment gets one
more run through than the rule allows; a save that is taken back takes its count back. Periods are those of the
calendar in the app's zone: the hour, day, week from Monday, month.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.automation.program import Program
from engine.automation.run_state import Run, RunState
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

EVER = "ever"
Key = tuple[str, str, str]
"""A rule, what is counted ('' for all runs, else a record), and the period."""
_AT_ONCE = 1_000
_FORMATS = {
    "minute": "%Y-%m-%dT%H:%M%z",
    # With the offset: an hour that comes twice when clocks go back is two hours.
    "hour": "%Y-%m-%dT%H%z",
    "day": "%Y-%m-%d",
    "week": "%G-W%V",
    "month": "%Y-%m",
}
_KEPT = dt.timedelta(days=62)
"""How long counts stay: longer than the longest period; those of `ever` stay for good."""


class Throttles:
    """Reads and writes fs_throttle."""

    def __init__(self, system: SystemTables) -> None:
        self._table = system.throttle

    def pass_through(
        self, connection: Connection, runs: Sequence[Run], programs: Mapping[str, Program], zone: ZoneInfo
    ) -> list[Run]:
        """Count runs that are to start; those above what their rules allow come back as skipped, with the limit."""
        local = {run.id: run.created_at.astimezone(zone) for run in runs}
        left_out: dict[str, str] = {}
        once = [run for run in runs if programs[run.rule].once is not None and run.record_id is not None]
        for run in self._repeated(connection, once, programs, local):
            left_out[run.id] = f"The rule ran for this record before: {once_text(programs[run.rule])}."
        limited = [run for run in runs if programs[run.rule].limit is not None and run.id not in left_out]
        above = self._above(connection, limited, programs, local)
        for run in above:
            left_out[run.id] = f"The rule ran as often as it may: {limit_text(programs[run.rule])}."
        self._give_back(connection, [run for run in above if programs[run.rule].once is not None], programs, local)
        return [_skipped(run, left_out[run.id]) if run.id in left_out else run for run in runs]

    def forget_old(self, connection: Connection, now: dt.datetime) -> int:
        """Delete counts of periods that are over."""
        table = self._table
        return connection.execute(delete(table).where(table.c.period != EVER, table.c.at < now - _KEPT)).rowcount

    def _repeated(
        self,
        connection: Connection,
        runs: Sequence[Run],
        programs: Mapping[str, Program],
        local: Mapping[str, dt.datetime],
    ) -> list[Run]:
        """Give the runs that are not the first of their rule, record and period."""
        first: dict[Key, Run] = {}
        repeated = []
        for run in runs:
            key = _once_key(run, programs, local)
            if key in first:
                repeated.append(run)
            else:
                first[key] = run
        if not first:
            return repeated
        fresh = self._claimed(connection, {key: run.created_at for key, run in first.items()})
        return repeated + [run for key, run in first.items() if key not in fresh]

    def _claimed(self, connection: Connection, keys: Mapping[Key, dt.datetime]) -> set[Key]:
        """Give those of the keys that nobody had before."""
        table, claimed = self._table, set[Key]()
        # In one order everywhere, so that two transactions wait for one another and not in a circle.
        ordered = sorted(keys)
        for start in range(0, len(ordered), _AT_ONCE):
            some = ordered[start : start + _AT_ONCE]
            made = connection.execute(
                self._insert(connection)(table)
                .values([self._row(key, 1, keys[key]) for key in some])
                .on_conflict_do_nothing()
                .returning(table.c.rule, table.c.scope, table.c.period)
            )
            claimed |= {(row.rule, row.scope, row.period) for row in made}
        return claimed

    def _above(
        self,
        connection: Connection,
        runs: Sequence[Run],
        programs: Mapping[str, Program],
        local: Mapping[str, dt.datetime],
    ) -> list[Run]:
        """Give the runs above the limits of their rules."""
        by_key: dict[Key, list[Run]] = defaultdict(list)
        for run in runs:
            unit = programs[run.rule].limit_unit
            by_key[run.rule, "", f"{unit} {period_of(local[run.id], unit)}"].append(run)
        table, above = self._table, []
        for key in sorted(by_key):
            wanted, allowed = by_key[key], programs[key[0]].limit or 0
            row = self._row(key, len(wanted), wanted[0].created_at)
            used = connection.execute(
                self._insert(connection)(table)
                .values(row)
                .on_conflict_do_update(
                    index_elements=["rule", "scope", "period"], set_={"used": table.c.used + len(wanted)}
                )
                .returning(table.c.used)
            ).scalar_one()
            free = max(allowed - (used - len(wanted)), 0)
            above += wanted[free:]
        return above

    def _give_back(
        self,
        connection: Connection,
        runs: Sequence[Run],
        programs: Mapping[str, Program],
        local: Mapping[str, dt.datetime],
    ) -> None:
        """Take back that a run was the one of its record: the limit left it out."""
        table = self._table
        for run in runs:
            if run.record_id is None:
                continue
            rule, scope, period = _once_key(run, programs, local)
            connection.execute(
                delete(table).where(table.c.rule == rule, table.c.scope == scope, table.c.period == period)
            )

    def _row(self, key: Key, used: int, at: dt.datetime) -> dict[str, Any]:
        rule, scope, period = key
        return {"rule": rule, "scope": scope, "period": period, "used": used, "at": at}

    def _insert(self, connection: Connection) -> Any:
        return postgresql_insert if connection.dialect.name == Dialect.POSTGRESQL.value else sqlite_insert


def period_of(local: dt.datetime, unit: str) -> str:
    """Name the period of the calendar that a moment lies in."""
    return EVER if unit == EVER else local.strftime(_FORMATS[unit])


def once_text(program: Program) -> str:
    """Write a rule's `once` as rules do."""
    return "once per record" if program.once in (None, EVER) else f"once per record per {program.once}"


def limit_text(program: Program) -> str:
    """Write a rule's `limit` as rules do."""
    return f"limit {program.limit} per {program.limit_unit}"


def _once_key(run: Run, programs: Mapping[str, Program], local: Mapping[str, dt.datetime]) -> Key:
    period = period_of(local[run.id], programs[run.rule].once or EVER)
    return run.rule, str(run.record_id), period


def _skipped(run: Run, reason: str) -> Run:
    return replace(run, state=RunState.SKIPPED, outcome="limit", error=reason)
