"""Who may still add an entry to the audit log with an id that is already drawn.

A transaction takes its lock on the table before it draws an id: the locks show who still may. SQLite has one writer at
a time, so whoever asks inside a write is alone, and whoever asks outside one sees only what is committed.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, column, func, select, table

from engine.storage.dialect import Dialect


def audit_writers(connection: Connection, audit: Table, dialect: Dialect) -> frozenset[str]:
    """Give the transactions of this database that may write audit rows now; none on SQLite."""
    if dialect is not Dialect.POSTGRESQL:
        return frozenset()
    lock = table("pg_locks", *(column(name) for name in ("relation", "virtualtransaction", "mode", "database")))
    here = table("pg_database", column("oid"), column("datname"))
    ours = select(here.c.oid).where(here.c.datname == func.current_database()).scalar_subquery()
    found = select(lock.c.virtualtransaction).where(
        lock.c.relation == func.to_regclass(audit.name), lock.c.mode == "RowExclusiveLock", lock.c.database == ours
    )
    return frozenset(str(each) for each in connection.execute(found.distinct()).scalars())
