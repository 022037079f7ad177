"""What follows the writing of a batch: records kept as they are now, roll-ups, history, after rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.records.duplicates.finding import keep_keys
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.saving.audit import AuditRow, audit_row, write_audit_beside
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import claim_files
from engine.records.saving.order import BatchOrder
from engine.records.saving.record_columns import RecordColumns
from engine.records.saving.rollups import roll_up
from engine.records.saving.stages import end_stays
from engine.records.saving.writing import audited_changes
from engine.records.saving.writing_many import STAMPS
from engine.records.saving.writing_new import audit_columns_of_new
from engine.records.tagging import tag_written

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def finish_many(
    drafts: Sequence[RecordDraft],
    transaction: Transaction,
    groups: Sequence[RecordColumns] = (),
    written: RecordColumns | None = None,
) -> None:
    """Do for written records of one object what `finish` does for one; new and changed ones keep their order.

    groups: new records that are no drafts. written: all new records, drafts and groups alike.
    """
    keep = transaction.cache.put
    for draft in drafts:
        keep(draft.object_key, draft.values)
    # The log's rows are made while the server takes the records; whoever asks it next has to wait for that.
    new = audit_columns_of_new(written, transaction) if written is not None else {}
    changed = [_audit_row(draft, transaction) for draft in drafts if written is None or draft.stored is not None]
    claim_files(drafts, transaction)
    end_stays(drafts, transaction)
    keep_keys(drafts, transaction)
    rolled = roll_up(drafts, transaction, groups)
    write_audit_beside(transaction, [*changed, *rolled.audit], new)
    after = transaction.services.after_save
    plan = drafts[0].plan if drafts else groups[0].plan
    kinds = {draft.kind for draft in drafts} | {SaveKind.CREATED for _ in groups[:1]}
    watched = {kind for kind in kinds if after.watches(transaction, plan.object.key, kind)}
    order = BatchOrder([each.name for each in plan.validations], rolled.names if watched or rolled.events else ())
    events = _events([draft for draft in drafts if draft.kind in watched], order)
    for group in groups if SaveKind.CREATED in watched else ():
        events += _events_of_new(group, after.concerned(transaction, group), order)
    events += [replace(event, order=order.of(None)) for event in rolled.events]
    if events:
        after(transaction, events)
    tag_written(drafts, transaction)


def _audit_row(draft: RecordDraft, transaction: Transaction) -> AuditRow:
    changes = audited_changes(draft, sorted(draft.changed))
    version = draft.values["version"]
    return audit_row(transaction, draft.object_key, draft.record_id, version, draft.kind, changes)


def _events_of_new(group: RecordColumns, places: Collection[int], order: BatchOrder) -> list[SaveEvent]:
    """Give what a batch did, of the new records at some places."""
    if not places:
        return []
    stamps, key = frozenset(STAMPS), group.plan.object.key
    found = []
    for at, filled in enumerate(group.filled()):
        if at in places:
            new = group.row(at)
            found.append(
                SaveEvent(
                    object=key,
                    record_id=new["id"],
                    kind=SaveKind.CREATED,
                    version=new["version"],
                    changed=filled - stamps,
                    new=new,
                    bulk=True,
                    order=order.of(None),
                )
            )
    return found


def _events(drafts: Sequence[RecordDraft], order: BatchOrder) -> list[SaveEvent]:
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
                order=order.of(draft),
            )
        )
    return found
