"""Many records of one object into the bin by the statements of one batch; those that something points at go one by one.

The same steps in the same order as for one record (`deleting`): rights, before rules, the write, roll-ups, history and
after rules. A record that is refused leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, union_all

from engine.errors import AccessDenied, EngineError, RecordNotFound, StaleVersion
from engine.records.batches import given_one_of, given_values
from engine.records.hooks import SaveKind
from engine.records.saving.deleting import all_inverses, delete_record
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.finishing import finish_many
from engine.records.saving.loading import load_many_for_change
from engine.records.saving.plan import save_plan
from engine.records.saving.steps import check_locks, refuse_faulty, run_before
from engine.records.saving.writing_many import update_records
from engine.records.sources import points_at_some
from engine.records.statements import Prepared
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

BATCH = 1_000


def delete_many(
    transaction: Transaction, object_def: ObjectDef, versions: Mapping[str, int | None]
) -> dict[str, EngineError]:
    """Move records and their parts to the bin; give what refused those that stay, by their ids.

    versions: the record's id → only if it still has this version; None = any.
    """
    refused: dict[str, EngineError] = {}
    ids = list(versions)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        drafts = _load(transaction, object_def, part, versions, refused)
        used = _used(transaction, object_def, [draft.record_id for draft in drafts])
        _bin_together(transaction, [draft for draft in drafts if draft.record_id not in used], refused)
        for record_id in used:
            try:
                delete_record(transaction, object_def, record_id, versions[record_id])
            except EngineError as fault:
                refused[record_id] = fault
    return refused


def _load(
    transaction: Transaction,
    object_def: ObjectDef,
    ids: Sequence[str],
    versions: Mapping[str, int | None],
    refused: dict[str, EngineError],
) -> list[RecordDraft]:
    key, plan, drafts = object_def.key, save_plan(transaction.parts, object_def.key), []
    found = load_many_for_change(transaction, key, ids, SaveKind.DELETED)
    for record_id in ids:
        allowed, values = found.get(record_id, (False, None))
        version = versions[record_id]
        if values is None:
            refused[record_id] = RecordNotFound(key, record_id)
        elif not allowed:
            refused[record_id] = AccessDenied("delete", key, "your roles do not allow it for this record")
        elif version is not None and version != values["version"]:
            refused[record_id] = StaleVersion(key, record_id, expected=version, current=values["version"])
        else:
            drafts.append(RecordDraft(plan, transaction.around, SaveKind.DELETED, record_id, values, None))
    return drafts


def _bin_together(transaction: Transaction, drafts: Sequence[RecordDraft], refused: dict[str, EngineError]) -> None:
    sound = []
    for draft in drafts:
        try:
            run_before(draft, transaction)
            check_locks([draft], transaction)
            refuse_faulty(draft)
        except EngineError as fault:
            refused[draft.record_id] = fault
            continue
        draft.put("deleted_at", transaction.now)
        sound.append(draft)
    if not sound:
        return
    changed = [sorted(draft.changed) for draft in sound]
    for draft in sound:
        touch(draft, transaction)
    update_records(sound, changed, transaction)
    finish_many(sound, transaction)


def _used(transaction: Transaction, object_def: ObjectDef, ids: Collection[str]) -> list[str]:
    """Find which of some records anything points at; one kept statement."""
    parts, dialect = transaction.parts, transaction.database.dialect
    inverses = all_inverses(transaction, object_def)
    if not inverses or not ids:
        return []

    def make() -> Prepared:
        probes: list[Any] = []
        for inverse in inverses:
            child = parts.tables.of(inverse.object).table
            column, same_object = points_at_some(parts, inverse.object, inverse.field, object_def.key)
            here = [given_one_of(column, "ids", dialect), child.c["deleted_at"].is_(None), *same_object]
            probes.append(select(column.label("id")).where(*here))
        return Prepared(union_all(*probes), parts.dialect)

    prepared = parts.made(("used among", object_def.key), make)
    found = {str(row[0]) for row in transaction.rows(prepared, {"ids": given_values(ids, dialect)})}
    return [each for each in ids if each in found]
