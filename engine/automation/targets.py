"""Circuit breakers: what rules call outside, by name; one that keeps failing is paused for all rules that call it.

Failures in a row are counted over all runs. At the limit the target is paused; runs that come to it wait, holding no
thread and using up no try. When the pause is over one of them tries: its success opens the target for all, its
failure pauses it for twice as long. A person may end a pause, which lets the runs that wait for it go on at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.automation.run_state import RunState, TargetPaused
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

_LONGEST_REASON = 2_000


class Call(StrEnum):
    """How a call of a target stands: nothing is wrong with it, it has failed lately, or this one tries it again."""

    SOUND = "sound"
    SHAKY = "shaky"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What is known of a target that has failed. failures: in a row. paused_until: None while it may be called."""

    name: str
    failures: int
    paused_until: dt.datetime | None
    error: str | None
    at: dt.datetime
    waiting: int = 0


class Targets:
    """Reads and writes fs_target."""

    def __init__(self, *, database: Database, system: SystemTables, clock: Clock, tuning: Tuning) -> None:
        self._database = database
        self._target = system.target
        self._run = system.run
        self._clock = clock
        self._tuning = tuning

    def require(self, name: str) -> Call:
        """Make sure that a target may be called now; say how the call stands, for what is noted of it.

        Raises:
            TargetPaused: it is paused, or another run tries it just now.
        """
        target, now = self._target, self._clock.now()
        with self._database.read() as connection:
            row = connection.execute(select(target).where(target.c.name == name)).first()
        if row is None:
            return Call.SOUND
        if row.paused_until is None:
            return Call.SHAKY if row.failures else Call.SOUND
        if row.paused_until > now:
            raise self._paused(name, row.paused_until, row.failures, row.error)
        # The pause is over: whoever moves its end is the one that tries, the others wait for what comes of it.
        following = now + dt.timedelta(seconds=self._tuning.first_break_s)
        with self._database.write() as connection:
            claimed = connection.execute(
                update(target)
                .where(target.c.name == name, target.c.paused_until == row.paused_until)
                .values(paused_until=following)
            )
        if claimed.rowcount != 1:
            raise self._paused(name, following, row.failures, row.error)
        return Call.TRIAL

    def answered(self, name: str, call: Call) -> None:
        """Note that a target works; where it had failed, the runs that wait for it go on."""
        if call is Call.SOUND:
            return
        with self._database.write() as connection:
            self._open(connection, name)

    def failed(self, name: str, reason: str, call: Call) -> None:
        """Count a failure; pause the target after too many in a row."""
        target, now, tuning = self._target, self._clock.now(), self._tuning
        make = postgresql_insert if self._database.dialect is Dialect.POSTGRESQL else sqlite_insert
        seen = {"failures": 1, "pauses": 0, "error": reason[:_LONGEST_REASON], "at": now}
        again = {"failures": target.c.failures + 1, "error": seen["error"], "at": now}
        with self._database.write() as connection:
            row = connection.execute(
                make(target)
                .values(name=name, **seen)
                .on_conflict_do_update(index_elements=["name"], set_=again)
                .returning(target.c.failures, target.c.pauses)
            ).one()
            if row.failures >= tuning.failures_to_pause:
                until = now + dt.timedelta(seconds=tuning.break_after(row.pauses))
                paused = {"paused_until": until, "pauses": target.c.pauses + 1}
                change = update(target).where(target.c.name == name)
                if call is not Call.TRIAL:
                    # Calls that were under way when it was paused fail too, and do not lengthen the pause.
                    change = change.where(target.c.paused_until.is_(None))
                connection.execute(change.values(**paused))

    def end_pause(self, connection: Connection, name: str) -> bool:
        """Let a target be called again at once; False where it is not paused."""
        target = self._target
        paused = (target.c.name == name, target.c.paused_until.is_not(None))
        if connection.execute(select(target.c.name).where(*paused)).first() is None:
            return False
        self._open(connection, name)
        return True

    def all(self) -> Sequence[TargetState]:
        """Give the targets that have failed and not worked since, the paused ones first."""
        target, run = self._target, self._run
        with self._database.read() as connection:
            rows = connection.execute(select(target).where(target.c.failures > 0).order_by(target.c.name)).all()
            held = [run.c.state == RunState.WAITING.value, run.c.held_by.in_([held_by(row.name) for row in rows])]
            waiting = connection.execute(select(run.c.held_by).where(*held)).scalars().all() if rows else []
        found = [
            TargetState(
                name=row.name,
                failures=row.failures,
                paused_until=row.paused_until,
                error=row.error,
                at=row.at,
                waiting=waiting.count(held_by(row.name)),
            )
            for row in rows
        ]
        return sorted(found, key=lambda each: each.paused_until is None)

    def _open(self, connection: Connection, name: str) -> None:
        target, run, now = self._target, self._run, self._clock.now()
        connection.execute(
            update(target).where(target.c.name == name).values(failures=0, pauses=0, paused_until=None, at=now)
        )
        connection.execute(
            update(run)
            .where(run.c.state == RunState.WAITING.value, run.c.held_by == held_by(name), run.c.due_at > now)
            .values(due_at=now)
        )

    def _paused(self, name: str, until: dt.datetime, failures: int, error: str | None) -> TargetPaused:
        reason = f"The target '{name}' is paused since it failed {failures} times in a row. Last error: {error}"
        return TargetPaused(name, until, reason)


def held_by(name: str) -> str:
    """Name what a run is held by that waits for a target."""
    return f"target {name}"
