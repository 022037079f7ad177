"""Creating and changing one record, in the documented order of a save.

1 load and lock · 2 access · 3 defaults, formulas · 4 before rules · 5 checks · 6 write · 7 roll-ups · 8 audit ·
9 after rules. The transaction around it commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.access.grants import masked_fields
from engine.access.object_access import ObjectAccess
from engine.access.predicates import EVERYONE
from engine.errors import AccessDenied, ConfirmationNeeded, ValidationFailed
from engine.records.duplicates.finding import check_duplicates, keep_keys
from engine.records.hooks import SaveKind
from engine.records.saving.audit import audit_row, write_audit
from engine.records.saving.checks import Checker
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import check_files, claim_files
from engine.records.saving.filling import fill_copies, fill_new, number_new, number_with_the_write, touch
from engine.records.saving.loading import check_creation, check_field_rights, load_for_change
from engine.records.saving.numbering import drawn_with_the_write, draws_late
from engine.records.saving.order import SaveStep, begin_notes, note, note_all
from engine.records.saving.parents import check_parent
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.product_fields import keep_product_fields
from engine.records.saving.relations import check_relations, hold_targets
from engine.records.saving.results import saved_record
from engine.records.saving.rollups import event_of, roll_up
from engine.records.saving.stages import end_stays
from engine.records.saving.trees import check_trees
from engine.records.saving.writing import audited_changes, insert_record
from engine.records.saving.writing import update_record as write_update
from engine.records.schemas import ValueReader
from engine.records.tagging import tag_written
from engine.records.types import Saved
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_STAMPS = frozenset(("version", "modified_at", "modified_by"))


def create_record(
    transaction: Transaction, object_def: ObjectDef, raw: Mapping[str, object], record_id: str | None
) -> Saved:
    """Create a record from raw values."""
    if not transaction.access.of(object_def.key).may("create"):
        raise AccessDenied("create", object_def.key, "your roles do not allow it")
    given = reader(transaction, object_def, SaveKind.CREATED).read(raw)
    draft = new_draft(transaction, object_def.key, given, record_id)
    begin_notes(draft, transaction)
    _place(draft, transaction)
    check_files([draft], transaction)
    prepare_new(draft, transaction)
    check_creation(draft, transaction.access)
    check_field_rights(draft, transaction.access, draft.context, sorted(given), transaction.actor.language)
    check_files([draft], transaction)
    late = _draws_late(draft, transaction)
    if not late:
        number_new([draft], transaction)
    draft.compute()
    note(draft, SaveStep.DEFAULTS)
    run_before(draft, transaction)
    keep_product_fields(draft, transaction)
    judge([draft], transaction)
    check_duplicates([draft], transaction)
    refuse_faulty(draft)
    if late:
        _number_late(draft, transaction)
    hold_targets(draft, transaction)
    insert_record(draft, transaction)
    finish([draft], transaction)
    if transaction.alone:
        # Only the server knows the number until this is sent.
        transaction.settle(last=True)
    return Saved(
        record=saved_record(draft, transaction),
        created=True,
        changed=tuple(sorted(draft.changed)),
        notices=tuple(draft.notices),
    )


def update_record(
    transaction: Transaction, object_def: ObjectDef, record_id: str, raw: Mapping[str, object], version: int | None
) -> Saved:
    """Change a record from raw values."""
    # A save that is alone begins again, with the record locked, where somebody else has changed it meanwhile.
    locked = not transaction.alone
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, version, locked=locked)
    begin_notes(draft, transaction)
    given = reader(transaction, object_def, SaveKind.UPDATED).read(raw)
    apply_given(draft, given, transaction)
    fill_copies(draft)
    check_files([draft], transaction)
    draft.compute()
    note(draft, SaveStep.DEFAULTS)
    if draft.changed:
        run_before(draft, transaction)
        keep_product_fields(draft, transaction)
        judge([draft], transaction)
        check_duplicates([draft], transaction)
    refuse_faulty(draft)
    changed = sorted(draft.changed)
    if changed:
        touch(draft, transaction)
        hold_targets(draft, transaction)
        write_update(draft, sorted(draft.written | _STAMPS), transaction)
        finish([draft], transaction)
    return Saved(
        record=saved_record(draft, transaction), created=False, changed=tuple(changed), notices=tuple(draft.notices)
    )


def reader(transaction: Transaction, object_def: ObjectDef, kind: SaveKind) -> ValueReader:
    """Give the reader of raw values for what the actor may set."""
    access, language = transaction.access, transaction.actor.language
    key = ("reader", object_def.key, kind, None if access.full else access.roles, language)
    parts = transaction.parts

    def make() -> ValueReader:
        plan: SavePlan = save_plan(parts, object_def.key)
        rights = access.of(object_def.key)
        writable = writable_fields(plan, rights, kind)
        types, context = parts.release.field_types, parts.value_context
        return ValueReader(
            object_def,
            types,
            context,
            writable=writable,
            shown=rights.shown,
            masked=masked_fields(parts.metamodel, object_def.key),
            language=language,
        )

    return parts.made(key, make)


def writable_fields(plan: SavePlan, rights: ObjectAccess, kind: SaveKind) -> frozenset[str]:
    """Give the fields that a save may name, by rights that hold for some record at least."""
    # What is not shown can't be set either: whoever may not know a field has no use for its name.
    writable = plan.settable & rights.shown
    return writable & (rights.creatable if kind is SaveKind.CREATED else rights.updatable)


def new_draft(
    transaction: Transaction, object_key: str, given: Mapping[str, Any], record_id: str | None
) -> RecordDraft:
    """Make the draft of a new record with the values that were given."""
    plan = save_plan(transaction.parts, object_key)
    made_id = record_id or transaction.services.ids.new()
    draft = RecordDraft(plan, transaction.around, SaveKind.CREATED, made_id, None, transaction.confirmed)
    draft.values.update({name: plan.keep[name](value) for name, value in given.items()})
    draft.given.update(given)
    return draft


def _place(draft: RecordDraft, transaction: Transaction) -> None:
    placed = transaction.cause.placed
    if placed is not None and placed.object == draft.object_key:
        for name, value in placed.values.items():
            draft.put(name, value)


def _draws_late(draft: RecordDraft, transaction: Transaction) -> bool:
    before = transaction.services.before_rules
    return not before.applies(transaction, draft.object_key, draft.kind) and draws_late(transaction.parts, draft.plan)


def _number_late(draft: RecordDraft, transaction: Transaction) -> None:
    after, key = transaction.services.after_save, draft.object_key
    if transaction.alone and drawn_with_the_write(
        transaction.parts, draft.plan, lambda name: after.reads(transaction, key, name)
    ):
        number_with_the_write(draft, transaction)
    else:
        number_new([draft], transaction)


def prepare_new(draft: RecordDraft, transaction: Transaction) -> None:
    """Fill what nobody typed."""
    fill_new(draft, transaction)
    fill_copies(draft)
    if draft.plan.rated:
        draft.rate()


def apply_given(draft: RecordDraft, given: Mapping[str, Any], transaction: Transaction) -> None:
    """Put given values into a loaded draft; rights on fields are judged by what is stored."""
    keep = draft.plan.keep
    apply_kept(draft, {name: keep[name](value) for name, value in given.items()}, transaction)


def apply_kept(draft: RecordDraft, kept: Mapping[str, Any], transaction: Transaction) -> None:
    """Put given values into a loaded draft that are in the form their fields keep."""
    changed = {name: value for name, value in kept.items() if value != draft.old.get(name)}
    rights = transaction.access.of(draft.object_key).fields
    if any(rights[name].update is not EVERYONE for name in changed):
        check_field_rights(draft, transaction.access, draft.context, sorted(changed), transaction.actor.language)
    for name, value in changed.items():
        draft.put(name, value)
        draft.given.add(name)


def run_before(draft: RecordDraft, transaction: Transaction) -> None:
    """Let the before rules change or refuse the record, then compute formulas again."""
    note(draft, SaveStep.BEFORE_RULES)
    rules = transaction.services.before_rules
    if rules.applies(transaction, draft.object_key, draft.kind):
        rules(transaction, draft)
        draft.compute()


def check_locks(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Reject changes of records that an approval keeps as they are."""
    locks = transaction.services.approvals
    watched = [draft for draft in drafts if locks.watches(transaction, draft.object_key)]
    if watched:
        locks.judge(transaction, watched)


