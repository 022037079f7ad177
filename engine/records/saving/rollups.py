"""Roll-ups: figures of parents over their children, kept by the transaction that changes a child.

The parents are locked first and the figures computed afterwards, so that two writers never lose each other's child. A
parent whose figures change is saved like a record: version, history, events, and roll-ups of its own parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.batches import one_of
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.saving.audit import AuditRow, audit_row
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.plan import save_plan
from engine.records.saving.rollup_plans import RollupPlan, figures, rollup_plans
from engine.records.saving.writing import audited_changes, update_record
from engine.records.statements import Prepared
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 400
_STAMPS = ("modified_at", "modified_by", "version")


@dataclass(slots=True)
class RolledUp:
    """What rolling up wrote: audit rows to come and events of the parents."""

    audit: list[AuditRow] = field(default_factory=list)
    events: list[SaveEvent] = field(default_factory=list)


def roll_up(drafts: Sequence[RecordDraft], transaction: Transaction) -> RolledUp:
    """Bring the roll-ups of all parents of some changed records up to date."""
    rolled = RolledUp()
    if not drafts:
        return rolled
    for plan in rollup_plans(transaction.parts, drafts[0].object_key):
        parents = sorted(_parents(drafts, plan))
        for start in range(0, len(parents), _BATCH):
            changed = _recompute(transaction, plan, parents[start : start + _BATCH])
            _save_parents(transaction, changed, rolled)
    return rolled


def _parents(drafts: Iterable[RecordDraft], plan: RollupPlan) -> set[str]:
    found: set[str] = set()
    for draft in drafts:
        counted = draft.kind is not SaveKind.UPDATED or draft.changed & plan.reads
        if not counted:
            continue
        for values in (draft.old, draft.values):
            value = values.get(plan.via)
            if isinstance(value, Ref):
                value = value.id if value.object == plan.parent else None
            if value is not None:
                found.add(value)
    return found


def _recompute(transaction: Transaction, plan: RollupPlan, ids: list[str]) -> list[RecordDraft]:
    drafts = _lock(transaction, plan.parent, ids)
    if not drafts:
        return []
    query, cells = figures(transaction.parts, plan, list(drafts))
    for row in transaction.execute(query):
        draft = drafts[str(row[0])]
        for cell in cells:
            draft.put(cell.name, draft.plan.keep[cell.name](cell.read(row)))
    changed = []
    for draft in drafts.values():
        moved = draft.changed
        if moved:
            draft.compute(moved)
            changed.append(draft)
    return changed


def _lock(transaction: Transaction, parent: str, ids: list[str]) -> dict[str, RecordDraft]:
    plan = save_plan(transaction.parts, parent)
    table = plan.table.table
    columns = transaction.parts.columns(parent)
    wanted = one_of(table.c["id"], ids, transaction.database.dialect)
    query = select(*columns.of(table)).where(wanted, table.c["deleted_at"].is_(None))
    # Always in the same order, so that two writers never wait for each other in a circle.
    query = query.order_by(table.c["id"]).with_for_update()
    rows: list[Any] = transaction.rows(Prepared(query, transaction.parts.dialect), {})
    found = {}
    for row in rows:
        values = columns.values(row)
        found[values["id"]] = RecordDraft(plan, transaction.around, SaveKind.UPDATED, values["id"], values, None)
    return found


def _save_parents(transaction: Transaction, drafts: Sequence[RecordDraft], rolled: RolledUp) -> None:
    for draft in drafts:
        changed = sorted(draft.changed)
        touch(draft, transaction)
        update_record(draft, [*changed, *_STAMPS], transaction)
        transaction.cache.put(draft.object_key, draft.values)
        changes = audited_changes(draft, changed)
        version = draft.values["version"]
        rolled.audit.append(audit_row(transaction, draft.object_key, draft.record_id, version, draft.kind, changes))
        rolled.events.append(event_of(draft))
    above = roll_up(drafts, transaction)
    rolled.audit += above.audit
    rolled.events += above.events


def event_of(draft: RecordDraft, *, bulk: bool = False) -> SaveEvent:
    """Give what a save did to a record."""
    return SaveEvent(
        object=draft.object_key,
        record_id=draft.record_id,
        kind=draft.kind,
        version=draft.values["version"],
        changed=draft.changed - frozenset(_STAMPS),
        new=dict(draft.values),
        old=dict(draft.old),
        bulk=bulk,
    )
