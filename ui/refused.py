"""Has the audit log note what somebody signed in was refused: what was asked for, and which answer it got.

`note_refusal` is for answers of the table of errors; a page that catches a refusal to say it beside its form tells it
by `note_caught`, so that both leave the same entry. Who is not signed in is nobody: wrong log-ins are noted by the
accounts.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from engine.audit.refusals import NO_RECORD, refusal, refusal_of, refusal_of_rows
from engine.errors import EngineError
from engine.records.bulk_rows import RowResult
from ui.context import current_actor, platform
from ui.status_table import status_of

_FORBIDDEN = 403


def note_caught(error: Exception) -> None:
    """Note a refusal that a page says itself; what is none is not noted."""
    if isinstance(error, EngineError):
        note_refusal(error, *status_of(error))


def note_rows(about: str, rows: Iterable[RowResult]) -> None:
    """Note what some of many rows were refused for lack of rights, as one entry; the others are none of it."""
    actor, found = current_actor(), refusal_of_rows(about, rows, **_where())
    if actor is not None and found is not None:
        platform().audit.log.note_refused(actor, found)


def note_refusal(error: Exception, status: int, code: str) -> None:
    """Note a refusal, if it is one."""
    actor = current_actor()
    if actor is None:
        return
    where = _where()
    found = refusal_of(error, code, **where)
    if found is None and status == _FORBIDDEN:
        # What the web part itself refuses: a scope that a token lacks, a request that another site sent.
        found = refusal(NO_RECORD, code, where)
    if found is not None:
        platform().audit.log.note_refused(actor, found)


def _where() -> dict[str, str]:
    return {"method": request.method, "path": request.path}
