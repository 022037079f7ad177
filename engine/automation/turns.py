"""How runs of one rule for one record meet: each in its turn, one alone, the newest only, or side by side (`mode`).

The worker that takes a run decides, when it finds others that are not over: so no save pays for it. A run that has
its turn keeps it until its end; one that has not waits without a thread and marks who is before it, and whoever ends
with that mark starts the next. What a save decides already (`single`, `restart`) is in `admission`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, exists, func, literal, or_, select, update

from engine.automation.durable import RunQueue
from engine.automation.ledger import Ledger
from engine.automation.run_state import OPEN_STATES, Run, RunState
from engine.storage.dialect import Dialect
from engine.storage.system_automation import is_open
from engine.storage.system_tables import SystemTables

TURN = "turn"
"""What a run that waits for another one's end is held by."""
_WOKEN_AT_ONCE = 200
_ENOUGH = 20


class Verdict(StrEnum):
    """What becomes of a run that was taken beside others."""

    GO = "go"
    WAIT = "wait"
    SKIP = "skip"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another run of the same rule and record that is not over."""

    id: str
    turn: bool
    created_at: dt.datetime

    def is_before(self, run: Run) -> bool:
        """Say whether it was decided before a run."""
        return (self.created_at, self.id) < (run.created_at, run.id)


class Turns:
    """Says who has its turn."""

    def __init__(self, system: SystemTables, ledger: Ledger, queue: RunQueue) -> None:
        self._run = system.run
        self._ledger = ledger
        self._queue = queue

    def judge(self, connection: Connection, run: Run, mode: str, now: dt.datetime) -> tuple[Verdict, str]:
        """Judge a run that was taken beside others, and do what follows; give the reason where it does not go on."""
        self._alone(connection, run)
        others = self._others(connection, run, most=None if mode == "restart" else _ENOUGH)
        before = [other for other in others if other.turn or other.is_before(run)]
        if mode == "restart":
            newer = next((other for other in others if not other.is_before(run)), None)
            if newer is not None:
                return Verdict.CANCELLED, cancelled_by(newer.id)
            self.cancel(connection, [other.id for other in others], by=run.id, now=now)
            before = []
        if mode == "parallel" or not before:
            self._let_in(connection, run, now)
            return Verdict.GO, ""
        if mode == "single":
            return Verdict.SKIP, under_way(before[0].id)
        return self._queued(connection, run, before, now)

    def pass_on(self, connection: Connection, run: Run) -> None:
        """Start the run that waits longest for the end of this one."""
        table = self._run
        waiting = connection.execute(
            select(table.c.id, table.c.position)
            .where(*self._alike(run), table.c.state == RunState.WAITING.value, table.c.held_by == TURN)
            .order_by(table.c.created_at, table.c.id)
            .limit(1)
        ).first()
        if waiting is not None:
            self._wake(connection, waiting.id, waiting.position)

    def wake_forgotten(self, connection: Connection) -> int:
        """Start runs that wait for the end of others that are over; give how many there were.

        None wait so unless something outside ended the others.
        """
        table, other = self._run, self._run.alias("other")
        alike = (is_open("other."), other.c.rule == table.c.rule, other.c.id != table.c.id)
        same = or_(
            other.c.record_id == table.c.record_id, and_(other.c.record_id.is_(None), table.c.record_id.is_(None))
        )
        earlier = or_(
            other.c.turn == 1,
            other.c.created_at < table.c.created_at,
            and_(other.c.created_at == table.c.created_at, other.c.id < table.c.id),
        )
        rows = connection.execute(
            select(table.c.id, table.c.position)
            .where(table.c.state == RunState.WAITING.value, table.c.held_by == TURN)
            .where(~exists(select(other.c.id).where(*alike, same, earlier)))
            .limit(_WOKEN_AT_ONCE)
        ).all()
        for row in rows:
            self._wake(connection, row.id, row.position)
        return len(rows)

    def cancel(self, connection: Connection, ids: Sequence[str], *, by: str, now: dt.datetime) -> int:
        """End runs that are not over, for one that starts again; what a worker still does of them is refused.

        Waits for those that are in the middle of a step.
        """
        table = self._run
        if not ids:
            return 0
        done = connection.execute(
            update(table)
            .where(table.c.id.in_(list(ids)), table.c.state.in_([state.value for state in OPEN_STATES]))
            .values(
                state=RunState.CANCELLED.value,
                outcome="restarted",
                error=cancelled_by(by),
                lease=table.c.lease + 1,
                turn=0,
                due_at=None,
                held_by=None,
                finished_at=now,
            )
        )
        return done.rowcount

    def _queued(
        self, connection: Connection, run: Run, before: Sequence[Other], now: dt.datetime
    ) -> tuple[Verdict, str]:
        table = self._run
        for other in before:
            marked = connection.execute(
                update(table)
                .where(table.c.id == other.id, table.c.state.in_([state.value for state in OPEN_STATES]))
                .values(followed=1)
            )
            # One that ended meanwhile is none to wait for.
            if marked.rowcount == 1:
                reason = f"It waits for the end of run {other.id} of the same rule for the same record."
                self._ledger.pause(connection, run, due_at=None, tries=0, error=reason, held_by=TURN)
                return Verdict.WAIT, reason
        self._let_in(connection, run, now)
        return Verdict.GO, ""

    def _wake(self, connection: Connection, run_id: str, position: Any) -> None:
        table = self._run
        # Marked as followed: at its end it looks for the next one, if there is one.
        changed = connection.execute(
            update(table)
            .where(table.c.id == run_id, table.c.state == RunState.WAITING.value, table.c.held_by == TURN)
            .values(state=RunState.QUEUED.value, held_by=None, error=None, followed=1)
        )
        if changed.rowcount == 1:
            self._queue.start(connection, run_id, segment=position["segment"])

    def _let_in(self, connection: Connection, run: Run, now: dt.datetime) -> None:
        table = self._run
        begun = {"turn": 1, "started_at": func.coalesce(table.c.started_at, literal(now, table.c.started_at.type))}
        connection.execute(update(table).where(table.c.id == run.id).values(**begun))

    def _others(self, connection: Connection, run: Run, *, most: int | None) -> list[Other]:
        table = self._run
        rows = connection.execute(
            select(table.c.id, table.c.turn, table.c.created_at)
            .where(*self._alike(run), is_open(), table.c.id != run.id)
            .order_by(table.c.turn.desc(), table.c.created_at, table.c.id)
            .limit(most)
        )
        return [Other(id=row.id, turn=bool(row.turn), created_at=row.created_at) for row in rows]

    def _alike(self, run: Run) -> tuple[ColumnElement[bool], ...]:
        return self._run.c.rule == run.rule, self._run.c.record_id == run.record_id

    def _alone(self, connection: Connection, run: Run) -> None:
        """Let no two of the same rule and record be judged at once; SQLite has one writer at a time anyway."""
        if connection.dialect.name != Dialect.POSTGRESQL.value:
            return
        digest = hashlib.sha256(f"fieldstone turn {run.rule} {run.record_id}".encode()).digest()
        key = literal(int.from_bytes(digest[:8], "big", signed=True), BigInteger())
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def under_way(run_id: str) -> str:
    """Say why a run was left out by `mode single`."""
    return f"Run {run_id} of the same rule for the same record is under way, and the rule says 'mode single'."


def cancelled_by(run_id: str) -> str:
    """Say why a run was ended by `mode restart`."""
    return f"The rule was started again for the same record by run {run_id}, and says 'mode restart'."
