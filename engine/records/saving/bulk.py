"""Many records through the same door: the same checks in the same order, with the statements of one batch.

Each step runs over all drafts of a batch before the next one begins, and asks the database once for all of them. A row
that is refused leaves the others alone, unless all or nothing was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from engine.errors import AccessDenied, EngineError, FieldError, RecordNotFound, StaleVersion, ValidationFailed
from engine.records.bulk_rows import BulkResult, RowColumns, RowResult, RowResults, SaveRow, given_ids
from engine.records.duplicates.finding import check_duplicates, compares
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import check_files
from engine.records.saving.filling import drawn_numbers, fill_copies, touch
from engine.records.saving.finishing import finish_many
from engine.records.saving.judging_columns import doubts, pointed_at
from engine.records.saving.loading import check_creation, check_field_rights, load_many_for_change
from engine.records.saving.messages import say
from engine.records.saving.new_columns import NewGroup, new_groups
from engine.records.saving.order import begin_batch_notes
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.product_fields import keep_product_fields
from engine.records.saving.record_columns import joined
from engine.records.saving.relations import prefetch_links
from engine.records.saving.steps import apply_given, apply_kept, judge, new_draft, prepare_new, reader, run_before
from engine.records.saving.uniques import check_uniques, claimed_twice
from engine.records.saving.value_columns import read_changes
from engine.records.saving.writing import refused_by_database
from engine.records.saving.writing_many import update_records
from engine.records.saving.writing_new import insert_records
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

BATCH = 10_000
"""Rows that are judged and written together, of imports too: more are no faster, and hold more locks and memory."""


def save_many(
    transaction: Transaction,
    object_def: ObjectDef,
    rows: Sequence[SaveRow],
    *,
    all_or_nothing: bool,
    beside: bool = False,
) -> BulkResult:
    """Save rows in their order. beside: the server may still take the last of them when this is left.

    Nothing is written where `all_or_nothing` and a row is refused; the caller rolls back then.

    Raises: ValidationFailed where somebody took a unique value between the asking and the writing.
    """
    created: dict[int, str] = {}
    told: dict[int, RowResult] = {}
    refused = False
    try:
        for start in range(0, len(rows), BATCH):
            batch = _Batch(transaction, object_def, rows if len(rows) <= BATCH else rows[start : start + BATCH])
            batch.save(write_faultless_only=all_or_nothing and refused)
            created |= {start + at: record_id for at, record_id in batch.created()}
            told |= {start + at: result for at, result in batch.told.items()}
            refused = refused or any(result.outcome == "refused" for result in batch.told.values())
    finally:
        if not beside:
            transaction.wait()
    return BulkResult(rows=RowResults(len(rows), created, told), written=not (all_or_nothing and refused))


class _Batch:
    """One batch of rows. told: the results of all rows but those that are records of groups, by place."""

    def __init__(self, transaction: Transaction, object_def: ObjectDef, rows: Sequence[SaveRow]) -> None:
        self._transaction = transaction
        self._object = object_def
        self._rows = rows
        self._drafts: dict[int, RecordDraft] = {}
        self._groups: list[NewGroup] = []
        self._stored: dict[str, tuple[bool, dict[str, Any]]] = {}
        self.told: dict[int, RowResult] = {}

    def save(self, *, write_faultless_only: bool) -> None:
        """Save the rows."""
        self._read()
        self._prepare()
        self._settle_refused()
        if (self._drafts or self._groups) and not write_faultless_only:
            try:
                self._write()
            except IntegrityError as fault:
                raise refused_by_database(fault, self._plan, self._transaction) from fault
        for index, draft in self._drafts.items():
            outcome = "created" if draft.kind is SaveKind.CREATED else "updated"
            self.told[index] = RowResult(outcome=outcome, id=draft.record_id, notices=tuple(draft.notices))

    def created(self) -> Iterator[tuple[int, str]]:
        """Give the places and ids of the records that were created without a word."""
        for group in self._groups:
            yield from zip(group.places, group.ids, strict=True)

    def _read(self) -> None:
        transaction = self._transaction
        rows, given = self._rows, given_ids(self._rows)
        ids = [record_id for record_id in given if record_id is not None]
        self._stored = load_many_for_change(transaction, self._object.key, ids)
        one_by_one = transaction.services.approvals.watches_new(transaction, self._object.key)
        self._groups = [] if one_by_one else new_groups(transaction, self._object, rows)
        by_columns = self._grouped()
        kept = read_changes(reader(transaction, self._object, SaveKind.UPDATED), self._plan, rows) if ids else {}
        seen: set[str] = set()
        for index in range(len(rows)) if len(by_columns) < len(rows) else ():
            if index in by_columns:
                continue
            record_id = given[index]
            try:
                draft = self._draft(index, kept.get(index))
            except EngineError as fault:
                self._refuse(index, fault, record_id)
                continue
            if draft.record_id in seen:
                # The second row of one record would have to see what the first one wrote; it comes in a later batch.
                text = say("twice", transaction.actor.language)
                self.told[index] = _refused(record_id, [FieldError(code="twice", message=text)])
                continue
            seen.add(draft.record_id)
            self._drafts[index] = draft

    def _draft(self, index: int, kept: Mapping[str, Any] | None = None) -> RecordDraft:
        """Make the draft of a row. kept: the values it gives, where they are read already."""
        transaction, object_def = self._transaction, self._object
        if kept is not None:
            draft = self._stored_draft(index)
            apply_kept(draft, kept, transaction)
            return draft
        row = self._rows[index]
        if row.id is None:
            if not transaction.access.of(object_def.key).may("create"):
                raise AccessDenied("create", object_def.key, "your roles do not allow it")
            given = reader(transaction, object_def, SaveKind.CREATED).read(row.values)
            return new_draft(transaction, object_def.key, given, None)
        draft = self._stored_draft(index)
        apply_given(draft, reader(transaction, object_def, SaveKind.UPDATED).read(row.values), transaction)
        return draft

    def _stored_draft(self, index: int) -> RecordDraft:
        rows, key = self._rows, self._object.key
        row = None if isinstance(rows, RowColumns) else rows[index]
        record_id, version = (given_ids(rows)[index], None) if row is None else (row.id, row.version)
        found = self._stored.get(record_id or "")
        if record_id is None or found is None:
            raise RecordNotFound(key, record_id or "")
        allowed, values = found
        if not allowed:
            raise AccessDenied("update", key, "your roles do not allow it for this record")
        if version is not None and version != values["version"]:
            raise StaleVersion(key, record_id, expected=version, current=values["version"])
        return RecordDraft(self._plan, self._transaction.around, SaveKind.UPDATED, record_id, values, None)

    def _prepare(self) -> None:
        transaction = self._transaction
        prefetch_links(list(self._drafts.values()), transaction, self._groups)
        self._fill_all()
        self._number()
        self._compute_all()
        self._judge_all()
        self._claim()
        moved = [draft for draft in self._drafts.values() if draft.kind is SaveKind.CREATED or draft.changed]
        check_uniques([draft for draft in moved if not draft.errors], transaction)
        check_duplicates(moved, transaction)

    def _fill_all(self) -> None:
        left = [index for group in self._groups for index in group.fill()]
        self._take({index: self._draft(index) for index in left})
        check_files(list(self._drafts.values()), self._transaction)
        for index, draft in list(self._drafts.items()):
            try:
                self._fill(draft)
            except EngineError as fault:
                self._refuse(index, fault, self._rows[index].id)
        check_files(list(self._drafts.values()), self._transaction)

    def _number(self) -> None:
        """Draw the autonumbers of all new records, in the order of their rows."""
        alone = {at: each for at, each in self._drafts.items() if each.kind is SaveKind.CREATED and not each.errors}
        places = sorted([*alone, *(at for group in self._groups for at in group.places)])
        for name, numbers in drawn_numbers(self._plan, len(places), self._transaction) if places else ():
            number_of = dict(zip(places, numbers, strict=True))
            for group in self._groups:
                group.values[name] = [number_of[at] for at in group.places]
            for at, draft in alone.items():
                draft.put(name, number_of[at])

    def _compute_all(self) -> None:
        """Compute formulas and let before rules act."""
        transaction = self._transaction
        left = [group.compute() for group in self._groups]
        rules = transaction.services.before_rules
        if rules.applies(transaction, self._object.key, SaveKind.CREATED):
            # Before rules look at one record at a time: those that none of them can concern stay.
            left += [group.leave(rules.concerned(transaction, group)) for group in self._groups]
        for each in left:
            self._take(each)
        begin_batch_notes(self._drafts.values(), transaction)
        for draft in self._drafts.values():
            draft.compute()
            if draft.kind is SaveKind.CREATED or draft.changed:
                run_before(draft, transaction)
                keep_product_fields(draft, transaction)

    def _judge_all(self) -> None:
        transaction = self._transaction
        found = pointed_at(self._groups, transaction) if self._groups else {}
        for group in self._groups:
            self._take(group.leave(doubts(group, transaction, found)))
        moved = [draft for draft in self._drafts.values() if draft.kind is SaveKind.CREATED or draft.changed]
        judge(moved, transaction, held=True)

    def _claim(self) -> None:
        """Take those out of the groups whose unique values may be another record's, or that may be its duplicate."""
        transaction = self._transaction
        if compares(transaction, self._object.key):
            for group in self._groups:
                self._take(group.leave_all())
        twice = claimed_twice(self._groups, list(self._drafts.values()), transaction)
        for group, places in zip(self._groups, twice, strict=True):
            self._take(group.leave(places))
        self._groups = [group for group in self._groups if len(group)]

    def _take(self, drafts: Mapping[int, RecordDraft]) -> None:
        """Take drafts in that left their group, in the order of their rows."""
        if drafts:
            self._drafts = dict(sorted({**self._drafts, **drafts}.items()))

    def _grouped(self) -> set[int]:
        return {index for group in self._groups for index in group.places}

    @property
    def _plan(self) -> SavePlan:
        return save_plan(self._transaction.parts, self._object.key)

    def _fill(self, draft: RecordDraft) -> None:
        transaction = self._transaction
        if draft.kind is not SaveKind.CREATED:
            fill_copies(draft)
            return
        prepare_new(draft, transaction)
        check_creation(draft, transaction.access)
        check_field_rights(draft, transaction.access, draft.context, sorted(draft.given), transaction.actor.language)

    def _settle_refused(self) -> None:
        for index, draft in list(self._drafts.items()):
            if draft.errors:
                self.told[index] = _refused(self._rows[index].id, draft.errors)
                del self._drafts[index]
            elif draft.kind is SaveKind.UPDATED and not draft.changed:
                self.told[index] = RowResult(outcome="unchanged", id=draft.record_id)
                del self._drafts[index]

    def _write(self) -> None:
        transaction, plan = self._transaction, self._plan
        made = [draft for draft in self._drafts.values() if draft.kind is SaveKind.CREATED]
        stored = [draft for draft in self._drafts.values() if draft.kind is not SaveKind.CREATED]
        written = None
        if made or self._groups:
            columns = {name: [draft.values[name] for draft in made] for name in plan.table.codecs} if made else {}
            parts = [*([columns] if made else []), *(group.values for group in self._groups)]
            written = joined(plan, parts)
            insert_records(written, transaction)
        changed = [sorted(draft.written) for draft in stored]
        for draft in stored:
            touch(draft, transaction)
        update_records(stored, changed, transaction)
        finish_many([*made, *stored], transaction, self._groups, written)

    def _refuse(self, index: int, fault: EngineError, record_id: str | None) -> None:
        self._drafts.pop(index, None)
        self.told[index] = refused_row(record_id, fault)


def refused_row(record_id: str | None, fault: EngineError) -> RowResult:
    """Give the result of a row that a failure refused."""
    errors: Iterable[FieldError] = (
        fault.errors if isinstance(fault, ValidationFailed) else [FieldError(code=_code(fault), message=str(fault))]
    )
    return _refused(record_id, errors)


def _refused(record_id: str | None, errors: Iterable[FieldError]) -> RowResult:
    return RowResult(outcome="refused", id=record_id, errors=tuple(errors))


def _code(fault: EngineError) -> str:
    name = type(fault).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
