"""Seals entries of the audit log behind the writers' backs: nobody who writes waits for it, or for another's entry.

On PostgreSQL entries are committed in another order than their ids are drawn. So a block ends at an id below which
nobody can come any more: all who wrote to the log when that id was the newest have ended since (`audit_writers`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.audit.digests import NO_SEAL, Sealed, SealKey, pack, sealed_columns
from engine.audit.writers import audit_writers
from engine.clock import Clock
from engine.faults import reach
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block: its number, up to which id it has all entries, and what the next one is chained to."""

    number: int = 0
    last: int = 0
    chained: bytes = NO_SEAL


@dataclass(slots=True, kw_only=True)
class AuditSealer:
    """Seals what nobody can add to any more. Two at once do no harm: one of them has its block refused."""

    database: Database
    system: SystemTables
    clock: Clock
    key: SealKey
    _waits: tuple[int, frozenset[str]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seal(self) -> int:
        """Seal all that can be sealed now; give how many entries it were."""
        with self._lock:
            done, newest = 0, self._settled()
            while (count := self._block(newest)) > 0:
                done += count
                reach("audit.sealed")
            return done

    def head(self, connection: Connection) -> Head:
        """Give the newest block."""
        table = self.system.seal
        query = select(table.c.number, table.c.last, table.c.chained).order_by(table.c.number.desc()).limit(1)
        row = connection.execute(query).first()
        return Head(row.number, row.last, bytes(row.chained)) if row is not None else Head()

    def _settled(self) -> int:
        """Give an id below which all entries are there that will ever be."""
        audit = self.system.audit
        with self.database.read() as connection:
            newest = int(connection.execute(select(func.max(audit.c.id))).scalar() or 0)
            # Asked for after the id: who drew a lower one and has not ended is among them.
            writing = audit_writers(connection, audit, self.database.dialect)
        if not writing:
            self._waits = None
            return newest
        settled = 0
        if self._waits is not None:
            awaited, writers = self._waits
            if writers & writing:
                return 0
            settled = awaited
        self._waits = (newest, writing)
        return settled

    def _block(self, newest: int) -> int:
        with self.database.read(snapshot=True) as connection:
            head = self.head(connection)
            rows = self._entries(connection, head.last, newest)
        if not rows:
            return 0
        entries = pack([Sealed(row[0], self.key.entry(row)) for row in rows])
        number, last = head.number + 1, rows[-1][0]
        block = {
            "number": number,
            "at": self.clock.now(),
            "last": last,
            "rows": len(rows),
            "entries": entries,
            "chained": self.key.block(number, last, entries, head.chained),
        }
        try:
            with self.database.write() as connection:
                connection.execute(insert(self.system.seal).values(block))
        except IntegrityError:
            # Another worker was faster with the same block.
            return 0
        return len(rows)

    def _entries(self, connection: Connection, after: int, newest: int) -> Sequence[Any]:
        audit = self.system.audit
        query = select(*sealed_columns(audit)).where(audit.c.id > after, audit.c.id <= newest)
        return connection.execute(query.order_by(audit.c.id).limit(_BLOCK)).all()
