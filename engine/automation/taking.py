"""Makes due runs a worker's own: what their rows get, and the quick way, one statement that is its own transaction.

The quick way is for a run that is alone of its rule and record; what is beside others is taken in a transaction, in
which somebody judges whether it has its turn (see `turns`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)

from engine.automation.run_rows import position_of, run_of_row
from engine.automation.run_state import OPEN_STATES, Run, RunState
from engine.automation.unreadable import UNREADABLE
from engine.expressions.sql.runtime import runtime
from engine.records.statements import Prepared, result_converter
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_automation import is_open
from engine.storage.system_tables import SystemTables

# Where a run stands that was decided and that nobody has begun (see `row_of_new`).
_NEW = {"segment": 0, "begun": 0}


class NotAlone:
    """A run could not be taken by one statement alone."""


class Taker:
    """Takes runs the quick way."""

    def __init__(self, database: Database, system: SystemTables) -> None:
        self._statements = _Statements(database, system.run, others_of(system.run))

    def take_new(self, run_ids: Sequence[str], *, executor: str, now: dt.datetime) -> dict[str, Run]:
        """Make new runs this worker's own, all by one statement; those that are left out are taken one by one.

        Left out is what somebody has begun, what is not alone of its rule and record, and what cannot be read.
        """
        found = {}
        with suppress(*UNREADABLE):
            for row in self._statements.take_all_new(run_ids, executor=executor, now=now):
                with suppress(*UNREADABLE):
                    run = run_of_row(row)
                    found[run.id] = run
        return found

    def take(self, run_id: str, segment: int, *, executor: str, now: dt.datetime) -> Run | NotAlone | None:
        """Make the run this worker's own; None where it is over or another piece of it is due.

        Gives NotAlone, and takes nothing, where others of its rule and record are not over, or somebody changed it
        meanwhile.
        """
        if segment == 0 and (run := self._statements.take_new(run_id, executor=executor, now=now)) is not None:
            return run
        found = self._statements.find(run_id)
        if found is None:
            return None
        row, beside = found
        taking = taking_of(row, segment, executor=executor, now=now, beside=beside)
        if taking is None:
            return None
        taken, values = taking
        if taken.beside or not self._statements.take(row, values):
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
    """Makes a run a worker's own without a transaction: one way to the server for a new run that is alone, else two."""

    def __init__(self, database: Database, run: Table, beside: ColumnElement[bool]) -> None:
        dialect = database.engine.dialect
        columns = [*run.c, beside.label("beside")]
        self._database = database
        self._names = tuple(column.name for column in run.c)
        self._converts = [(at, made) for at, c in enumerate(run.c) if (made := result_converter(c.type, dialect))]
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
        # What no worker has touched yet is known without being read.
        new = (
            run.c.lease == 0,
            run.c.state == RunState.QUEUED.value,
            run.c.position == literal(_NEW, run.c.position.type),
            not_(beside),
        )
        begun = {
            "lease": 1,
            "executor": runtime("executor", run.c.executor.type),
            "started_at": func.coalesce(run.c.started_at, runtime("now", run.c.started_at.type)),
            "turn": 1,
            "position": literal({**_NEW, "begun": 1}, run.c.position.type),
        }
        one = run.c.id == runtime("run_id", run.c.id.type)
        self._take_new = Prepared(update(run).where(one, *new).values(**begun, **more).returning(*run.c), dialect)
        some = run.c.id.in_(bindparam("run_ids", expanding=True))
        told = {
            "executor": bindparam("executor", type_=run.c.executor.type),
            "started_at": func.coalesce(run.c.started_at, bindparam("now", type_=run.c.started_at.type)),
        }
        self._take_all = update(run).where(some, *new).values(**(begun | told), **more).returning(*run.c)

    def take_new(self, run_id: str, *, executor: str, now: dt.datetime) -> Run | None:
        """Make a run that nobody has begun this worker's; None where it is no such run, or others are beside it."""
        with self._committing() as connection:
            given = {"run_id": run_id, "executor": executor, "now": now}
            found = self._take_new.row(connection, self._database, given)
        return None if found is None else run_of_row(self._named(found))

    def take_all_new(self, run_ids: Sequence[str], *, executor: str, now: dt.datetime) -> Sequence[Mapping[Any, Any]]:
        """Make those of the runs that nobody has begun this worker's, where no others are beside them."""
        with self._committing() as connection:
            given = {"run_ids": list(run_ids), "executor": executor, "now": now}
            return connection.execute(self._take_all, given).mappings().all()

    def find(self, run_id: str) -> tuple[Mapping[str, Any], bool] | None:
        """Read a run's row, and whether others of its rule and record are not over; None where there is no such run."""
        with self._database.read() as connection:
            found = self._ask.row(connection, self._database, {"run_id": run_id})
        if found is None:
            return None
        return self._named(found), bool(found[-1])

    def take(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Make it this worker's; False where it is not as it was read any more."""
        given = {f"new_{name}": value for name, value in values.items()}
        given |= {"run_id": row["id"], "seen_lease": row["lease"], "seen_state": row["state"]}
        with self._committing() as connection:
            return self._take.change(connection, self._database, given) == 1

    def _committing(self) -> AbstractContextManager[Connection]:
        """Give a connection on which one statement is a transaction."""
        return self._database.read() if self._database.dialect is Dialect.POSTGRESQL else self._database.write()

    def _named(self, found: Sequence[Any]) -> dict[str, Any]:
        values = list(found)
        for at, convert in self._converts:
            values[at] = convert(values[at])
        return dict(zip(self._names, values, strict=False))
