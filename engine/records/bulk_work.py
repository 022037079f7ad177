"""A list of creates, updates, upserts and deletes of one object, worked through in its order by the door's bulk side.

All or nothing is one transaction. Row by row, what is refused leaves the others alone: saves that follow one another
share a transaction, deletes do as long as none of them is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.access.actor import Actor
from engine.errors import EngineError, FieldError, ValidationFailed
from engine.records.finding import find_by_fields, read_key
from engine.records.saving.bulk import refused_row
from engine.records.saving.messages import say
from engine.records.types import RowResult, SaveRow
from engine.releases.release import Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.records.service import Records
    from engine.records.transaction import Transaction
    from metamodel.objects import ObjectDef

MOST = 10_000
_DELETED_TOGETHER = 200


class Work(StrEnum):
    """What is done with a row."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """One row. id: of the record to change or delete. version: only if it still has that one."""

    work: Work
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkWork:
    """What is asked. by: the unique field whose value says which record an upsert means."""

    object: str
    rows: Sequence[WorkRow]
    all_or_nothing: bool
    by: str | None = None


def work_through(records: Records, actor: Actor, release: Release, asked: BulkWork) -> list[RowResult]:
    """Do the rows; one result a row: created, updated, unchanged, deleted or refused.

    Raises: UnknownObject; ValidationFailed where the key is none, or all or nothing was asked and a row is refused.
    """
    if asked.all_or_nothing:
        with records.transaction(actor, release=release) as transaction:
            return _all(transaction, asked)
    with records.reading(actor, release=release) as transaction:
        groups = _groups(asked, _keys(transaction, asked))
    results: list[RowResult] = []
    for group in groups:
        if group.work is Work.DELETE:
            for start in range(0, len(group.rows), _DELETED_TOGETHER):
                together = group.rows[start : start + _DELETED_TOGETHER]
                results += _delete_each(records, actor, release, asked.object, together)
            continue
        try:
            results += _save_group(records, actor, release, asked, group)
        except ValidationFailed:
            # Somebody took a unique value between the asking and the writing; now it is seen.
            results += _save_group(records, actor, release, asked, group)
    return results


def _save_group(
    records: Records, actor: Actor, release: Release, asked: BulkWork, group: _Group
) -> Sequence[RowResult]:
    with records.transaction(actor, release=release) as transaction:
        rows = _save_rows(transaction, asked, group)
        return transaction.save_many(asked.object, rows, all_or_nothing=False).rows


def key_fields(object_def: ObjectDef) -> list[str]:
    """Give the fields by which an upsert can name a record."""
    return [name for name, each in object_def.fields.items() if (each.unique or each.external_id) and name != "id"]


def _all(transaction: Transaction, asked: BulkWork) -> list[RowResult]:
    results: list[RowResult] = []
    for group in _groups(asked, _keys(transaction, asked)):
        if group.work is Work.DELETE:
            for index, row in enumerate(group.rows, start=len(results)):
                results.append(_deleted(transaction, asked.object, row, index))
            continue
        saved = transaction.save_many(asked.object, _save_rows(transaction, asked, group), all_or_nothing=True)
        faults = [
            replace(error, field=_path(len(results) + index, error.field))
            for index in saved.refused
            for error in saved.rows[index].errors
        ]
        if faults:
            raise ValidationFailed(faults)
        results += saved.rows
    return results


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that can be done together. work: of the first one. keys: by which upserts name records, else None."""

    work: Work
    rows: list[WorkRow] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)


def _groups(asked: BulkWork, keys: Sequence[Any]) -> Sequence[_Group]:
    """Part the rows: deletes, upserts or other saves that follow one another, no two of which name the same record."""
    groups: list[_Group] = []
    seen: set[Any] = set()
    for row, key in zip(asked.rows, keys, strict=True):
        named = row.id if row.work is not Work.UPSERT else key
        if not groups or _kind(groups[-1].work) != _kind(row.work) or named in seen:
            groups.append(_Group(row.work))
            seen = set()
        groups[-1].rows.append(row)
        groups[-1].keys.append(key)
        if named is not None:
            seen.add(named)
    return groups


def _kind(work: Work) -> Work:
    # Which record an upsert means is asked before the rows beside it are saved.
    return Work.UPDATE if work is Work.CREATE else work


def _delete_each(
    records: Records, actor: Actor, release: Release, object_key: str, rows: Sequence[WorkRow]
) -> list[RowResult]:
    """Delete rows in one transaction, or each in its own where one of them is refused."""
    try:
        with records.transaction(actor, release=release) as transaction:
            for row in rows:
                transaction.delete(object_key, row.id or "", version=row.version)
    except EngineError as fault:
        if len(rows) == 1:
            return [refused_row(rows[0].id, fault)]
        return [found for row in rows for found in _delete_each(records, actor, release, object_key, [row])]
    return [RowResult(outcome="deleted", id=row.id) for row in rows]


def _deleted(transaction: Transaction, object_key: str, row: WorkRow, index: int) -> RowResult:
    try:
        transaction.delete(object_key, row.id or "", version=row.version)
    except EngineError as fault:
        refused = refused_row(row.id, fault)
        raise ValidationFailed([replace(each, field=_path(index, each.field)) for each in refused.errors]) from fault
    return RowResult(outcome="deleted", id=row.id)


def _save_rows(transaction: Transaction, asked: BulkWork, group: _Group) -> list[SaveRow]:
    """Give rows as the bulk side takes them: an upsert becomes an update where its key finds a record."""
    if group.work is not Work.UPSERT or asked.by is None:
        return [SaveRow(values=row.values, id=row.id, version=row.version) for row in group.rows]
    found = find_by_fields(transaction, asked.object, (asked.by,), {key for key in group.keys if key is not None})
    known = {values[0]: ids[0] for values, ids in found.items()}
    return [
        SaveRow(values=row.values, id=known.get(key), version=row.version)
        for row, key in zip(group.rows, group.keys, strict=True)
    ]


def _keys(transaction: Transaction, asked: BulkWork) -> list[Any]:
    """Give the values by which upserts name their records, as they are kept.

    Raises: UnknownObject; ValidationFailed where the key is none.
    """
    object_def, by = transaction.object_def(asked.object), asked.by
    if by is None and all(row.work is not Work.UPSERT for row in asked.rows):
        return [None] * len(asked.rows)
    readable = transaction.access.of(object_def.key).readable
    known = [name for name in key_fields(object_def) if name in readable]
    if by is None or by not in known:
        text = say("no_key", transaction.actor.language, names=", ".join(known) or "–")
        raise ValidationFailed([FieldError(code="no_key", message=text, field="by")])
    read = partial(read_key, transaction, object_def.fields[by])
    return [read(row.values.get(by)) if row.work is Work.UPSERT else None for row in asked.rows]


def _path(index: int, name: str | None) -> str:
    return f"rows[{index}].{name}" if name else f"rows[{index}]"
