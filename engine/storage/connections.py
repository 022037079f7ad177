"""How a fresh connection of each database is set up, and which driver errors mean that the database is not there.

Pools, transactions and counting belong to `database`; this module only knows drivers.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.storage.functions import SqlFunction

LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 60_000
CONNECT_TIMEOUT_S = 4
_IDLE_BEFORE_CHECK_S = 2.0
# Most of what is sent is kept and comes again: planning it costs more than running it.
_PREPARED_AT = 2

_POSTGRESQL_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
    "statement_timeout": f"{STATEMENT_TIMEOUT_MS}ms",
    "idle_in_transaction_session_timeout": "120s",
    "client_encoding": "UTF8",
}

# Class 08 connection, 53 resources, 57P database going down, 55P03 lock not available, 40001/40P01 serialization.
_UNAVAILABLE_STATES = ("08", "53", "57P", "55P03", "40001", "40P01", "58")
_UNAVAILABLE_SQLITE = ("database is locked", "disk i/o error", "database or disk is full", "unable to open database")


def postgresql_arguments() -> dict[str, object]:
    """Give the arguments of a connection: a dead server is noticed within seconds, what is sent again is prepared."""
    return {
        "prepare_threshold": _PREPARED_AT,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 10,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 5_000,
    }


def prepare_postgresql(connection: Any, _record: object) -> None:
    """Set up a new PostgreSQL session: zone, limits, ids as text."""
    raw: psycopg.Connection[Any] = getattr(connection, "driver_connection", connection)
    raw.adapters.register_loader("uuid", TextLoader)
    before = raw.autocommit
    raw.autocommit = True
    calls = ", ".join("set_config(%s, %s, false)" for _ in _POSTGRESQL_SETTINGS)
    values = [part for pair in _POSTGRESQL_SETTINGS.items() for part in pair]
    raw.execute(f"SELECT {calls}".encode(), values)
    raw.autocommit = before


def sqlite_preparer(
    functions: Sequence[SqlFunction], *, synchronous: str, read_only: bool
) -> Callable[[Any, object], None]:
    """Make the function that sets up a new SQLite connection."""

    def prepare(connection: Any, _record: object) -> None:
        raw: sqlite3.Connection = getattr(connection, "driver_connection", connection)
        # The driver's own transactions lose updates and let DDL slip out of them; we send BEGIN ourselves.
        raw.isolation_level = None
        raw.execute("PRAGMA busy_timeout = 4500")
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute(f"PRAGMA synchronous = {synchronous}")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA cache_size = -32000")
        raw.execute("PRAGMA temp_store = MEMORY")
        for function in functions:
            raw.create_function(function.name, function.arguments, function.call, deterministic=function.deterministic)
        if read_only:
            raw.execute("PRAGMA query_only = ON")

    return prepare


def check_after_idling(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a pooled connection that lay idle for a while whether it still lives; busy ones are not asked."""
    if time.monotonic() - record.info.get("returned_at", 0.0) < _IDLE_BEFORE_CHECK_S:
        return
    raw: psycopg.Connection[Any] = getattr(connection, "driver_connection", connection)
    before = raw.autocommit
    try:
        raw.autocommit = True
        raw.execute(b"")
        raw.autocommit = before
    except psycopg.Error as error:
        raise DisconnectionError from error


def note_return(_connection: object, record: Any) -> None:
    """Remember when a connection came back to its pool."""
    if record is not None:
        record.info["returned_at"] = time.monotonic()


def means_unavailable(error: Exception) -> bool:
    """Tell whether an error says that the database is away, overloaded or locked, so that a later try may work."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return str(original).lower().startswith(_UNAVAILABLE_SQLITE)
    state = getattr(original, "sqlstate", None)
    if state == "0A000" and "cached plan" in str(original):
        return True  # the type of a column has changed since this session prepared the statement
    if isinstance(original, psycopg.OperationalError) and state is None:
        return True
    return state is not None and state.startswith(_UNAVAILABLE_STATES)
