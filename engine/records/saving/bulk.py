"""Many records through the same door: the same checks in the same order, with the statements of one batch.

Each step runs over all drafts of a batch before the next one begins, and asks the database once for all of them. A row
that is refused leaves the others alone, unless all or nothing was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, false, func, literal, select

from engine.access.predicates import EVERYONE, NOBODY, Predicate
from engine.errors import AccessDenied, EngineError, FieldError, ValidationFailed
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.batches import one_of
from engine.records.duplicates.finding import check_duplicates
from engine.records.hooks import SaveKind
from engine.records.identifiers import could_be_id
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import check_files
from engine.records.saving.filling import number_new, touch
from engine.records.saving.finishing import finish_many
from engine.records.saving.judging_columns import doubts, pointed_at
from engine.records.saving.loading import check_creation, check_field_rights
from engine.records.saving.messages import say
from engine.records.saving.new_columns import NewGroup, new_groups
from engine.records.saving.plan import save_plan
from engine.records.saving.product_fields import keep_product_fields
from engine.records.saving.relations import prefetch_links
from engine.records.saving.steps import apply_given, judge, new_draft, prepare_new, reader, run_before
from engine.records.saving.uniques import check_uniques
from engine.records.saving.writing_many import update_records
from engine.records.saving.writing_new import insert_records
from engine.records.statements import Prepared
from engine.records.types import BulkResult, RowResult, SaveRow
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

BATCH = 5_000


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
    """
    results: list[RowResult] = []
    try:
        for start in range(0, len(rows), BATCH):
            batch = _Batch(transaction, object_def, rows[start : start + BATCH])
            results += batch.save(write_faultless_only=all_or_nothing and any(r.outcome == "refused" for r in results))
    finally:
        if not beside:
            transaction.wait()
    refused = any(result.outcome == "refused" for result in results)
    return BulkResult(rows=tuple(results), written=not (all_or_nothing and refused))


