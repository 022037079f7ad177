"""Remembers for a day what came in, by its sender's key: what comes a second time has no effect.

The memory is written in the transaction of what the first one starts, so either both stand or neither.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

_KEPT_FOR = dt.timedelta(hours=24)


def is_first(
    connection: Connection, system: SystemTables, dialect: Dialect, *, sender: str, key: str, now: dt.datetime
) -> bool:
    """Note a key of a sender; False where it was there within the last day."""
    table = system.idempotency
    connection.execute(delete(table).where(table.c.created_at < now - _KEPT_FOR))
    insert = postgresql.insert if dialect is Dialect.POSTGRESQL else sqlite.insert
    hashed = hashlib.sha256(key.encode()).hexdigest()
    row = {"actor": sender, "key": hashed, "request_hash": "", "state": "received", "created_at": now}
    noted = insert(table).values(row).on_conflict_do_nothing().returning(table.c.key)
    return connection.execute(noted).first() is not None
