"""Reads the change feed for somebody: only changes of records that the reader may read at the time of asking.

Whether a deleted record could be read is judged by its row in the bin, as it was last. Of one that is gone for good
only who reads all records of the object is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.access.predicates import EVERYONE
from engine.changes.numbering import ChangeNumbers
from engine.errors import EngineError
from engine.records.cursor import CursorSigner
from engine.records.earlier_names import earlier_names
from engine.records.finding import readable_of
from engine.records.history import changes_of

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_QUESTION = "changes"
_NO_CHANGES = frozenset(("version", "modified_at", "modified_by"))


class CursorGone(EngineError):
    """The place is older than the changes that are kept, or of another state of the data: begin anew."""

    def __init__(self) -> None:
        super().__init__("The changes after this cursor are no longer kept; read the records anew and start from now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One committed save. fields: those of its changed fields whose values the reader may read of every record."""

    number: int
    object: str
    record_id: str
    version: int
    at: dt.datetime
    action: str
    actor_id: str | None
    actor_title: str
    origin: str
    run: str | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Changes in their order, where to go on, and whether there are more now."""

    changes: tuple[Change, ...]
    next_cursor: str
    more: bool


def read_changes(
    transaction: Transaction, numbers: ChangeNumbers, *, since: str | None, objects: Collection[str], limit: int
) -> ChangePage:
    """Read what follows a place; since: a `next_cursor`, None = from the oldest change that is kept.

    objects: keys; () = all that the reader may know.

    Raises: UnknownObject; QueryProblem for a cursor that is none; CursorGone.
    """
    signer = CursorSigner(transaction.services.secret)
    whole = numbers.catch_up(transaction.now)
    pruned, last = numbers.span(transaction.connection)
    place = pruned if since is None else _place(signer, since)
    if not pruned <= place <= last:
        raise CursorGone
    known = _known(transaction, objects)
    rows = _rows(transaction, place, last, known, limit) if known else []
    if numbers.span(transaction.connection)[0] > place:
        raise CursorGone  # what followed the place was let go of meanwhile
    at_end = len(rows) < limit
    readable = _readable(transaction, rows)
    found = tuple(_change(transaction, row) for row in rows if row["record_id"] in readable.get(row["object"], ()))
    # Up to the last number that was looked at, so that what others changed is not looked at again.
    following = last if at_end else rows[-1]["number"]
    return ChangePage(changes=found, next_cursor=signer.write(_QUESTION, [following]), more=not at_end or not whole)


def newest_place(transaction: Transaction, numbers: ChangeNumbers) -> str:
    """Give the place behind all that is committed now."""
    while not numbers.catch_up(transaction.now):
        pass
    last = numbers.span(transaction.connection)[1]
    return CursorSigner(transaction.services.secret).write(_QUESTION, [last])


def _place(signer: CursorSigner, since: str) -> int:
    (number,) = signer.read(_QUESTION, since)
    assert isinstance(number, int), "only numbers are signed for this question"
    return number


def _known(transaction: Transaction, objects: Collection[str]) -> Sequence[str]:
    if objects:
        return [transaction.object_def(key).key for key in objects]
    found = transaction.parts.metamodel.objects
    return [key for key, each in found.items() if each.source is None and transaction.access.of(key).visible]


def _rows(transaction: Transaction, place: int, last: int, known: Sequence[str], limit: int) -> list[Mapping[str, Any]]:
    change, audit = transaction.system.change, transaction.system.audit
    asked = (
        select(change.c.number, audit)
        .select_from(change.join(audit, audit.c.id == change.c.audit_id))
        .where(change.c.number > place, change.c.number <= last, audit.c.object.in_(known))
        .order_by(change.c.number)
        .limit(limit)
    )
    return [dict(row) for row in transaction.connection.execute(asked).mappings()]


def _readable(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Collection[str]]:
    """Give the records that may be read, or could be before they were deleted; one statement an object."""
    asked: dict[str, set[str]] = {}
    for row in rows:
        asked.setdefault(row["object"], set()).add(row["record_id"])
    found: dict[str, Collection[str]] = {}
    for key, ids in asked.items():
        open_to_all = transaction.access.of(key).actions["read"] is EVERYONE
        found[key] = ids if open_to_all else readable_of(transaction, key, ids)
    return found


def _change(transaction: Transaction, row: Mapping[str, Any]) -> Change:
    key = row["object"]
    open_fields = transaction.access.of(key).whole - _NO_CHANGES
    changed = changes_of(row, earlier_names(transaction, key))
    return Change(
        number=row["number"],
        object=key,
        record_id=row["record_id"],
        version=row["version"] or 0,
        at=row["at"],
        action=row["action"],
        actor_id=row["actor"],
        actor_title=row["actor_name"] or "",
        origin=row["origin"],
        run=row["run_id"],
        fields=tuple(sorted(open_fields.intersection(changed))),
    )
