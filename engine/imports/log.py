"""The log of imports: what was imported, by whom, and which lines were refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.imports.result import ImportResult, RowError
from engine.storage.system_tables import SystemTables

MOST_ERRORS_LOGGED = 10_000


def log_import(
    connection: Connection,
    system: SystemTables,
    result: ImportResult,
    *,
    file: str,
    actor: Actor,
    started: dt.datetime,
    finished: dt.datetime,
) -> None:
    """Write down an import that nobody has written down before."""
    row = {
        "id": result.id,
        "object": result.object,
        "file": file,
        "actor": actor.user_id or actor.login,
        "state": "done",
        "counts": result.counts,
        "created_at": started,
        "finished_at": finished,
    }
    connection.execute(system.imported.insert(), row)


def log_errors(
    connection: Connection, system: SystemTables, result: ImportResult, sealed: Callable[[str], str]
) -> None:
    """Write down the lines that an import refused. sealed: what is kept of a text."""
    errors = fault_rows(result.id, result.errors[:MOST_ERRORS_LOGGED], sealed)
    if errors:
        connection.execute(system.import_error.insert(), errors)


def fault_rows(import_id: str, errors: Sequence[RowError], sealed: Callable[[str], str]) -> list[dict[str, Any]]:
    """Give what is written down of what is wrong with rows."""
    return [
        {
            "import_id": import_id,
            "line": error.line,
            "column": error.column,
            "value": sealed(error.value),
            "reason": sealed(error.reason),
        }
        for error in errors
    ]
