"""Raw driver connections for filling tables and for the hand-written program: psycopg or sqlite3, nothing between."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import psycopg


def is_sqlite(database_url: str) -> bool:
    """Say which of the two databases an address names."""
    return database_url.startswith("sqlite")


def connect(database_url: str) -> Any:
    """Open a raw connection that commits each statement by itself unless a transaction is begun."""
    if not is_sqlite(database_url):
        return psycopg.connect(database_url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)
    connection = sqlite3.connect(
        database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False, timeout=30
    )
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def cell(database_url: str, value: Any, scale: int = 2) -> Any:
    """Give a value as the database's columns keep it: SQLite has scaled integers and ISO texts."""
    if not is_sqlite(database_url):
        return value
    match value:
        case bool():
            return int(value)
        case Decimal():
            return int(value.scaleb(scale))
        case dt.datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case dt.date():
            return value.isoformat()
        case _:
            return value


def fill_table(connection: Any, database_url: str, table: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
    """Write rows by COPY or by one prepared statement, in one transaction."""
    names = ", ".join(f'"{name}"' for name in columns)
    if is_sqlite(database_url):
        marks = ", ".join("?" * len(columns))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        connection.execute("COMMIT")
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
