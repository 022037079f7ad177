"""Roll-ups: figures of parents over their children, kept by the transaction that changes a child.

The parents are locked first and their figures moved or computed afterwards, so that two writers never lose each
other's child. A parent whose figures change is saved like a record: version, history, events, and roll-ups of its own
parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.batches import given_one_of, given_values
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.saving.audit import AuditRow, audit_row, write_audit
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.record_columns import RecordColumns
from engine.records.saving.rollup_beside import moved_beside
from engine.records.saving.rollup_columns import parents_of, with_children
from engine.records.saving.rollup_deltas import Deltas, deltas_of, move, parent_of, terms_of
from engine.records.saving.rollup_moves import moved_at_once
from engine.records.saving.rollup_plans import RollupPlan, figures, rollup_plans, rollup_plans_of
from engine.records.saving.writing import audited_changes
from engine.records.saving.writing_many import STAMPS, update_records
from engine.records.statements import Prepared

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 1_000


@dataclass(slots=True)
class RolledUp:
    """What rolling up wrote: audit rows to come and events of the parents."""

    audit: list[AuditRow] = field(default_factory=list)
    events: list[SaveEvent] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """The figures of parents that were changed, `object.field` each."""
        return tuple(dict.fromkeys(f"{row['object']}.{name}" for row in self.audit for name in row["changes"] or ()))


def roll_up(drafts: Sequence[RecordDraft], transaction: Transaction, new: Sequence[RecordColumns] = ()) -> RolledUp:
    """Bring the roll-ups of all parents of some changed records up to date. new: new records of the same object."""
    rolled = RolledUp()
    saved = [*(draft.plan for draft in drafts[:1]), *(each.plan for each in new)]
    for plan in rollup_plans(transaction.parts, saved[0].object.key) if saved else ():
        counted = [draft for draft in drafts if draft.kind is not SaveKind.UPDATED or draft.written & plan.reads]
        parents = _parents(counted, new, plan)
        if not parents:
            continue
        transaction.settle(plan.parent)
        deltas = _deltas(transaction, plan, counted, new)
        if deltas is not None:
            parents = [parent for parent in parents if any(deltas[parent].values())]
        for start in range(0, len(parents), _BATCH):
            if len(parents) == 1 and deltas is not None:
                if moved_beside(transaction, plan, parents[0], deltas[parents[0]]):
                    continue
                written = moved_at_once(transaction, plan, parents[0], deltas[parents[0]])
                if written is not None:
                    draft, changed = written
                    _keep_parents(transaction, [draft], [changed], rolled)
                    continue
            moved = _moved(transaction, plan, parents[start : start + _BATCH], deltas)
            _save_parents(transaction, moved, rolled)
    return rolled


def _deltas(
    transaction: Transaction, plan: RollupPlan, drafts: Sequence[RecordDraft], new: Sequence[RecordColumns]
) -> Deltas | None:
    terms, deltas = terms_of(transaction.parts, plan), deltas_of(transaction.parts, plan, drafts)
    if terms is None or deltas is None:
        return None
    return with_children(deltas, plan, terms, new, transaction.around)


def recompute_own(draft: RecordDraft, transaction: Transaction) -> None:
    """Compute the roll-ups of a locked record that comes out of the bin; its figures were kept by nobody there."""
    for plan in rollup_plans_of(transaction.parts, draft.object_key):
        _afresh(transaction, plan, {draft.record_id: draft})
    draft.compute()


def stale_parents(transaction: Transaction, parent: str, ids: Sequence[str]) -> list[RecordDraft]:
    """Lock records and compute their figures afresh; give those whose kept figures were others."""
    drafts = _lock(transaction, parent, list(ids))
    for plan in rollup_plans_of(transaction.parts, parent):
        _afresh(transaction, plan, drafts)
    return [draft for draft in drafts.values() if draft.written]


def write_repaired(transaction: Transaction, drafts: Sequence[RecordDraft]) -> None:
    """Write figures that were computed afresh, with history and what follows in parents, but without events."""
    rolled = RolledUp()
    for draft in drafts:
        draft.compute(draft.written)
    _save_parents(transaction, drafts, rolled)
    write_audit(transaction, rolled.audit)
    transaction.settle()


def _parents(drafts: Iterable[RecordDraft], new: Iterable[RecordColumns], plan: RollupPlan) -> list[str]:
    """Give the parents before and after, always in the same order."""
    found = {parent_of(plan, values) for draft in drafts for values in (draft.old, draft.values)}
    found.update(*(parents_of(plan, each) for each in new))
    return sorted(parent for parent in found if parent is not None)


def _moved(transaction: Transaction, plan: RollupPlan, ids: list[str], deltas: Deltas | None) -> list[RecordDraft]:
    """Lock parents and bring their figures up to date; give those that have changed."""
    drafts = _lock(transaction, plan.parent, ids)
    currency = transaction.parts.metamodel.main.currency
    unknown = {
        record_id: draft
        for record_id, draft in drafts.items()
        if deltas is None or not move(draft, deltas[record_id], currency)
    }
    _afresh(transaction, plan, unknown)
    changed = [draft for draft in drafts.values() if draft.written]
    for draft in changed:
        draft.compute(draft.written)
    return changed


def _afresh(transaction: Transaction, plan: RollupPlan, drafts: Mapping[str, RecordDraft]) -> None:
    if not drafts:
        return
    made = figures(transaction.parts, plan)
    for row in transaction.rows(made.prepared, {"ids": given_values(drafts, transaction.database.dialect)}):
        draft = drafts[str(row[0])]
        for cell in made.cells:
            draft.put(cell.name, draft.plan.keep[cell.name](cell.read(row)))


def _lock(transaction: Transaction, parent: str, ids: list[str]) -> dict[str, RecordDraft]:
    plan = save_plan(transaction.parts, parent)
    columns = transaction.parts.columns(parent)
    prepared = transaction.parts.made(("lock", parent), lambda: _prepare_lock(transaction, plan))
    rows: list[Any] = transaction.rows(prepared, {"ids": given_values(ids, transaction.database.dialect)})
    found = {}
    for row in rows:
        values = columns.values(row)
        found[values["id"]] = RecordDraft(plan, transaction.around, SaveKind.UPDATED, values["id"], values, None)
    return found


def _prepare_lock(transaction: Transaction, plan: SavePlan) -> Prepared:
    table = plan.table.table
    columns = transaction.parts.columns(plan.object.key).of(table)
    wanted = given_one_of(table.c["id"], "ids", transaction.database.dialect)
    query = select(*columns).where(wanted, table.c["deleted_at"].is_(None))
    # Always in the same order, so that two writers never wait for each other in a circle; and as a change of figures
    # does, so that those who have just pointed a child at the parent are no such circle either.
    return Prepared(query.order_by(table.c["id"]).with_for_update(key_share=True), transaction.parts.dialect)


def _save_parents(transaction: Transaction, drafts: Sequence[RecordDraft], rolled: RolledUp) -> None:
    if not drafts:
        return
    changes_of = [sorted(draft.changed) for draft in drafts]
    written = [sorted(draft.written) for draft in drafts]
    for draft in drafts:
        touch(draft, transaction)
    update_records(drafts, written, transaction)
    # Another list of the same parents may come next, and looks at them.
    transaction.settle(drafts[0].object_key)
    _keep_parents(transaction, drafts, changes_of, rolled)


def _keep_parents(
    transaction: Transaction, drafts: Sequence[RecordDraft], changes_of: Sequence[Sequence[str]], rolled: RolledUp
) -> None:
    """Do what follows the writing of parents: history and events to come, and the parents of theirs."""
    watched = transaction.services.after_save.watches(transaction, drafts[0].object_key, SaveKind.UPDATED)
    for draft, changed in zip(drafts, changes_of, strict=True):
        transaction.cache.put(draft.object_key, draft.values)
        changes = audited_changes(draft, changed)
        version = draft.values["version"]
        rolled.audit.append(audit_row(transaction, draft.object_key, draft.record_id, version, draft.kind, changes))
        if watched:
            rolled.events.append(event_of(draft))
    above = roll_up(drafts, transaction)
    rolled.audit += above.audit
    rolled.events += above.events


def event_of(draft: RecordDraft) -> SaveEvent:
    """Give what a save did to a record."""
    return SaveEvent(
        object=draft.object_key,
        record_id=draft.record_id,
        kind=draft.kind,
        version=draft.values["version"],
        changed=draft.changed - frozenset(STAMPS),
        new=dict(draft.values),
        old=dict(draft.old),
        order=tuple(draft.order or ()),
    )
