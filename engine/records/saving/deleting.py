"""Moving records to the bin and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.records.hooks import SaveKind
from engine.records.saving.loading import load_for_change
from engine.records.types import Saved
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def delete_record(transaction: Transaction, object_def: ObjectDef, record_id: str, version: int | None) -> None:
    """Move a record and its parts to the bin."""
    from engine.records.saving import filling, steps, writing

    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.DELETED, version)
    draft.put("deleted_at", transaction.now)
    steps.run_before(draft, transaction)
    steps.refuse_faulty(draft)
    filling.touch(draft, transaction)
    writing.update_record(draft, sorted(draft.changed), transaction)
    steps.finish([draft], transaction)


def restore_record(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Saved:
    """Take a record out of the bin."""
    from engine.records.saving import filling, steps, writing

    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.RESTORED, None)
    draft.put("deleted_at", None)
    steps.judge([draft], transaction)
    steps.refuse_faulty(draft)
    filling.touch(draft, transaction)
    changed = sorted(draft.changed)
    writing.update_record(draft, changed, transaction)
    steps.finish([draft], transaction)
    from engine.records.saving.results import saved_record

    return Saved(record=saved_record(draft, transaction), created=False, changed=tuple(changed))
