"""Which failures are refusals that the audit log notes, whichever entrance they came to, and what is told of each.

What is absent and what may not be read are noted alike, as they are answered alike. Nothing typed in is kept but names.
"""

from __future__ import annotations

from engine.audit.entries import Refusal
from engine.errors import AccessDenied, FieldError, RecordNotFound, UnknownObject, ValidationFailed

NO_RECORD = "fs_access"
"""The name that refusals of what is no object stand under."""
_OF_FIELDS = "no_right"
_LONGEST = 200


def refusal_of(error: Exception, code: str, **where: str) -> Refusal | None:
    """Give what is noted of a failure, or None where it is no refusal. where: which request or command it answered."""
    match error:
        case AccessDenied():
            return refusal(error.object_key, code, where, asked=error.action, field=error.field)
        case RecordNotFound():
            return refusal(error.object_key, code, where, record_id=error.record_id)
        case UnknownObject():
            return refusal(error.object_key, code, where)
        case ValidationFailed() if fields := [each for each in error.errors if each.code == _OF_FIELDS]:
            return refusal(NO_RECORD, _OF_FIELDS, where, field=", ".join(_name(each) for each in fields))
        case _:
            return None


def refusal(
    about: str, code: str, where: dict[str, str], *, record_id: str | None = None, **facts: str | None
) -> Refusal:
    """Give a refusal with its facts."""
    told = {name: text[:_LONGEST] for name, text in where.items()}
    return Refusal(object=about[:_LONGEST], record_id=record_id, facts={**told, "code": code, **facts})


def _name(error: FieldError) -> str:
    return error.field or ""
