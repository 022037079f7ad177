"""One change of one field for many records: set it, or add to and take from fields of several values and links.

Everything goes through the bulk side of the door, so each record is judged as if a person had changed it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.errors import FieldError, ValidationFailed
from engine.records.batches import one_of
from engine.records.saving.bulk import refused_row
from engine.records.saving.loading import load_many_for_change
from engine.records.saving.plan import save_plan
from engine.records.types import BulkResult, RowResult, SaveRow
from metamodel.field_types import FieldValueError, message
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef, ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 500


class How(StrEnum):
    """What is done with the value."""

    SET = "set"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A change. field: of the object, or one of its lists of links. value: raw, as forms and the API give it."""

    field: str
    how: How
    value: object


def ways_of(object_def: ObjectDef, name: str) -> tuple[How, ...]:
    """Give what can be done with a field or list of links of many records."""
    inverse = object_def.inverses.get(name)
    if name not in object_def.fields and inverse is not None and inverse.other is not None:
        return (How.ADD, How.REMOVE)
    return tuple(How) if object_def.fields[name].holds_several else (How.SET,)


def edit_many(transaction: Transaction, object_key: str, ids: Sequence[str], change: FieldChange) -> BulkResult:
    """Change records one as the other; refused ones leave the others alone.

    Raises: UnknownObject, RecordNotFound where a link's other side is not there.
    """
    object_def = transaction.object_def(object_key)
    wanted = list(dict.fromkeys(ids))
    if change.field not in object_def.fields:
        return _edit_links(transaction, object_def.inverses[change.field], wanted, change)
    if change.how is How.SET:
        rows = [SaveRow(id=each, values={change.field: change.value}) for each in wanted]
        return transaction.save_many(object_key, rows)
    return _edit_several(transaction, object_def, object_def.fields[change.field], wanted, change)


def _edit_several(
    transaction: Transaction, object_def: ObjectDef, field: FieldDef, ids: Sequence[str], change: FieldChange
) -> BulkResult:
    """Add to or take from what each record has; rights are judged by the save, which refuses what may not be seen."""
    given = _parsed(transaction, field, change.value)
    # Locked before it is read: what two people add at once is there in the end.
    stored = load_many_for_change(transaction, object_def.key, ids)
    rows = []
    for each in ids:
        _may_change, values = stored.get(each, (False, {}))
        own: tuple[Any, ...] = values.get(field.name) or ()
        kept = tuple(value for value in own if value not in given)
        changed = (*own, *(value for value in given if value not in own)) if change.how is How.ADD else kept
        rows.append(SaveRow(id=each, values={field.name: list(changed)}))
    return transaction.save_many(object_def.key, rows)


def _parsed(transaction: Transaction, field: FieldDef, raw: object) -> tuple[Any, ...]:
    types, context = transaction.release.field_types, transaction.parts.value_context
    try:
        value = types.parse(raw, field, context)
    except FieldValueError as fault:
        text = message(fault.code, transaction.actor.language, **fault.params)
        raise ValidationFailed([FieldError(code=fault.code, message=text, field=field.name)]) from fault
    return tuple(value) if isinstance(value, tuple) else ()


def _edit_links(transaction: Transaction, inverse: InverseDef, ids: Sequence[str], change: FieldChange) -> BulkResult:
    assert inverse.other is not None
    relation = transaction.parts.metamodel.objects[inverse.object].fields[inverse.other].relation
    assert relation is not None
    # Of a record that one may not read, nothing is told by what is linked to it already.
    other = transaction.get(relation.targets[0], str(change.value or "")).id
    linked = dict(_linked(transaction, inverse, ids, other))
    results = {each: RowResult(outcome="unchanged", id=each) for each in ids}
    if change.how is How.REMOVE:
        refused = transaction.delete_many(inverse.object, dict.fromkeys(linked.values()))
        for record_id, link in linked.items():
            fault = refused.get(link)
            taken = RowResult(outcome="updated", id=record_id)
            results[record_id] = taken if fault is None else refused_row(record_id, fault)
        return BulkResult(rows=tuple(results.values()), written=True)
    new = [each for each in ids if each not in linked]
    rows = [SaveRow(values={inverse.field: each, inverse.other: other}) for each in new]
    for record_id, row in zip(new, transaction.save_many(inverse.object, rows).rows, strict=True):
        outcome = "updated" if row.outcome == "created" else row.outcome
        results[record_id] = RowResult(outcome=outcome, id=record_id, errors=row.errors, notices=row.notices)
    return BulkResult(rows=tuple(results.values()), written=True)


def _linked(transaction: Transaction, inverse: InverseDef, ids: Sequence[str], other: str) -> Iterator[tuple[str, str]]:
    """Give the records among these that are linked to one, with their links."""
    table = save_plan(transaction.parts, inverse.object).table.table
    above, beside = table.c[inverse.field], table.c[inverse.other or ""]
    for start in range(0, len(ids), _BATCH):
        here = one_of(above, ids[start : start + _BATCH], transaction.database.dialect)
        query = select(above, table.c["id"]).where(here, beside == other, table.c["deleted_at"].is_(None))
        for row in transaction.select(query):
            yield str(row[0]), str(row[1])
