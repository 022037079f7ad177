"""What a person does with failed runs, one or many: let them go on at the step that failed, or put them aside.

Who may, and which runs a person sees, is the `run_log`'s to judge; here rows are moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, update

from engine.automation.durable import RunQueue
from engine.automation.run_rows import position_of, run_of_row
from engine.automation.run_state import RunState
from engine.automation.unreadable import UNREADABLE_OUTCOME
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_IN_ONE_TRANSACTION = 100


class RunActs:
    """Retries and dismisses runs by their rows."""

    def __init__(self, database: Database, system: SystemTables, queue: RunQueue) -> None:
        self._database = database
        self._run = system.run
        self._queue = queue

    def retry(self, rows: Sequence[Mapping[Any, Any]]) -> int:
        """Let failed runs go on; give how many did, the others are no longer failed."""
        done = 0
        for some in _batches(rows):
            with self._database.write() as connection:
                done += sum(self._retry(connection, row) for row in some)
        return done

    def dismiss(self, rows: Sequence[Mapping[Any, Any]]) -> int:
        """Put failed runs aside: they stay on record and are not tried again; give how many were."""
        run, done = self._run, 0
        for some in _batches(rows):
            with self._database.write() as connection:
                changed = connection.execute(
                    update(run)
                    .where(run.c.id.in_([row["id"] for row in some]), run.c.state == RunState.FAILED.value)
                    .values(state=RunState.DISMISSED.value)
                )
                done += changed.rowcount
        return done

    def _retry(self, connection: Connection, row: Mapping[Any, Any]) -> bool:
        if row["outcome"] == UNREADABLE_OUTCOME:
            # What it was about is lost: it would do something else.
            return False
        run, failed = self._run, run_of_row(row)
        segment = failed.segment + 1
        changed = connection.execute(
            update(run)
            .where(run.c.id == failed.id, run.c.state == RunState.FAILED.value, run.c.lease == failed.lease)
            .values(
                state=RunState.QUEUED.value,
                error=None,
                outcome=None,
                finished_at=None,
                attempt=0,
                turn=0,
                # What it does on failure is done anew where it fails again.
                position=position_of(replace(failed, failing=None), segment=segment),
            )
        )
        if changed.rowcount != 1:
            return False
        self._queue.start(connection, failed.id, segment=segment)
        return True


def _batches(rows: Sequence[Mapping[Any, Any]]) -> Iterable[Sequence[Mapping[Any, Any]]]:
    for start in range(0, len(rows), _IN_ONE_TRANSACTION):
        yield rows[start : start + _IN_ONE_TRANSACTION]
