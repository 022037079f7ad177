"""What follows the writing of a batch: records kept as they are now, roll-ups, history, after rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.records.duplicates.finding import keep_keys
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.saving.audit import AuditRow, audit_row, write_audit_beside
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import claim_files
from engine.records.saving.rollups import roll_up
from engine.records.saving.stages import end_stays
from engine.records.saving.writing import audited_changes
from engine.records.saving.writing_many import STAMPS
from engine.records.saving.writing_new import audit_rows_of_new

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def finish_many(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Do for written records of one object what `finish` does for one; new and changed ones keep their order."""
    keep = transaction.cache.put
    for draft in drafts:
        keep(draft.object_key, draft.values)
    # The log's rows are made while the server takes the records; whoever asks it next has to wait for that.
    rows = _audit_rows(drafts, transaction)
    claim_files(drafts, transaction)
    end_stays(drafts, transaction)
    keep_keys(drafts, transaction)
    rolled = roll_up(drafts, transaction)
    write_audit_beside(transaction, [*rows, *rolled.audit])
    after = transaction.services.after_save
    key = drafts[0].object_key
    watched = {kind for kind in {draft.kind for draft in drafts} if after.watches(transaction, key, kind)}
    events = [*_events([draft for draft in drafts if draft.kind in watched]), *rolled.events]
    if events:
        after(transaction, events)


def _audit_rows(drafts: Sequence[RecordDraft], transaction: Transaction) -> list[AuditRow]:
    new = [draft for draft in drafts if draft.kind is SaveKind.CREATED]
    rows = {row["record_id"]: row for row in audit_rows_of_new(new, transaction)}
    for draft in drafts:
        if draft.kind is not SaveKind.CREATED:
            changes = audited_changes(draft, sorted(draft.changed))
            version = draft.values["version"]
            rows[draft.record_id] = audit_row(
                transaction, draft.object_key, draft.record_id, version, draft.kind, changes
            )
    return [rows[draft.record_id] for draft in drafts]


def _events(drafts: Sequence[RecordDraft]) -> list[SaveEvent]:
    """Give what a batch did; what drafts have changed is one set for all that changed the same fields."""
    stamps = frozenset(STAMPS)
    known: dict[frozenset[str], frozenset[str]] = {}
    found = []
    for draft in drafts:
        changed = known.get(draft.changed)
        if changed is None:
            changed = known[draft.changed] = draft.changed - stamps
        found.append(
            SaveEvent(
                object=draft.object_key,
                record_id=draft.record_id,
                kind=draft.kind,
                version=draft.values["version"],
                changed=changed,
                # Nobody changes the values of a draft that is written.
                new=draft.values,
                old=draft.old,
                bulk=True,
            )
        )
    return found
