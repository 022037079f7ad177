"""Rows of child lists given with their parent: `lines: [{…}]` is saved in the parent's transaction, or nothing is.

Rows without an `id` are made, those with one are changed, those with `_remove: true` go to the bin; rows that are not
named stay as they are. They go through the same door as records saved by themselves, a list as one batch, and what is
wrong with one is told with its path: `lines[2].quantity`, deeper `lines[2].notes[0].text`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.errors import ConfirmationNeeded, FieldError, RecordNotFound, ValidationFailed
from engine.records.batches import given_one_of, given_values
from engine.records.hooks import SaveKind
from engine.records.identifiers import could_be_id
from engine.records.saving.bulk import save_many
from engine.records.saving.deleting_many import delete_many
from engine.records.saving.messages import say
from engine.records.saving.steps import reader
from engine.records.sources import points_at
from engine.records.statements import Prepared
from engine.records.types import RowResult, Saved, SaveRow
from metamodel.objects import InverseDef, ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

REMOVE = "_remove"
MOST_ROWS = 1_000
Nested = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row as it was given; nested: the lists of its own."""

    path: str
    id: str | None
    version: int | None
    remove: bool
    values: Mapping[str, object]
    nested: Nested


def save_with_children(
    transaction: Transaction,
    object_def: ObjectDef,
    raw: Mapping[str, Any],
    save: Callable[[Mapping[str, Any]], Saved],
) -> Saved:
    """Save a record by `save`, which gets its own values, then the rows of its lists; give it as it is then.

    Raises: what `save` raises; ValidationFailed with the path of each fault, ConfirmationNeeded; the caller rolls back.
    """
    own, nested = _take_children(transaction, object_def, raw)
    if not nested:
        return save(own)
    transaction.alone = False
    try:
        saved = save(own)
    except ValidationFailed as refused:
        # What can be said of rows without saving anything is told along with the faults of the record.
        raise ValidationFailed([*refused.errors, *_unreadable(transaction, object_def, nested)]) from refused
    notices = _save_lists(transaction, object_def, saved.record.id, nested, "")
    open_notices = [each for each in notices if each.code not in (transaction.confirmed or ())]
    if transaction.confirmed is not None and open_notices:
        raise ConfirmationNeeded(open_notices)
    try:
        record = transaction.reader.get(object_def, saved.record.id, None)
    except RecordNotFound:
        # Who may make records need not be allowed to read them.
        record = saved.record
    return Saved(record=record, created=saved.created, changed=saved.changed, notices=(*saved.notices, *notices))


def _take_children(
    transaction: Transaction, object_def: ObjectDef, raw: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Nested]:
    """Give the values without the rows of child lists, and those rows by list."""
    lists = _lists(transaction, object_def)
    if lists.keys().isdisjoint(raw):
        return raw, {}
    own = {name: value for name, value in raw.items() if name not in lists}
    return own, {name: value for name, value in raw.items() if name in lists}


def _lists(transaction: Transaction, object_def: ObjectDef) -> Mapping[str, InverseDef]:
    access = transaction.access

    def find() -> Mapping[str, InverseDef]:
        return {
            name: inverse
            for name, inverse in object_def.inverses.items()
            if inverse.owned and name not in object_def.fields and access.of(inverse.object).known
        }

    key = ("child lists", object_def.key, None if access.full else access.roles)
    return transaction.parts.made(key, find)


def _unreadable(transaction: Transaction, object_def: ObjectDef, nested: Nested) -> list[FieldError]:
    found: list[FieldError] = []
    lists = _lists(transaction, object_def)
    for name, given in nested.items():
        child = transaction.parts.metamodel.objects[lists[name].object]
        try:
            rows = list(_rows(transaction, child, lists[name], name, given))
        except ValidationFailed as refused:
            found += refused.errors
            continue
        for row in rows:
            if row.remove:
                continue
            kind = SaveKind.CREATED if row.id is None else SaveKind.UPDATED
            _, errors = reader(transaction, child, kind).try_read(row.values)
            found += _all_at(row.path, errors)
    return found


def _save_lists(
    transaction: Transaction, object_def: ObjectDef, parent_id: str, nested: Nested, prefix: str
) -> list[FieldError]:
    lists = _lists(transaction, object_def)
    notices: list[FieldError] = []
    for name, given in nested.items():
        inverse = lists[name]
        child = transaction.parts.metamodel.objects[inverse.object]
        rows = list(_rows(transaction, child, inverse, f"{prefix}{name}", given))
        _check_ids(transaction, object_def, inverse, parent_id, rows)
        _remove(transaction, child, [row for row in rows if row.remove])
        notices += _save(transaction, child, inverse, parent_id, [row for row in rows if not row.remove])
    return notices


