"""What rules have to do with events that are more than one save: a merge, a conversion.

Rules before it may refuse it or set fields of the record; rules after it are matched once, when all is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.records.hooks import SaveEvent, SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.steps import refuse_faulty, run_before
from engine.records.tagging import tag_written

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def by_rules_before(transaction: Transaction, loaded: RecordDraft, kind: SaveKind) -> dict[str, Any]:
    """Let the rules before an event refuse it or set fields of its record; give what they set.

    Raises: ValidationFailed, ConfirmationNeeded.
    """
    draft = RecordDraft(loaded.plan, loaded.around, kind, loaded.record_id, loaded.values, loaded.confirmed)
    run_before(draft, transaction)
    refuse_faulty(draft)
    tag_written([draft], transaction)
    return {name: draft.values[name] for name in draft.changed & loaded.plan.settable}


def tell_rules(transaction: Transaction, object_key: str, record_id: str, kind: SaveKind) -> None:
    """Match the after rules that wait for an event of a record, as it is now."""
    after = transaction.services.after_save
    if not after.watches(transaction, object_key, kind):
        return
    values = transaction.cache.related(object_key, record_id)
    assert values is not None, "the record of an event is there"
    event = SaveEvent(
        object=object_key,
        record_id=record_id,
        kind=kind,
        version=values["version"],
        changed=frozenset(),
        new=values,
        old=values,
    )
    after(transaction, [event])
