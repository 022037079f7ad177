"""Which failures are refusals that the audit log notes, whichever entrance they came to, and what is told of each.

What is absent and what may not be read are noted alike, as they are answered alike. Nothing typed in is kept but names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import insert

from engine.audit.entries import REFUSED, Refusal, entry_values
from engine.errors import AccessDenied, FieldError, RecordNotFound, UnknownObject, ValidationFailed
from engine.records.bulk_rows import RowResult

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

NO_RECORD = "fs_access"
"""The name that refusals of what is no object stand under."""
_OF_FIELDS = "no_right"
_OF_ROWS = frozenset(("access_denied", "no_right", "record_not_found", "unknown_object"))
_LONGEST, _NAMED = 200, 20


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


def refusal_of_rows(about: str, rows: Iterable[RowResult], **where: str) -> Refusal | None:
    """Give what is noted of a call of many rows, some of which were refused for lack of rights; None where none was."""
    found = [(each.id, error.code) for each in rows for error in each.errors[:1] if error.code in _OF_ROWS]
    if not found:
        return None
    ids = [record_id for record_id, _code in found if record_id]
    record_id, codes = (ids[0] if len(found) == len(ids) == 1 else None), sorted({code for _id, code in found})
    named = None if record_id is not None or not ids else ", ".join(ids[:_NAMED])
    return refusal(about, ", ".join(codes), where, record_id=record_id, rows=str(len(found)), records=named)


def note_rows_within(transaction: Transaction, about: str, rows: Iterable[RowResult]) -> None:
    """Note with a transaction what some of its rows were refused for lack of rights, as one entry."""
    found = refusal_of_rows(about, rows)
    if found is not None:
        values = entry_values(
            transaction.actor, found.object, REFUSED, transaction.now, found.facts, record_id=found.record_id
        )
        transaction.connection.execute(insert(transaction.system.audit).values(values))


def refusal(
    about: str, code: str, where: dict[str, str], *, record_id: str | None = None, **facts: str | None
) -> Refusal:
    """Give a refusal with its facts."""
    told = {name: text[:_LONGEST] for name, text in where.items()}
    return Refusal(object=about[:_LONGEST], record_id=record_id, facts={**told, "code": code, **facts})


def _name(error: FieldError) -> str:
    return error.field or ""
