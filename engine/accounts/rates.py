"""Counts calls of users and tokens in stretches of a minute, shared by all processes, with few writes.

A process sets a part of what a caller has left aside in the database and lets calls through from that part; so the
limit is never passed, and most calls write nothing. What a process does not use of its part is lost when the minute is
over. Nobody waits for anybody else's count.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, case, update

from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.errors import EngineError
from engine.storage.database import Database

STRETCH_S = 60
_PARTS = 20
_MOST_KEPT = 10_000


class TooManyCalls(EngineError):
    """A user or token has made as many calls as it may in this minute; nothing was done."""

    def __init__(self, limit: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"More than {limit:,} calls in a minute; go on in {retry_after_s} seconds.")


@dataclass(slots=True)
class _Part:
    """What a process may still let through of a caller. is_last: nothing more is left in the stretch."""

    stretch: int
    left: int = 0
    is_last: bool = False


class CallRates:
    """Admits calls by how many there were; safe between threads. limit: calls in a minute, 0 = any number."""

    def __init__(self, database: Database, table: Table, clock: Clock, limit: int) -> None:
        self._database = database
        self._table = table
        self._clock = clock
        self._limit = limit
        self._part = max(1, limit // _PARTS)
        self._parts: dict[str, _Part] = {}
        self._lock = threading.Lock()

    def admit(self, keys: Sequence[str]) -> None:
        """Count one call of a caller, who is known by several keys.

        Raises: TooManyCalls.
        """
        if not self._limit:
            return
        now = self._clock.now().timestamp()
        stretch = int(now // STRETCH_S)
        for key in keys:
            while not self._take(key, stretch):
                part = self._kept(key, stretch)
                if part.is_last:
                    raise TooManyCalls(self._limit, max(1, int((stretch + 1) * STRETCH_S - now) + 1))
                granted = self._set_aside(key, stretch)
                with self._lock:
                    part.left += granted
                    part.is_last = granted < self._part

    def _take(self, key: str, stretch: int) -> bool:
        with self._lock:
            part = self._parts.get(key)
            if part is None or part.stretch != stretch or part.left < 1:
                return False
            part.left -= 1
            return True

    def _kept(self, key: str, stretch: int) -> _Part:
        with self._lock:
            part = self._parts.get(key)
            if part is None or part.stretch != stretch:
                if len(self._parts) >= _MOST_KEPT:
                    self._parts = {name: each for name, each in self._parts.items() if each.stretch == stretch}
                part = self._parts[key] = _Part(stretch)
            return part

    def _set_aside(self, key: str, stretch: int) -> int:
        """Give how many calls of a part were free, and count them as taken."""
        with self._database.write() as connection:
            taken = self._add(connection, key, stretch)
            if taken is None:
                insert_if_absent(connection, self._table, {"key": key, "stretch": stretch, "taken": 0})
                taken = self._add(connection, key, stretch)
        assert taken is not None, "the row was just made"
        return max(0, min(self._part, self._limit - (taken - self._part)))

    def _add(self, connection: Connection, key: str, stretch: int) -> int | None:
        rate = self._table
        before = case((rate.c.stretch == stretch, rate.c.taken), else_=0)
        added = update(rate).where(rate.c.key == key).values(stretch=stretch, taken=before + self._part)
        found = connection.execute(added.returning(rate.c.taken)).scalar()
        return None if found is None else int(found)