def judge(drafts: Sequence[RecordDraft], transaction: Transaction, *, held: bool = False) -> None:
    """Check drafts: relations, parents, then everything about the records themselves. held: see `check_relations`."""
    check_locks(drafts, transaction)
    check_relations(drafts, transaction, held=held)
    check_files(drafts, transaction)
    check_trees(drafts, transaction)
    checker = Checker(
        transaction.release.field_types,
        transaction.actor.language,
        transaction.parts.metamodel.main.currency,
        transaction.access,
    )
    for draft in drafts:
        check_parent(draft, transaction)
        checker.check(draft)
        note(draft, SaveStep.CHECKS, [each.name for each in draft.plan.validations])


def refuse_faulty(draft: RecordDraft) -> None:
    """Refuse what was found wrong.

    Raises: ValidationFailed, ConfirmationNeeded.
    """
    if draft.errors:
        raise ValidationFailed(draft.errors)
    if draft.unconfirmed:
        raise ConfirmationNeeded(draft.unconfirmed)


def finish(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """After the rows are written: keep what they are now, roll up, write history, match after rules."""
    rows = []
    note_all(drafts, SaveStep.WRITE)
    for draft in drafts:
        transaction.cache.put(draft.object_key, draft.values)
        changes = audited_changes(draft, sorted(draft.changed))
        version = draft.values["version"]
        rows.append(audit_row(transaction, draft.object_key, draft.record_id, version, draft.kind, changes))
    claim_files(drafts, transaction)
    end_stays(drafts, transaction)
    keep_keys(drafts, transaction)
    rolled = roll_up(drafts, transaction)
    note_all(drafts, SaveStep.ROLL_UPS, rolled.names)
    write_audit(transaction, [*rows, *rolled.audit])
    note_all(drafts, SaveStep.HISTORY)
    after = transaction.services.after_save
    watched = {kind for kind in {draft.kind for draft in drafts} if after.watches(transaction, draft.object_key, kind)}
    events = [event_of(draft) for draft in drafts if draft.kind in watched]
    events += [replace(event, order=tuple(drafts[0].order or ())) for event in rolled.events]
    if events:
        after(transaction, events)
    tag_written(drafts, transaction)