class _Batch:
    """One batch of rows."""

    def __init__(self, transaction: Transaction, object_def: ObjectDef, rows: Sequence[SaveRow]) -> None:
        self._transaction = transaction
        self._object = object_def
        self._rows = rows
        self._results: dict[int, RowResult] = {}
        self._drafts: dict[int, RecordDraft] = {}
        self._groups: list[NewGroup] = []
        self._stored: dict[str, tuple[bool, dict[str, Any]]] = {}

    def save(self, *, write_faultless_only: bool) -> list[RowResult]:
        self._read()
        self._prepare()
        self._settle_refused()
        if self._drafts and not write_faultless_only:
            self._write()
        for index, draft in self._drafts.items():
            self._results.setdefault(
                index,
                RowResult(
                    outcome="created" if draft.kind is SaveKind.CREATED else "updated",
                    id=draft.record_id,
                    notices=tuple(draft.notices),
                ),
            )
        return [self._results[index] for index in range(len(self._rows))]

    def _read(self) -> None:
        stored = self._stored = self._load([row.id for row in self._rows if row.id is not None])
        self._groups = new_groups(self._transaction, self._object, self._rows)
        by_columns = {index: draft for group in self._groups for index, draft in group.drafts.items()}
        seen: set[str] = set()
        for index, row in enumerate(self._rows):
            if index in by_columns:
                self._drafts[index] = by_columns[index]
                continue
            try:
                draft = self._draft(row, stored)
            except EngineError as fault:
                self._refuse(index, fault, row.id)
                continue
            if draft.record_id in seen:
                # The second row of one record would have to see what the first one wrote; it comes in a later batch.
                text = say("twice", self._transaction.actor.language)
                self._results[index] = _refused(row.id, [FieldError(code="twice", message=text)])
                continue
            seen.add(draft.record_id)
            self._drafts[index] = draft

    def _draft(self, row: SaveRow, stored: dict[str, tuple[bool, dict[str, Any]]]) -> RecordDraft:
        transaction, object_def = self._transaction, self._object
        if row.id is None:
            if not transaction.access.of(object_def.key).may("create"):
                raise AccessDenied("create", object_def.key, "your roles do not allow it")
            given = reader(transaction, object_def, SaveKind.CREATED).read(row.values)
            return new_draft(transaction, object_def.key, given, None)
        draft = self._stored_draft(row, stored)
        apply_given(draft, reader(transaction, object_def, SaveKind.UPDATED).read(row.values), transaction)
        return draft

    def _stored_draft(self, row: SaveRow, stored: dict[str, tuple[bool, dict[str, Any]]]) -> RecordDraft:
        from engine.errors import RecordNotFound, StaleVersion

        assert row.id is not None
        found = stored.get(row.id)
        if found is None:
            raise RecordNotFound(self._object.key, row.id)
        allowed, values = found
        if not allowed:
            raise AccessDenied("update", self._object.key, "your roles do not allow it for this record")
        if row.version is not None and row.version != values["version"]:
            raise StaleVersion(self._object.key, row.id, expected=row.version, current=values["version"])
        plan = save_plan(self._transaction.parts, self._object.key)
        return RecordDraft(plan, self._transaction.around, SaveKind.UPDATED, row.id, values, None)

    def _load(self, ids: Sequence[str]) -> dict[str, tuple[bool, dict[str, Any]]]:
        """Load and lock the records of updates that may be read, with whether they may be changed."""
        transaction, key = self._transaction, self._object.key
        ids = [record_id for record_id in ids if could_be_id(record_id)]
        if not ids:
            return {}
        parts, access = transaction.parts, transaction.access
        alias = parts.tables.of(key).table.alias()
        scope = RowScope(parts.builder(access, "en"), Frame(alias), key, alias)
        actions = access.of(key).actions
        readable, updatable = actions["read"], actions["update"]
        flags = [_flag(readable, scope), _flag(updatable, scope)]
        query = select(*flags, *parts.columns(key).of(alias)).select_from(scope.frame.source)
        wanted = one_of(alias.c["id"], dict.fromkeys(ids), transaction.database.dialect)
        query = query.where(wanted, alias.c["deleted_at"].is_(None)).order_by(alias.c["id"])
        found = {}
        for row in transaction.rows(Prepared(query.with_for_update(of=alias), parts.dialect), {}):
            if row[0]:
                values = parts.columns(key).values(row, 2)
                found[values["id"]] = (bool(row[1]), values)
        return found

    def _prepare(self) -> None:
        transaction = self._transaction
        prefetch_links(list(self._drafts.values()), transaction)
        self._fill_all()
        number_new(list(self._drafts.values()), transaction)
        alone = self._compute_all()
        self._judge_all(alone)
        moved = [draft for draft in self._drafts.values() if draft.kind is SaveKind.CREATED or draft.changed]
        check_uniques([draft for draft in moved if not draft.errors], transaction)
        check_duplicates(moved, transaction)

    def _fill_all(self) -> None:
        for group in self._groups:
            for index in group.fill():
                self._drafts[index] = self._draft(self._rows[index], self._stored)
        check_files(list(self._drafts.values()), self._transaction)
        grouped = self._grouped()
        for index, draft in list(self._drafts.items()):
            if index in grouped:
                continue
            try:
                self._fill(draft)
            except EngineError as fault:
                self._refuse(index, fault, self._rows[index].id)
        check_files(list(self._drafts.values()), self._transaction)

    def _compute_all(self) -> list[RecordDraft]:
        """Compute formulas and let before rules act; give the drafts that have to be judged on their own."""
        transaction = self._transaction
        for group in self._groups:
            group.compute()
        if transaction.services.before_rules.applies(transaction, self._object.key, SaveKind.CREATED):
            # Before rules look at one record at a time.
            self._groups = []
        grouped = self._grouped()
        alone = [draft for index, draft in self._drafts.items() if index not in grouped]
        for draft in alone:
            draft.compute()
            if draft.kind is SaveKind.CREATED or draft.changed:
                run_before(draft, transaction)
                keep_product_fields(draft, transaction)
        return alone

    def _judge_all(self, alone: list[RecordDraft]) -> None:
        transaction = self._transaction
        found = pointed_at(self._groups, transaction) if self._groups else {}
        for group in self._groups:
            alone += [self._drafts[index] for index in group.leave(doubts(group, transaction, found))]
            group.know_changed()
        judge([draft for draft in alone if draft.kind is SaveKind.CREATED or draft.changed], transaction)

    def _grouped(self) -> set[int]:
        return {index for group in self._groups for index in group.drafts}

    def _fill(self, draft: RecordDraft) -> None:
        from engine.records.saving.filling import fill_copies

        transaction = self._transaction
        if draft.kind is not SaveKind.CREATED:
            fill_copies(draft)
            return
        prepare_new(draft, transaction)
        check_creation(draft, transaction.access)
        names = sorted(draft.given)
        check_field_rights(draft, transaction.access, draft.context, names, transaction.actor.language)

    def _settle_refused(self) -> None:
        for index, draft in list(self._drafts.items()):
            if draft.errors:
                self._results[index] = _refused(self._rows[index].id, draft.errors)
                del self._drafts[index]
            elif draft.kind is SaveKind.UPDATED and not draft.changed:
                self._results[index] = RowResult(outcome="unchanged", id=draft.record_id)
                del self._drafts[index]

    def _write(self) -> None:
        transaction = self._transaction
        drafts = list(self._drafts.values())
        insert_records([draft for draft in drafts if draft.kind is SaveKind.CREATED], transaction)
        stored = [draft for draft in drafts if draft.kind is not SaveKind.CREATED]
        changed = [sorted(draft.written) for draft in stored]
        for draft in stored:
            touch(draft, transaction)
        update_records(stored, changed, transaction)
        finish_many(drafts, transaction)

    def _refuse(self, index: int, fault: EngineError, record_id: str | None) -> None:
        self._drafts.pop(index, None)
        self._results[index] = refused_row(record_id, fault)


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


def _flag(predicate: Predicate, scope: RowScope) -> Any:
    if predicate is EVERYONE:
        return literal(1)
    if predicate is NOBODY:
        return literal(0)
    return case((func.coalesce(predicate.sql(scope), false()), literal(1)), else_=literal(0))
