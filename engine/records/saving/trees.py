"""No record of a tree stands below itself, also when two people move records at the same moment.

Whoever moves a record of a tree waits for others that do, so that the chain above is what the commit will find. One
statement reads the chains above all records of a batch; moves of the same batch are laid over what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import func, select

from engine.errors import FieldError
from engine.records.batches import given_one_of, given_values
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.plan import Link
from engine.records.statements import Prepared
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_LOCK_CLASS = 0x4653_5452


def check_trees(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Refuse moves that would set a record below itself; findings go to the drafts."""
    for link in drafts[0].plan.links if drafts else ():
        if link.definition.relation is None or not link.definition.relation.tree:
            continue
        # Nobody can stand below a record that is not there yet.
        moved = [draft for draft in drafts if draft.kind is not SaveKind.CREATED and _is_moved(draft, link)]
        if moved:
            _check(moved, link, transaction)


def _is_moved(draft: RecordDraft, link: Link) -> bool:
    above = draft.values.get(link.name)
    return above is not None and above not in (draft.old.get(link.name), draft.record_id)


def _check(moved: Sequence[RecordDraft], link: Link, transaction: Transaction) -> None:
    key = moved[0].object_key
    if transaction.database.dialect is Dialect.POSTGRESQL:
        transaction.connection.execute(select(func.pg_advisory_xact_lock(_LOCK_CLASS, _number(f"{key}.{link.name}"))))
    above = _chains(transaction, key, link.name, {str(draft.values[link.name]) for draft in moved})
    above |= {draft.record_id: str(draft.values[link.name]) for draft in moved}
    for draft in moved:
        if _comes_back(draft.record_id, above):
            text = say("own_ancestor", transaction.actor.language)
            draft.errors.append(FieldError(code="own_ancestor", message=text, field=link.name))


def _number(text: str) -> int:
    """Give a number of PostgreSQL's integer for a text."""
    return crc32(text.encode()) - 0x8000_0000


def _chains(transaction: Transaction, key: str, name: str, ids: Iterable[str]) -> dict[str, str | None]:
    """Give what stands above each of some records, and above that, up to the roots."""
    parts, dialect = transaction.parts, transaction.database.dialect

    def make() -> Prepared:
        table = parts.tables.of(key).table
        start = select(table.c["id"], table.c[name]).where(given_one_of(table.c["id"], "ids", dialect))
        up = start.cte("fs_above", recursive=True)
        higher = table.alias()
        whole = up.union(select(higher.c["id"], higher.c[name]).where(higher.c["id"] == up.c[name]))
        return Prepared(select(whole.c["id"], whole.c[name]), parts.dialect)

    prepared = parts.made(("above", key, name), make)
    rows = transaction.rows(prepared, {"ids": given_values(sorted(ids), dialect)})
    return {str(row[0]): None if row[1] is None else str(row[1]) for row in rows}


def _comes_back(record_id: str, above: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    current = above.get(record_id)
    while current is not None and current not in seen:
        if current == record_id:
            return True
        seen.add(current)
        current = above.get(current)
    return False
