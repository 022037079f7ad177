"""The log of imports: what was imported, by whom, and which lines were refused."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.imports.result import ImportResult
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


def log_errors(connection: Connection, system: SystemTables, result: ImportResult) -> None:
    """Write down the lines that an import refused."""
    errors = [
        {
            "import_id": result.id,
            "line": error.line,
            "column": error.column,
            "value": error.value,
            "reason": error.reason,
        }
        for error in result.errors[:MOST_ERRORS_LOGGED]
    ]
    if errors:
        connection.execute(system.import_error.insert(), errors)
