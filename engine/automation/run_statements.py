"""A step's row with its fence, and the end of a run with its last step, written with all else that the step writes.

The texts are kept: a Core statement costs more to build and look up than these take to run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, null, select, update

from engine.automation.run_state import LeaseLost, Run, RunState
from engine.expressions.sql.runtime import runtime
from engine.records.statements import Prepared
from engine.records.together import Waiting
from engine.records.transaction import Transaction
from engine.storage.dialect import Dialect

_STEP = ("run_id", "path", "attempt", "kind", "outcome", "result", "error", "effects", "at", "finished_at")


def write_step(
    transaction: Transaction,
    run: Run,
    step: Mapping[str, Any],
    *,
    counted: Mapping[str, int],
    position: Mapping[str, Any],
    end: End | None = None,
) -> None:
    """Let a step's row be written with all else that the step writes, where the run is still whose it was.

    step: columns of fs_run_step. counted: actions and rows that are added to the run's. end: how the run ends with it.

    Raises: LeaseLost, from here or when the transaction sends what it writes.
    """
    given: dict[str, Any] = {f"more_{name}": count for name, count in counted.items()}
    given |= {"run_id": run.id, "run_lease": run.lease, "new_position": position}
    if end is not None:
        given |= {"new_outcome": end.outcome, "new_finished_at": end.at}
    prepared = transaction.parts.made(("run fence", end is None), lambda: _fence(transaction, ends=end is not None))
    transaction.let_wait(
        Waiting(
            prepared=prepared,
            given=given,
            object_key=None,
            counted=_must_be_one,
            explain=None,
            gives=("followed",) if end is not None else (),
            given_back=end.told if end is not None else None,
        )
    )
    inserted = transaction.parts.made("run step", lambda: _step(transaction))
    transaction.later(inserted, {f"step_{name}": value for name, value in step.items()})
    if end is not None:
        sound = transaction.parts.made("rule sound", lambda: _sound(transaction))
        transaction.later(sound, {"rule": run.rule, "now": end.at})


@dataclass(slots=True, kw_only=True)
class End:
    """How a run ends with its last step. followed: whether another run waits for that, None where it was not told."""

    outcome: str
    at: dt.datetime
    followed: bool | None = None

    def told(self, values: Sequence[Any]) -> None:
        """Take what the run's row says."""
        self.followed = bool(values[0]) if values else None


def is_followed(transaction: Transaction, run: Run, end: End) -> bool:
    """Say whether another run waits for the end of this one, once its end is sent."""
    if end.followed is None:
        asked = transaction.parts.made("run followed", lambda: _followed(transaction))
        return bool(transaction.row(asked, {"run_id": run.id})[0])
    return end.followed


def _followed(transaction: Transaction) -> Prepared:
    run = transaction.system.run
    asked = select(run.c.followed).where(run.c.id == runtime("run_id", run.c.id.type))
    return Prepared(asked, transaction.parts.dialect)


def _must_be_one(count: int) -> None:
    if count != 1:
        raise LeaseLost


def _fence(transaction: Transaction, *, ends: bool) -> Prepared:
    run = transaction.system.run
    mine = (
        run.c.id == runtime("run_id", run.c.id.type),
        run.c.lease == runtime("run_lease", run.c.lease.type),
        run.c.state == RunState.RUNNING.value,
    )
    values: dict[str, Any] = {
        name: run.c[name] + runtime(f"more_{name}", run.c[name].type) for name in ("actions", "rows")
    }
    values |= {"attempt": 0, "position": runtime("new_position", run.c.position.type)}
    if ends:
        values |= {name: runtime(f"new_{name}", run.c[name].type) for name in ("outcome", "finished_at")}
        values |= {"state": RunState.DONE.value, "error": null(), "due_at": null(), "turn": 0}
    statement = update(run).where(*mine).values(**values)
    if ends and transaction.database.dialect is Dialect.POSTGRESQL:
        return Prepared(statement.returning(run.c.followed), transaction.parts.dialect)
    return Prepared(statement, transaction.parts.dialect)


def _step(transaction: Transaction) -> Prepared:
    table = transaction.system.run_step
    values = {name: runtime(f"step_{name}", table.c[name].type) for name in _STEP}
    return Prepared(insert(table).inline().values(**values), transaction.parts.dialect)


def _sound(transaction: Transaction) -> Prepared:
    """A run that went well ends the failures in a row of its rule."""
    state = transaction.system.rule_state
    met = (state.c.rule == runtime("rule", state.c.rule.type), state.c.failures > 0, state.c.off_at.is_(None))
    values = {"failures": 0, "last_run_at": runtime("now", state.c.last_run_at.type)}
    return Prepared(update(state).where(*met).values(**values), transaction.parts.dialect)
