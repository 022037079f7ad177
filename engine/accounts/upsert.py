"""Inserts rows unless their key is there, or over what is there: `ON CONFLICT`, which both databases spell alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row; give False where a row of that key stands already."""
    statement = _insert(connection)(table).values(values).on_conflict_do_nothing()
    # Not by rowcount: not every driver counts the rows of an insert.
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def insert_or_replace(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], changed: Sequence[str]
) -> None:
    """Insert rows; where a row of that key stands already, its columns `changed` take the new values."""
    statement = _insert(connection)(table)
    values = {name: statement.excluded[name] for name in changed}
    connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values), list(rows))


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
