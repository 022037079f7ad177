"""Dumps of all tables of a database, to show that a refused request or configuration changed nothing.

A dump is a mapping from table to its rows as sorted texts; dbos' own tables are among them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import create_engine, inspect

OF_REFUSALS = ("fs_audit", "fs_rate")
"""What a refused call leaves: its entry in the log, and that it was counted."""


def dump_tables(database_url: str, *, leave_out: Collection[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """Read every row of every table. leave_out: tables that may change, such as the audit log."""
    engine = create_engine(database_url)
    try:
        inspector = inspect(engine)
        schemas = [name for name in inspector.get_schema_names() if name not in ("information_schema",)]
        found: dict[str, tuple[str, ...]] = {}
        with engine.connect() as connection:
            for schema in schemas:
                for name in inspector.get_table_names(schema):
                    if name in leave_out:
                        continue
                    # As the driver gives them: to reflect each table takes longer than all the rows.
                    rows = connection.exec_driver_sql(f'SELECT * FROM "{schema}"."{name}"').all()
                    found[f"{schema}.{name}"] = tuple(sorted(repr(tuple(row)) for row in rows))
        return found
    finally:
        engine.dispose()


def changed_tables(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Name the tables that differ."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
