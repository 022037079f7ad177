"""Has the audit log note what somebody signed in was refused: what was asked for, and which answer it got.

What is absent and what may not be read are noted alike, as they are answered alike. Nothing typed in is kept but the
names in the address. Who is not signed in is nobody: wrong log-ins are noted by the accounts.
"""

from __future__ import annotations

from flask import request

from engine.audit.entries import Refusal
from engine.errors import AccessDenied, FieldError, RecordNotFound, UnknownObject, ValidationFailed
from ui.context import current_actor, platform

_OF_FIELDS = "no_right"
_NO_RECORD = "fs_access"
"""The name that refusals of what is no object stand under."""
_LONGEST = 200
_FORBIDDEN = 403


def note_refusal(error: Exception, status: int, code: str) -> None:
    """Note a refusal, if it is one."""
    actor = current_actor()
    refusal = _refusal(error, status, code) if actor is not None else None
    if actor is not None and refusal is not None:
        platform().audit.log.note_refused(actor, refusal)


def _refusal(error: Exception, status: int, code: str) -> Refusal | None:
    match error:
        case AccessDenied():
            return _told(error.object_key, code, asked=error.action, field=error.field)
        case RecordNotFound():
            return _told(error.object_key, code, record_id=error.record_id)
        case UnknownObject():
            return _told(error.object_key, code)
        case ValidationFailed() if fields := [each for each in error.errors if each.code == _OF_FIELDS]:
            return _told(_NO_RECORD, _OF_FIELDS, field=", ".join(_name(each) for each in fields))
        case _ if status == _FORBIDDEN:
            # What the web part itself refuses: a scope that a token lacks, a request that another site sent.
            return _told(_NO_RECORD, code)
        case _:
            return None


def _name(error: FieldError) -> str:
    return error.field or ""


def _told(about: str, code: str, *, record_id: str | None = None, **facts: str | None) -> Refusal:
    where = {"method": request.method, "path": request.path[:_LONGEST], "code": code}
    return Refusal(object=about[:_LONGEST], record_id=record_id, facts={**where, **facts})
