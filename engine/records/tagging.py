"""Puts tags on records and takes them off, by name; each tag of a record is a record of its own, written by the door.

A tag that nobody has used yet is made. Which record has a tag already is asked once, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import func, select

from engine.errors import RecordNotFound, ValidationFailed
from engine.records.batches import one_of
from engine.records.bulk_rows import SaveRow
from engine.records.hooks import SaveKind
from engine.records.product_rights import with_product_rights
from engine.records.sources import points_at_some
from engine.storage.dialect import Dialect
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.saving.drafts import RecordDraft
    from engine.records.transaction import Transaction

TAG, TAGGING = "tag", "tagging"
_LOCK_CLASS = 0x4653_5447
_Key = tuple[str, Ref]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """A tag that a record shall have, or shall not. tagging: id of what was made or taken away for it, once done."""

    name: str
    target: Ref
    add: bool
    tagging: str | None = None


def change_tags(transaction: Transaction, changes: Iterable[TagChange]) -> list[TagChange]:
    """Put tags on and take them off with the rights of the actor; give what was changed.

    Of two changes of one tag of a record the last holds; an empty name is none.

    Raises: UnknownObject, AccessDenied, ValidationFailed.
    """
    transaction.object_def(TAGGING)
    wanted = {(each.name.strip(), each.target): each.add for each in changes if each.name.strip()}
    if not wanted:
        return []
    tags = _tags_of(transaction, dict.fromkeys(name for name, _ in wanted))
    tags |= _made(transaction, sorted({name for (name, _), add in wanted.items() if add and name not in tags}))
    names = {tag_id: name for name, tag_id in tags.items()}
    there = _there(transaction, names, dict.fromkeys(target for _, target in wanted))
    added = [key for key, add in wanted.items() if add and key not in there]
    removed = [key for key, add in wanted.items() if not add and key in there]
    made = _add(transaction, [(tags[name], target) for name, target in added])
    _remove(transaction, [there[key] for key in removed])
    done = [TagChange(name=key[0], target=key[1], add=True, tagging=one) for key, one in zip(added, made, strict=True)]
    return done + [TagChange(name=key[0], target=key[1], add=False, tagging=there[key]) for key in removed]


def tag_written(drafts: Iterable[RecordDraft], transaction: Transaction) -> None:
    """Do for written records what before rules asked for; like the fields they set, it is not bound by grants."""
    changes = [
        TagChange(name=name, target=Ref(draft.object_key, draft.record_id), add=add)
        for draft in drafts
        if draft.tags and draft.kind is not SaveKind.DELETED
        for name, add in draft.tags.items()
    ]
    if changes:
        change_tags(with_product_rights(transaction), changes)


def _tags_of(transaction: Transaction, names: Iterable[str]) -> dict[str, str]:
    table = transaction.parts.tables.of(TAG).table
    named = one_of(table.c["name"], names, transaction.database.dialect)
    query = select(table.c["name"], table.c["id"]).where(named, table.c["deleted_at"].is_(None))
    return {str(row[0]): str(row[1]) for row in transaction.select(query)}


def _made(transaction: Transaction, names: Sequence[str]) -> dict[str, str]:
    """Make the tags that are missing; of two who need a new tag at once, one waits and takes the other's."""
    if not names:
        return {}
    if transaction.database.dialect is Dialect.POSTGRESQL:
        for name in names:
            number = crc32(name.encode()) - 0x8000_0000
            transaction.connection.execute(select(func.pg_advisory_xact_lock(_LOCK_CLASS, number)))
    found = _tags_of(transaction, names)
    for name in names:
        if name not in found:
            found[name] = transaction.create(TAG, {"name": name}, confirm=None).record.id
    return found


def _there(transaction: Transaction, names: dict[str, str], targets: Iterable[Ref]) -> dict[_Key, str]:
    """Give which of some records have which of some tags (by id), with the id of what says so."""
    by_object: dict[str, list[str]] = {}
    for target in targets:
        by_object.setdefault(target.object, []).append(target.id)
    table, dialect = transaction.parts.tables.of(TAGGING).table, transaction.database.dialect
    found: dict[_Key, str] = {}
    for object_key, ids in by_object.items() if names else ():
        about, tests = points_at_some(transaction.parts, TAGGING, "about", object_key)
        tests = [*tests, one_of(table.c["tag"], list(names), dialect), one_of(about, ids, dialect)]
        query = select(table.c["id"], table.c["tag"], about).where(table.c["deleted_at"].is_(None), *tests)
        for row in transaction.select(query):
            found[names[str(row[1])], Ref(object_key, str(row[2]))] = str(row[0])
    return found


def _add(transaction: Transaction, pairs: Sequence[tuple[str, Ref]]) -> list[str]:
    rows = [{"tag": tag_id, "about": target} for tag_id, target in pairs]
    if len(rows) < 2:
        return [transaction.create(TAGGING, row, confirm=None).record.id for row in rows]
    result = transaction.save_many(TAGGING, [SaveRow(values=row) for row in rows], all_or_nothing=True)
    if not result.written:
        raise ValidationFailed(result.rows[result.refused[0]].errors)
    return [row.id or "" for row in result.rows]


def _remove(transaction: Transaction, ids: Sequence[str]) -> None:
    for fault in transaction.delete_many(TAGGING, dict.fromkeys(ids)).values() if ids else ():
        # Somebody else has taken it off meanwhile.
        if not isinstance(fault, RecordNotFound):
            raise fault
