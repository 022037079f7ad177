"""What holds a run back already when it is decided: `mode single` and `restart`, `once per record`, `limit`.

It is asked in the transaction that decides the run, and asks the database nothing for rules without these. What it
leaves out stays on record as a skipped run with its reason. Runs of rules in the default mode meet later, when a
worker takes them (`turns`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, tuple_

from engine.automation.program import Program
from engine.automation.run_state import Run, RunState
from engine.automation.throttles import Throttles
from engine.automation.turns import Turns, under_way
from engine.storage.system_automation import is_open
from engine.storage.system_tables import SystemTables

_SINGLE, _RESTART, QUEUED = "single", "restart", "queued"
Place = tuple[str, str | None]
"""A rule and a record."""


class Admission:
    """Says which runs start."""

    def __init__(self, system: SystemTables, turns: Turns) -> None:
        self._run = system.run
        self._turns = turns
        self._throttles = Throttles(system)

    def admit(
        self,
        connection: Callable[[], Connection],
        runs: Sequence[Run],
        programs: Mapping[str, Program],
        *,
        zone: ZoneInfo,
        now: dt.datetime,
    ) -> list[Run]:
        """Give runs that were decided as they stand then: queued, or skipped with the reason.

        connection: asked for only where a rule needs it.
        """
        runs = [_with_mode(run, programs.get(run.rule)) for run in runs]
        held = [run for run in runs if run.state is RunState.QUEUED and _may_hold(run, programs.get(run.rule))]
        if not held:
            return runs
        asked = connection()
        judged = self._alone(asked, held, programs)
        going = [run for run in judged if run.state is RunState.QUEUED and _is_throttled(programs[run.rule])]
        passed = {run.id: run for run in self._throttles.pass_through(asked, going, programs, zone)} if going else {}
        judged = [passed.get(run.id, run) for run in judged]
        judged = self._restart(asked, judged, programs, now)
        by_id = {run.id: run for run in judged}
        return [by_id.get(run.id, run) for run in runs]

    def _alone(self, connection: Connection, runs: Sequence[Run], programs: Mapping[str, Program]) -> list[Run]:
        single = [run for run in runs if programs[run.rule].mode == _SINGLE]
        if not single:
            return list(runs)
        open_ = self._open(connection, single)
        judged = []
        for run in runs:
            if programs[run.rule].mode == _SINGLE:
                other = open_.setdefault((run.rule, run.record_id), [run.id])[0]
                if other != run.id:
                    run = replace(run, state=RunState.SKIPPED, outcome=_SINGLE, error=under_way(other))
            judged.append(run)
        return judged

    def _restart(
        self, connection: Connection, runs: Sequence[Run], programs: Mapping[str, Program], now: dt.datetime
    ) -> list[Run]:
        again = [run for run in runs if run.state is RunState.QUEUED and programs[run.rule].mode == _RESTART]
        if again:
            open_ = self._open(connection, again, skip_locked=True)
            for run in again:
                # One in the middle of a step may wait for this save: the worker that takes the new run ends it.
                self._turns.cancel(connection, open_.get((run.rule, run.record_id), ()), by=run.id, now=now)
        return list(runs)

    def _open(
        self, connection: Connection, runs: Sequence[Run], *, skip_locked: bool = False
    ) -> dict[Place, list[str]]:
        table = self._run
        found: dict[Place, list[str]] = {}
        columns = select(table.c.rule, table.c.record_id, table.c.id).where(is_open())
        columns = columns.order_by(table.c.created_at, table.c.id)
        if skip_locked:
            columns = columns.with_for_update(skip_locked=True)
        places = sorted({(run.rule, run.record_id) for run in runs if run.record_id is not None})
        rows: list[Any] = []
        if places:
            rows += connection.execute(columns.where(tuple_(table.c.rule, table.c.record_id).in_(places))).all()
        without = sorted({run.rule for run in runs if run.record_id is None})
        if without:
            rows += connection.execute(columns.where(table.c.rule.in_(without), table.c.record_id.is_(None))).all()
        for rule, record_id, run_id in rows:
            found.setdefault((rule, record_id), []).append(run_id)
        return found


def _with_mode(run: Run, program: Program | None) -> Run:
    """Give a run that knows by which mode it meets others, for its trace; the default goes without saying."""
    if program is None or program.mode == QUEUED:
        return run
    return replace(run, snapshot=replace(run.snapshot, facts={**run.snapshot.facts, "mode": program.mode}))


def _may_hold(run: Run, program: Program | None) -> bool:
    if program is None or run.snapshot.facts.get("sweep"):
        return False
    return program.mode in (_SINGLE, _RESTART) or _is_throttled(program)


def _is_throttled(program: Program) -> bool:
    return program.once is not None or program.limit is not None
