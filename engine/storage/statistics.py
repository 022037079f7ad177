"""Keeps the query planner's picture of a table current after many of its rows were written at once.

A planner that still believes a table small takes plans that are slow on the table as it is now; PostgreSQL looks by
itself only after a while, SQLite never. When to call it is decided by those who write.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.storage.database import Database
from engine.storage.dialect import Dialect

MANY_ROWS = 1_000
"""Writes of more rows than this are worth a look at the table."""

_ROWS_LOOKED_AT = 1_000


def refresh_statistics(database: Database, tables: Iterable[str]) -> None:
    """Have the database look at tables again; call it outside of transactions, after the rows are committed."""
    with database.write() as connection:
        quoted = [connection.dialect.identifier_preparer.quote(table) for table in tables]
        if database.dialect is Dialect.SQLITE:
            # Bounded, so that writers wait for no more than a moment however large the table is.
            connection.exec_driver_sql(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}")
        for table in quoted:
            connection.exec_driver_sql(f"ANALYZE {table}")
    if database.dialect is Dialect.SQLITE:
        # A connection reads the statistics when it opens.
        database.renew()
