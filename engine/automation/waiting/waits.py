"""Runs that wait until a condition holds, as rows of fs_wait with the keys of what the condition has read.

A save notes what it touched in its own transaction (fs_touched); the housekeeping of whichever worker finds that lets
the runs that wait for it look again. A run that begins to wait looks once more after its keys are written: what was
saved in between was seen by that look, what is saved later finds the keys. So no save is missed, and none waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update

from engine.automation.durable import RunQueue
from engine.automation.run_state import OPEN_STATES, RunState
from engine.automation.waiting.seen import Awaited, keys_of
from engine.clock import Clock
from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveEvent
from engine.records.statements import Prepared
from engine.records.transaction import Transaction
from engine.storage.system_tables import SystemTables

CONDITION = "condition"
"""What a run that waits until a condition holds is held by."""
_AT_ONCE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_AT_A_TIME = 200
_KEYS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is known of a run that waits: where it times out, and what its condition has read."""

    until: dt.datetime | None
    keys: frozenset[str]


class Waits:
    """Reads and writes fs_wait, fs_wait_key and fs_touched."""

    def __init__(self, system: SystemTables, queue: RunQueue, clock: Clock) -> None:
        self._system = system
        self._queue = queue
        self._clock = clock

    def note(self, transaction: Transaction, events: Iterable[SaveEvent], awaited: Awaited) -> None:
        """Note what saves touched that a run may wait for; written with what else they write."""
        keys = sorted({key for event in events for key in keys_of(event, awaited)})
        if keys:
            touched = transaction.system.touched
            prepared = transaction.parts.made(
                "touched",
                lambda: Prepared(
                    insert(touched).inline().values(keys=runtime("touched", touched.c["keys"].type)),
                    transaction.parts.dialect,
                ),
            )
            transaction.later(prepared, {"touched": keys})

    def of(self, connection: Connection, run_id: str) -> Waiting | None:
        """Give what is known of a run that waits; None where it has not begun to."""
        wait, key = self._system.wait, self._system.wait_key
        found = connection.execute(select(wait.c.until).where(wait.c.run_id == run_id)).first()
        if found is None:
            return None
        keys = connection.execute(select(key.c.key).where(key.c.run_id == run_id)).scalars()
        return Waiting(until=found[0], keys=frozenset(keys))

    def begin(self, connection: Connection, run_id: str, until: dt.datetime | None, keys: frozenset[str]) -> None:
        """Write that a run waits, and for what."""
        self.forget(connection, run_id)
        connection.execute(insert(self._system.wait).values(run_id=run_id, until=until, look_at=until))
        if keys:
            rows = [{"key": key, "run_id": run_id} for key in sorted(keys)]
            connection.execute(insert(self._system.wait_key), rows)

    def forget(self, connection: Connection, run_id: str) -> None:
        """Take away that a run waits."""
        for table in (self._system.wait_key, self._system.wait):
            connection.execute(delete(table).where(table.c.run_id == run_id))

    def have_news(self, connection: Connection) -> bool:
        """Say whether there is anything to tell, or anybody to look again."""
        touched, due = self._system.touched, self._system.wait.c.look_at <= self._clock.now()
        asked = select(exists(select(touched.c.id)), exists(select(self._system.wait.c.run_id).where(due)))
        return any(connection.execute(asked).one())

    def tell(self, connection: Connection) -> bool:
        """Mark the runs that wait for what saves touched; say whether there may be more to tell."""
        touched = self._system.touched
        query = select(touched.c.id, touched.c["keys"]).order_by(touched.c.id).limit(_AT_A_TIME)
        rows = connection.execute(query.with_for_update(skip_locked=True)).all()
        if not rows:
            return False
        keys = sorted({key for _, found in rows for key in found})
        waiting = {run_id for part in _parts(keys) for run_id in self._waiting_for(connection, part)}
        wait = self._system.wait
        for some in _parts(sorted(waiting)):
            # Locked in one order, so that two workers never wait for each other in a circle.
            connection.execute(
                select(wait.c.run_id).where(wait.c.run_id.in_(some)).order_by(wait.c.run_id).with_for_update()
            ).all()
            connection.execute(update(wait).where(wait.c.run_id.in_(some)).values(look_at=_AT_ONCE))
        connection.execute(delete(touched).where(touched.c.id.in_([row[0] for row in rows])))
        return len(rows) == _AT_A_TIME

    def wake(self, connection: Connection) -> bool:
        """Queue the next look of runs that are marked or have waited long enough; say whether there may be more."""
        wait, run, now = self._system.wait, self._system.run, self._clock.now()
        due = wait.c.look_at <= now
        settled = (RunState.QUEUED.value, RunState.RUNNING.value)
        rows = connection.execute(
            select(wait.c.run_id, wait.c.until, run.c.state, run.c.position)
            .join(run, run.c.id == wait.c.run_id)
            # A run that looks just now stays marked, and is found again once it waits.
            .where(due, run.c.state.not_in(settled))
            .order_by(wait.c.look_at)
            .limit(_AT_A_TIME)
            .with_for_update(skip_locked=True)
        ).all()
        for run_id, until, state, position in rows:
            if state in OPEN_STATES:
                later = until if until is not None and until > now else None
                connection.execute(update(wait).where(wait.c.run_id == run_id).values(look_at=later))
                self._look_again(connection, run_id, position)
            else:
                self.forget(connection, run_id)
        return len(rows) == _AT_A_TIME

    def _look_again(self, connection: Connection, run_id: str, position: dict[str, Any]) -> None:
        run, segment = self._system.run, int(position["segment"]) + 1
        there = {**position, "segment": segment, "begun": 0}
        values = {"state": RunState.QUEUED.value, "position": there, "due_at": None, "held_by": None, "error": None}
        connection.execute(update(run).where(run.c.id == run_id).values(**values))
        self._queue.start(connection, run_id, segment=segment)

    def _waiting_for(self, connection: Connection, keys: Sequence[str]) -> Iterable[str]:
        key = self._system.wait_key
        return connection.execute(select(key.c.run_id).where(key.c.key.in_(keys)).distinct()).scalars().all()


def _parts(of: Sequence[str]) -> Iterable[Sequence[str]]:
    return (of[at : at + _KEYS_AT_A_TIME] for at in range(0, len(of), _KEYS_AT_A_TIME))
