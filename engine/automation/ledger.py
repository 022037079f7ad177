"""The rows of runs and steps: added in the saving transaction, taken by one worker at a time, moved step by step.

Every write of a worker names the lease number it took the run with; where another one has taken it since, the row is
not found and the transaction is given up. So what a worker commits late, having been taken for dead, is refused.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, Update, func, insert, select, update

from engine.automation.run_rows import position_of, row_of_new, run_of_row, step_row
from engine.automation.run_state import LeaseLost, Run, RunState
from engine.automation.stored_values import from_stored
from engine.automation.taking import others_of, taking_of
from engine.storage.system_tables import SystemTables

FAILED_TRY = "failed"
_LOG = logging.getLogger("fieldstone.automation")


@contextmanager
def unless_lost(run: Run) -> Iterator[None]:
    """Do a block; where the run is another worker's now, leave it to that one and say so in the log."""
    try:
        yield
    except LeaseLost:
        _LOG.warning("run %s was taken over by another worker", run.id)


class Ledger:
    """Reads and writes fs_run and fs_run_step."""

    def __init__(self, system: SystemTables) -> None:
        self._run = system.run
        self._step = system.run_step

    @property
    def table(self) -> Table:
        """The table of runs."""
        return self._run

    def add(self, connection: Connection, runs: Sequence[Run], *, to_workers: bool = True) -> None:
        """Write new runs; those that are over already carry their end, workers take the others up.

        to_workers: otherwise whoever adds them sees that they are done.
        """
        if runs:
            connection.execute(insert(self._run), [row_of_new(run, to_workers=to_workers) for run in runs])

    def load(self, connection: Connection, run_id: str) -> Run | None:
        """Read a run."""
        row = connection.execute(select(self._run).where(self._run.c.id == run_id)).mappings().first()
        return None if row is None else run_of_row(row)

    def take(self, connection: Connection, run_id: str, segment: int, *, executor: str, now: dt.datetime) -> Run | None:
        """Make the run this worker's own; None where it is over or another piece of it is due.

        Where others of its rule and record are not over (`beside`), whoever takes it says whether it has its turn.
        """
        run = self._run
        asked = select(run, others_of(run).label("beside")).where(run.c.id == run_id).with_for_update(of=run)
        found = connection.execute(asked).mappings().first()
        if found is None:
            return None
        taking = taking_of(found, segment, executor=executor, now=now, beside=bool(found["beside"]))
        if taking is None:
            return None
        taken, values = taking
        values |= {"state": RunState.RUNNING, "due_at": None, "held_by": None}
        connection.execute(update(run).where(run.c.id == run_id).values(**values))
        return taken

    def advance(
        self, connection: Connection, run: Run, *, actions: int = 0, rows: int = 0, progress: bool = True
    ) -> None:
        """Count an action; the first statement of a step's transaction, which holds the run's row from then on.

        progress: the step will be done with this transaction, so the tries and crashes before it are forgotten.

        Raises:
            LeaseLost: the run is another worker's now.
        """
        table = self._run
        more = {"attempt": 0, "position": position_of(run)} if progress else {}
        self._fenced(connection, run, actions=table.c.actions + actions, rows=table.c.rows + rows, **more)

    def pause(
        self,
        connection: Connection,
        run: Run,
        *,
        due_at: dt.datetime | None,
        tries: int,
        error: str | None = None,
        held_by: str | None = None,
    ) -> int:
        """Let the run wait for its next piece, and give that piece's number.

        held_by: what it waits for beside a moment.
        """
        segment = run.segment + 1
        self._fenced(
            connection,
            run,
            state=RunState.WAITING,
            due_at=due_at,
            attempt=tries,
            error=error,
            held_by=held_by,
            position=position_of(run, segment=segment),
        )
        return segment

    def begin_failing(self, connection: Connection, run: Run, error: Mapping[str, Any]) -> Run:
        """Note what the run failed of, so that what is done about it goes on after a crash; give the run so."""
        failing = replace(run, failing=dict(error), failures=run.failures + 1, tries=0, error=str(error["message"]))
        self._fenced(connection, run, attempt=0, error=failing.error, position=position_of(failing))
        return failing

    def finish(
        self,
        connection: Connection,
        run: Run,
        state: RunState,
        *,
        now: dt.datetime,
        outcome: str,
        error: str | None = None,
    ) -> bool:
        """End the run; say whether another one waits for that."""
        table = self._run
        ended = {"state": state, "outcome": outcome, "error": error, "finished_at": now, "due_at": None, "turn": 0}
        found = connection.execute(self._own(run).values(**ended).returning(table.c.followed)).first()
        if found is None:
            raise LeaseLost
        return bool(found[0])

    def add_step(self, connection: Connection, run: Run, path: str, **more: Any) -> None:
        """Write what one try of a step did; more: as `step_row` takes it."""
        connection.execute(insert(self._step).values(**step_row(run, path, **more)))

    def steps(self, connection: Connection, run_id: str) -> tuple[dict[str, Any], dict[str, int]]:
        """Give path → result of the steps that are done, and path → number of tries that failed."""
        step = self._step
        columns = (step.c.path, step.c.attempt, step.c.outcome, step.c.result)
        done: dict[str, Any] = {}
        tries: dict[str, int] = {}
        for path, attempt, outcome, result in connection.execute(select(*columns).where(step.c.run_id == run_id)):
            if outcome == FAILED_TRY:
                tries[path] = max(tries.get(path, 0), attempt)
            else:
                done[path] = from_stored(result)
        return done, tries

    def used_by_root(self, connection: Connection, root: str) -> tuple[int, int]:
        """Give the actions and rows of all runs with a root cause."""
        run = self._run
        found = connection.execute(
            select(func.coalesce(func.sum(run.c.actions), 0), func.coalesce(func.sum(run.c.rows), 0)).where(
                run.c.root_cause == root
            )
        ).one()
        return int(found[0]), int(found[1])

    def earlier_of_root(self, connection: Connection, root: str, rules: Iterable[str]) -> list[tuple[str, str | None]]:
        """Give (rule, record) of each run with a root cause, of some rules, that did not skip."""
        run = self._run
        rows = connection.execute(
            select(run.c.rule, run.c.record_id).where(
                run.c.root_cause == root, run.c.rule.in_(list(rules)), run.c.state != RunState.SKIPPED.value
            )
        )
        return [(rule, record_id) for rule, record_id in rows]

    def _fenced(self, connection: Connection, run: Run, **values: object) -> None:
        if connection.execute(self._own(run).values(**values)).rowcount != 1:
            raise LeaseLost

    def _own(self, run: Run) -> Update:
        table = self._run
        return update(table).where(table.c.id == run.id, table.c.lease == run.lease, table.c.state == RunState.RUNNING)
