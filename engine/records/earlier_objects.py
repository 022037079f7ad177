"""Which entries of the audit log are about an object: those under its name, and those under what it was called before.

The log stays as it was written. A rename is noted with the last entry under the old name, so that an object made anew
under that name has none of the entries of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select

from engine.audit.entries import REFUSED

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_Renamed = tuple[str, str, int]
"""Name of before, key of today, last entry under the name of before."""


def entries_of(transaction: Transaction, object_key: str, *, refusals: bool = False) -> ColumnElement[bool]:
    """Give the condition that an entry of the audit log is about records of an object.

    refusals: entries about what somebody was refused too; they are no part of what happened to a record.
    """
    audit = transaction.system.audit
    renames = _renames(transaction)
    found = [_between(audit, object_key, _last_before(renames, object_key, None), None)]
    for before, after, last in renames:
        if after == object_key:
            found.append(_between(audit, before, _last_before(renames, before, last), last))
    under_a_name = or_(*found) if len(found) > 1 else found[0]
    return under_a_name if refusals else and_(under_a_name, audit.c["action"] != REFUSED)


def called_now(transaction: Transaction, name: str, entry: int) -> str:
    """Give the key of the object that an entry under a name is about."""
    at = [(last, after) for before, after, last in _renames(transaction) if before == name and entry <= last]
    return min(at)[1] if at else name


def _between(audit: Any, name: str, above: int | None, upto: int | None) -> ColumnElement[bool]:
    conditions = [audit.c["object"] == name]
    if above is not None:
        conditions.append(audit.c["id"] > above)
    if upto is not None:
        conditions.append(audit.c["id"] <= upto)
    return and_(*conditions)


def _last_before(renames: Sequence[_Renamed], name: str, upto: int | None) -> int | None:
    """Give the last entry under a name that is of another object: the one called so before, up to an entry."""
    return max((last for before, _, last in renames if before == name and (upto is None or last < upto)), default=None)


def _renames(transaction: Transaction) -> Sequence[_Renamed]:
    """Read the renames of objects; they change with releases only."""

    def read() -> Sequence[_Renamed]:
        table = transaction.system.renamed
        query = select(table.c.before, table.c.object, table.c.last_entry).where(table.c.kind == "object")
        return [(row[0], row[1], row[2]) for row in transaction.connection.execute(query.order_by(table.c.id))]

    found: Sequence[_Renamed] = transaction.parts.made(("earlier objects",), read)
    return found
