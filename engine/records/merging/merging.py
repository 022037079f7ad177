"""Merges records of one object into one of them, in the caller's transaction.

The person must be allowed to change the one that stays and to delete those that go. Those that go are binned first, so
that their unique values are free; then all that pointed at them points at the survivor; then the survivor gets its
values, with the rights of the person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine import faults
from engine.errors import AccessDenied, FieldError, ValidationFailed
from engine.records.fates import by_rules_before, tell_rules
from engine.records.hooks import SaveKind
from engine.records.merging.choosing import chosen_values, merge_fields, relinked
from engine.records.merging.keeping import KeptMerge, Moved, keep_merges
from engine.records.merging.moving import move_pointing
from engine.records.product_rights import with_product_rights
from engine.records.saving.audit import audit_row, write_audit
from engine.records.saving.deleting import bin_alone
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.messages import say
from engine.records.saving.writing import audited_changes
from engine.records.types import Record
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MOST_AT_ONCE = 20
_ACCOUNTS = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """What is asked. gone: ids of the records that go. take: field → id of the record whose value stands, or `all`.

    versions: id → the version that the person has seen. confirm: codes of warnings.
    """

    gone: Sequence[str]
    take: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    versions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    confirm: Collection[str] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did: its id, the survivor as the actor may read it, and how many records point at it now."""

    merge: str
    record: Record
    gone: tuple[str, ...]
    moved: int


def is_mergeable(object_def: ObjectDef) -> bool:
    """Say whether records of an object can be merged: not links, people who log in, rows of another database."""
    return object_def.links is None and object_def.source is None and object_def.key != _ACCOUNTS


def merge_records(transaction: Transaction, object_def: ObjectDef, survivor: str, asked: MergeRequest) -> Merged:
    """Merge records; the transaction must be rolled back where this raises.

    Raises: RecordNotFound, AccessDenied, StaleVersion, ValidationFailed, ConfirmationNeeded.
    """
    gone = _checked(transaction, object_def, survivor, asked)
    transaction.confirmed = None if asked.confirm is None else frozenset(asked.confirm)
    drafts = load_together(transaction, object_def, survivor, gone, asked.versions)
    values = chosen_values(merge_fields(transaction, drafts), asked.take, transaction.actor.language)
    owed = relinked(transaction, drafts) | by_rules_before(transaction, drafts[0], SaveKind.MERGED)
    for draft in drafts[1:]:
        bin_alone(transaction, draft)
    transaction.settle()
    faults.reach("merge.binned")
    product = with_product_rights(transaction)
    together = (survivor, *gone)
    moved = {
        each: move_pointing(product, object_def, each, survivor, besides=together, told=transaction) for each in gone
    }
    if owed:
        product.update(object_def.key, survivor, owed, confirm=None)
    product.settle()
    transaction.cache.forget()
    chosen = {name: value for name, value in values.items() if name not in owed}
    saved = transaction.update(object_def.key, survivor, chosen, confirm=asked.confirm)
    merge = transaction.services.ids.new()
    _keep(transaction, merge, drafts, moved)
    _tell(transaction, object_def, drafts)
    faults.reach("merge.kept")
    count = len({(one.object, one.id) for each in moved.values() for one in each if one.version > 0})
    return Merged(merge=merge, record=saved.record, gone=tuple(gone), moved=count)


def load_together(
    transaction: Transaction,
    object_def: ObjectDef,
    survivor: str,
    gone: Sequence[str],
    versions: Mapping[str, int],
    *,
    locked: bool = True,
) -> list[RecordDraft]:
    """Load records for a merge, the survivor first; they are locked in the order of their ids.

    Raises: RecordNotFound, AccessDenied, StaleVersion.
    """
    found = {}
    for each in sorted((survivor, *gone)):
        kind = SaveKind.UPDATED if each == survivor else SaveKind.DELETED
        found[each] = load_for_change(transaction, object_def.key, each, kind, versions.get(each), locked=locked)
    return [found[each] for each in (survivor, *gone)]


def _checked(transaction: Transaction, object_def: ObjectDef, survivor: str, asked: MergeRequest) -> list[str]:
    if not is_mergeable(object_def):
        raise AccessDenied("merge", object_def.key, "such records can't be merged")
    gone = list(dict.fromkeys(asked.gone))
    if not 0 < len(gone) <= MOST_AT_ONCE or survivor in gone:
        text = say("not_to_merge", transaction.actor.language, most=MOST_AT_ONCE)
        raise ValidationFailed([FieldError(code="not_to_merge", message=text, field="from")])
    return gone


def _keep(
    transaction: Transaction, merge: str, drafts: Sequence[RecordDraft], moved: Mapping[str, Sequence[Moved]]
) -> None:
    survivor, *others = drafts
    after = transaction.cache.related(survivor.object_key, survivor.record_id)
    assert after is not None
    became = RecordDraft(survivor.plan, survivor.around, SaveKind.UPDATED, survivor.record_id, survivor.values, None)
    became.values.update({name: after[name] for name in survivor.plan.settable})
    changes = audited_changes(became, sorted(became.changed))
    # What pointed at several of them, or by several fields, was moved as often.
    versions: dict[tuple[str, str], int] = {}
    for one in (one for each in moved.values() for one in each):
        versions[one.object, one.id] = max(one.version, versions.get((one.object, one.id), 0))
    kept = [
        KeptMerge(
            merge=merge,
            object=survivor.object_key,
            record_id=draft.record_id,
            into_id=survivor.record_id,
            at=transaction.now,
            by=transaction.actor.user_id,
            moved=tuple(replace(one, version=versions[one.object, one.id]) for one in moved[draft.record_id]),
            values=changes if draft is others[0] else {},
        )
        for draft in others
    ]
    keep_merges(transaction, kept)


def _tell(transaction: Transaction, object_def: ObjectDef, drafts: Sequence[RecordDraft]) -> None:
    """Write the entry `merged` into the history of all of them, and let the rules know."""
    survivor, *others = drafts
    values = transaction.cache.related(object_def.key, survivor.record_id)
    assert values is not None
    versions = {survivor.record_id: values["version"]} | {each.record_id: each.values["version"] for each in others}
    rows = [audit_row(transaction, object_def.key, each, at, SaveKind.MERGED, {}) for each, at in versions.items()]
    write_audit(transaction, rows)
    tell_rules(transaction, object_def.key, survivor.record_id, SaveKind.MERGED)
    transaction.settle()
