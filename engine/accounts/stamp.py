"""Tells every process that something about accounts has changed, so that what it keeps in memory is read anew.

One number in fs_stamp: it is raised in the transaction of each change of roles, users, credentials and tokens. Asking
for it costs nothing while somebody watches (`refresh` twice a second); without a watcher it is read when it is old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, Table, select, update

from engine.accounts.upsert import insert_if_absent
from engine.storage.database import Database

STAMP_NAME = "accounts"
MAX_AGE_S = 1.0
UNSETTLED_S = 2.0


class AccountStamp:
    """Raise and read the number; safe between threads."""

    def __init__(self, database: Database, table: Table, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._table = table
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._value = 0
        self._changes_here = 0
        self._unsettled_until = 0.0

    def raise_in(self, connection: Connection) -> None:
        """Raise the number within a transaction.

        Until `settle` is called after the commit, or for a while without it, this process keeps nothing in memory: a
        request that comes right after the commit must not meet what another one read right before it.
        """
        insert_if_absent(connection, self._table, {"name": STAMP_NAME, "value": 0})
        mine = self._table.c.name == STAMP_NAME
        connection.execute(update(self._table).where(mine).values(value=self._table.c.value + 1))
        with self._lock:
            self._changes_here += 1
            self._unsettled_until = self._monotonic() + UNSETTLED_S

    def settle(self) -> None:
        """Say that the change is committed: what is read from now on may be kept again."""
        with self._lock:
            self._changes_here += 1
            self._unsettled_until = 0.0

    def current(self) -> tuple[int, int]:
        """Give what kept things are compared with: equal means that nothing has changed."""
        now = self._monotonic()
        if now < self._unsettled_until:
            with self._lock:
                self._changes_here += 1
        elif self._read_at is None or now - self._read_at > MAX_AGE_S:
            self.refresh()
        return (self._value, self._changes_here)

    def refresh(self) -> None:
        """Read the number; for whoever watches the stamps of this process."""
        with self._database.read() as connection:
            value = connection.execute(select(self._table.c.value).where(self._table.c.name == STAMP_NAME)).scalar()
        with self._lock:
            self._value, self._read_at = int(value or 0), self._monotonic()