def _save(
    transaction: Transaction, child: ObjectDef, inverse: InverseDef, parent_id: str, rows: Sequence[_Row]
) -> list[FieldError]:
    given = [
        SaveRow(
            id=row.id,
            version=row.version,
            values=row.values if row.id is not None else {**row.values, inverse.field: parent_id},
        )
        for row in rows
    ]
    results = save_many(transaction, child, given, all_or_nothing=True).rows
    refused = [error for row, result in zip(rows, results, strict=True) for error in _faults(row, result)]
    if refused:
        raise ValidationFailed(refused)
    notices = [_at(row.path, n) for row, result in zip(rows, results, strict=True) for n in result.notices]
    for row, result in zip(rows, results, strict=True):
        if row.nested and result.id is not None:
            notices += _save_lists(transaction, child, result.id, row.nested, f"{row.path}.")
    return notices


def _faults(row: _Row, result: RowResult) -> list[FieldError]:
    return _all_at(row.path, result.errors) if result.outcome == "refused" else []


def _rows(transaction: Transaction, child: ObjectDef, inverse: InverseDef, path: str, given: object) -> Iterator[_Row]:
    language = transaction.actor.language
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_ROWS:
        raise ValidationFailed([_fault(path, "not_rows", language, most=MOST_ROWS)])
    seen: set[object] = set()
    for index, row in enumerate(given):
        at = f"{path}[{index}]"
        if not isinstance(row, Mapping):
            raise ValidationFailed([_fault(at, "not_row", language)])
        own, nested = _take_children(transaction, child, row)
        values = {name: value for name, value in own.items() if name not in ("id", "version", REMOVE)}
        record_id, version = own.get("id"), own.get("version")
        is_id = record_id is None or (isinstance(record_id, str) and could_be_id(record_id))
        if not is_id or record_id in seen or (record_id is None and own.get(REMOVE)):
            raise ValidationFailed([_fault(at, "no_record", language)])
        if inverse.field in values:
            # A row of this list has this parent; any other one would be told twice.
            raise ValidationFailed([_fault(f"{at}.{inverse.field}", "given_by_list", language)])
        seen |= {record_id} - {None}
        yield _Row(
            path=at,
            id=record_id if isinstance(record_id, str) else None,
            version=version if isinstance(version, int) else None,
            remove=own.get(REMOVE) is True,
            values=values,
            nested=nested,
        )


def _check_ids(
    transaction: Transaction, object_def: ObjectDef, inverse: InverseDef, parent_id: str, rows: Sequence[_Row]
) -> None:
    """Refuse ids of records that are no rows of this parent."""
    asked = [row.id for row in rows if row.id is not None]
    if not asked:
        return
    parts, dialect = transaction.parts, transaction.database.dialect

    def make() -> Prepared:
        table = parts.tables.of(inverse.object).table
        here = points_at(parts, inverse.object, inverse.field, object_def.key)
        wanted = given_one_of(table.c["id"], "ids", dialect)
        return Prepared(select(table.c["id"]).where(here, wanted, table.c["deleted_at"].is_(None)), parts.dialect)

    prepared = parts.made(("rows of", object_def.key, inverse.name), make)
    found = transaction.rows(prepared, {"id": parent_id, "ids": given_values(asked, dialect)})
    known = {str(row[0]) for row in found}
    language = transaction.actor.language
    strangers = [_fault(row.path, "no_record", language) for row in rows if row.id is not None and row.id not in known]
    if strangers:
        raise ValidationFailed(strangers)


def _remove(transaction: Transaction, child: ObjectDef, rows: Sequence[_Row]) -> None:
    refused = delete_many(transaction, child, {row.id: row.version for row in rows if row.id is not None})
    found: list[FieldError] = []
    for row in rows:
        fault = refused.get(row.id or "")
        if isinstance(fault, ValidationFailed):
            found += _all_at(row.path, fault.errors)
        elif fault is not None:
            found.append(FieldError(code="not_removed", message=str(fault), field=row.path))
    if found:
        raise ValidationFailed(found)


def _all_at(path: str, errors: Sequence[FieldError]) -> list[FieldError]:
    return [_at(path, error) for error in errors]


def _at(path: str, error: FieldError) -> FieldError:
    return FieldError(code=error.code, message=error.message, field=f"{path}.{error.field}" if error.field else path)


def _fault(path: str, code: str, language: str, **parts: object) -> FieldError:
    return FieldError(code=code, message=say(code, language, **parts), field=path)
