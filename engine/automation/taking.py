"""Makes a due run a worker's own: what its row gets, and the quick way, one statement that is its own transaction.

The quick way is for a run that is alone of its rule and record; what is beside others is taken in a transaction, in
which somebody judges whether it has its turn (see `turns`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, null, or_, select, update

from engine.automation.run_rows import position_of, run_of_row
from engine.automation.run_state import OPEN_STATES, Run, RunState
from engine.expressions.sql.runtime import runtime
from engine.records.statements import Prepared, result_converter
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_automation import is_open
from engine.storage.system_tables import SystemTables


class NotAlone:
    """A run could not be taken by one statement alone."""


class Taker:
    """Takes runs the quick way."""

    def __init__(self, database: Database, system: SystemTables) -> None:
        self._statements = _Statements(database, system.run, others_of(system.run))

    def take(self, run_id: str, segment: int, *, executor: str, now: dt.datetime) -> Run | NotAlone | None:
        """Make the run this worker's own; None where it is over or another piece of it is due.

        Gives NotAlone, and takes nothing, where others of its rule and record are not over, or somebody changed it
        meanwhile.
        """
        found = self._statements.find(run_id)
        if found is None:
            return None
        row, beside = found
        taking = taking_of(row, segment, executor=executor, now=now, beside=beside)
        if taking is None:
            return None
        taken, values = taking
        if taken.beside or not self._statements.take(run_of_row(row), values):
            return NotAlone()
        return taken


def taking_of(
    row: Mapping[Any, Any], segment: int, *, executor: str, now: dt.datetime, beside: bool
) -> tuple[Run, dict[str, Any]] | None:
    """Give a run as it is once taken, and what its row gets; None where it is over or another piece of it is due."""
    current = run_of_row(row)
    if current.state not in OPEN_STATES or current.segment != segment:
        return None
    # A worker that takes its own run again only waited for the database; that is no death of a worker.
    again = current.state is RunState.RUNNING and row["executor"] == executor
    begun = current.begun + (0 if again else 1)
    has_turn = current.turn or not beside
    values = {
        "lease": current.lease + 1,
        "executor": executor,
        "started_at": row["started_at"] or (now if has_turn else None),
        "turn": int(has_turn),
        "position": position_of(current, begun=begun),
    }
    taken = replace(
        current,
        lease=current.lease + 1,
        state=RunState.RUNNING,
        begun=begun,
        turn=has_turn,
        beside=not has_turn,
    )
    return taken, values


def others_of(run: Table) -> ColumnElement[bool]:
    """Ask whether other runs of the same rule and record are not over."""
    # Two questions, each for the index of open runs, which `IS NOT DISTINCT FROM` would not use.
    other = run.alias("other")
    alike = (is_open("other."), other.c.rule == run.c.rule, other.c.id != run.c.id)
    of_record = exists(select(other.c.id).where(*alike, other.c.record_id == run.c.record_id))
    of_none = exists(select(other.c.id).where(*alike, other.c.record_id.is_(None)))
    return or_(of_record, and_(run.c.record_id.is_(None), of_none))


class _Statements:
    """Reads a run that is due and makes it a worker's own, in two ways to the server and without a transaction."""

    def __init__(self, database: Database, run: Table, beside: ColumnElement[bool]) -> None:
        dialect = database.engine.dialect
        columns = [*run.c, beside.label("beside")]
        self._database = database
        self._names = tuple(column.name for column in run.c)
        self._converts = [(at, made) for at, c in enumerate(columns) if (made := result_converter(c.type, dialect))]
        self._ask = Prepared(select(*columns).where(run.c.id == runtime("run_id", run.c.id.type)), dialect)
        set_names = ("lease", "executor", "started_at", "turn", "position")
        given = {name: runtime(f"new_{name}", run.c[name].type) for name in set_names}
        mine = (
            run.c.id == runtime("run_id", run.c.id.type),
            run.c.lease == runtime("seen_lease", run.c.lease.type),
            run.c.state == runtime("seen_state", run.c.state.type),
        )
        more = {"state": RunState.RUNNING.value, "due_at": null(), "held_by": null()}
        self._take = Prepared(update(run).where(*mine).values(**given, **more), dialect)

    def find(self, run_id: str) -> tuple[Mapping[str, Any], bool] | None:
        """Read a run's row, and whether others of its rule and record are not over; None where there is no such run."""
        with self._database.read() as connection:
            found = self._ask.row(connection, self._database, {"run_id": run_id})
        if found is None:
            return None
        values = list(found)
        for at, convert in self._converts:
            values[at] = convert(values[at])
        return dict(zip(self._names, values, strict=False)), bool(values[-1])

    def take(self, run: Run, values: Mapping[str, Any]) -> bool:
        """Make it this worker's; False where it is not as it was read any more."""
        given = {f"new_{name}": value for name, value in values.items()}
        given |= {"run_id": run.id, "seen_lease": run.lease, "seen_state": run.state.value}
        open_one = self._database.read if self._database.dialect is Dialect.POSTGRESQL else self._database.write
        with open_one() as connection:
            return self._take.change(connection, self._database, given) == 1
