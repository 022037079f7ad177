"""Inserts a row unless its key is there: `ON CONFLICT DO NOTHING`, which both databases spell alike."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row; give False where a row of that key stands already."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(values).on_conflict_do_nothing()
    # Not by rowcount: not every driver counts the rows of an insert.
    return connection.execute(statement.returning(*table.primary_key)).first() is not None
