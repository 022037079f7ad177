"""Takes a merge back within 30 days: what was changed since stays as it is and is named.

Those that went come out of the bin, what was moved and not touched since points at them again, and the survivor's
fields that still have what the merge gave them get what they had.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import AccessDenied, FieldError, RecordNotFound, ValidationFailed
from engine.records.files import file_rows
from engine.records.hooks import SaveKind
from engine.records.identifiers import could_be_id
from engine.records.merging.keeping import KeptMerge, Moved, note_undone, read_merge
from engine.records.merging.moving import move_records
from engine.records.product_rights import with_product_rights
from engine.records.saving.audit import audit_row, write_audit
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.messages import say
from engine.records.types import Choice
from metamodel.field_types.files import files_in
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

UNDOABLE = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing did.

    fields: of the survivor that stay, since they were changed or what they had is not known. kept: records changed
    since that stay. unseen: how many more of these there are, which the actor may not read.
    """

    into: str
    restored: tuple[str, ...]
    fields: tuple[str, ...]
    kept: tuple[Choice, ...]
    unseen: int


def undo_merge(transaction: Transaction, object_def: ObjectDef, merge: str, *, into: str) -> Undone:
    """Take a merge into a record back; the transaction must be rolled back where this raises.

    Raises: RecordNotFound, AccessDenied, ValidationFailed.
    """
    survivor = load_for_change(transaction, object_def.key, into, SaveKind.UPDATED, None)
    rows = read_merge(transaction, merge) if could_be_id(merge) else []
    if not rows or (rows[0].object, rows[0].into_id) != (object_def.key, into):
        raise RecordNotFound("merge", merge)
    _refuse_late(transaction, rows)
    note_undone(transaction, merge)
    fields = _give_back(transaction, survivor, rows)
    for row in reversed(rows):
        transaction.restore(object_def.key, row.record_id)
    product = with_product_rights(transaction)
    kept: list[Moved] = []
    for row in rows:
        for object_key in {each.object for each in row.moved} & transaction.parts.metamodel.objects.keys():
            product.cache.prefetch(object_key, [each.id for each in row.moved if each.object == object_key])
        kept += _move_back(product, row, told=transaction)
    product.settle()
    transaction.cache.forget()
    _tell(transaction, object_def, [survivor.record_id, *(row.record_id for row in rows)])
    titles = transaction.reader.titles([(each.object, each.id) for each in kept])
    return Undone(
        into=survivor.record_id,
        restored=tuple(row.record_id for row in rows),
        fields=tuple(fields),
        kept=tuple(Choice(*key, title) for key, title in titles.items()),
        unseen=len({(each.object, each.id) for each in kept} - titles.keys()),
    )


def is_undoable(transaction: Transaction, row: KeptMerge) -> bool:
    """Say whether a merge is young enough."""
    return row.undone_at is None and transaction.now - row.at <= UNDOABLE


def _refuse_late(transaction: Transaction, rows: Sequence[KeptMerge]) -> None:
    if not is_undoable(transaction, rows[0]):
        text = say("not_undoable", transaction.actor.language, days=UNDOABLE.days)
        raise ValidationFailed([FieldError(code="not_undoable", message=text)])


def _give_back(transaction: Transaction, survivor: RecordDraft, rows: Sequence[KeptMerge]) -> list[str]:
    """Give the survivor what it had; give the names of the fields that stay, since they were changed."""
    values: dict[str, Any] = {}
    kept = []
    updatable = transaction.access.of(survivor.object_key).updatable & survivor.plan.settable
    gone = [
        load_for_change(transaction, survivor.object_key, row.record_id, SaveKind.RESTORED, None).values for row in rows
    ]
    for name, (old, new) in ((name, pair) for row in rows for name, pair in row.values.items()):
        field = survivor.plan.object.fields.get(name)
        if field is None or name not in updatable or not _stands(survivor, field, (old, new), gone):
            kept.append(name)
            continue
        kind = transaction.release.field_types.of(field)
        value = None if old is None else kind.read(old, field, transaction.parts.value_context)
        files = [file.id for file in files_in(value)]
        if file_rows(transaction, files).keys() >= set(files):
            values[name] = value
        else:
            kept.append(name)
    if values:
        transaction.update(survivor.object_key, survivor.record_id, values, confirm=None)
    return kept


def _stands(survivor: RecordDraft, field: FieldDef, pair: tuple[Any, Any], gone: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether a field still has what the merge gave it, and what it had before is known."""
    if field.encrypted:
        # Of what was encrypted only this is kept: whether there was anything.
        taken = [values[field.name] for values in gone]
        return pair[0] is None and survivor.values[field.name] in taken
    return bool(_written(survivor, field.name) == pair[1])


def _written(survivor: RecordDraft, name: str) -> Any:
    value, form = survivor.values[name], survivor.plan.json[name]
    return value if form is None or value is None else form(value)


def _move_back(product: Transaction, row: KeptMerge, *, told: Transaction) -> Iterator[Moved]:
    """Let what was moved and not touched since point back; give what stays."""
    untouched: dict[tuple[str, str], list[str]] = {}
    for each in row.moved:
        definition = product.parts.metamodel.objects.get(each.object)
        if definition is None or each.field not in definition.fields:
            continue
        values = product.cache.related(each.object, each.id)
        if each.version == 0:
            with suppress(RecordNotFound, ValidationFailed, AccessDenied):
                product.restore(each.object, each.id)
        elif values is not None and values["version"] == each.version and _points(values[each.field], row.into_id):
            untouched.setdefault((each.object, each.field), []).append(each.id)
        elif values is not None:
            yield each
    for (object_key, field), ids in untouched.items():
        for _ in move_records(product, object_key, field, ids, (row.object, row.record_id), told=told):
            pass


def _points(value: Any, record_id: str) -> bool:
    return (value.id if isinstance(value, Ref) else value) == record_id


def _tell(transaction: Transaction, object_def: ObjectDef, ids: Sequence[str]) -> None:
    rows = []
    for each in ids:
        values = transaction.cache.related(object_def.key, each)
        if values is not None:
            row = audit_row(transaction, object_def.key, each, values["version"], SaveKind.UPDATED, {})
            rows.append({**row, "action": "unmerged"})
    write_audit(transaction, rows)
    transaction.settle()
