"""Inserts a row unless its key is there: `ON CONFLICT DO NOTHING`, which both databases spell alike."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row; give False where a row of that key stands already."""
    if connection.dialect.name == "postgresql":
        statement = postgresql.insert(table).values(values).on_conflict_do_nothing()
        return connection.execute(statement).rowcount > 0
    return connection.execute(sqlite.insert(table).values(values).on_conflict_do_nothing()).rowcount > 0
