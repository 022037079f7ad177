"""Figures of one parent moved by one statement that also gives what the parent was before.

PostgreSQL only, and only where nothing else of the parent follows from its figures; the parent is locked by the write
itself, so that the hot row of many children is held as briefly as can be. Everything else is `rollups`' longer way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import FromClause, Update, select, update

from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.rollup_deltas import Extreme, move
from engine.records.saving.rollup_plans import RollupPlan
from engine.records.statements import Prepared
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def moved_at_once(
    transaction: Transaction, plan: RollupPlan, parent_id: str, deltas: Mapping[str, Any]
) -> tuple[RecordDraft, list[str]] | None:
    """Move a parent's figures; give the written parent and what changed, None where the longer way must do it."""
    saving = save_plan(transaction.parts, plan.parent)
    moved = tuple(name for name, delta in deltas.items() if delta)
    if any(isinstance(delta, Extreme) for delta in deltas.values()):
        return None
    if transaction.database.dialect is not Dialect.POSTGRESQL or not stands_alone(saving, moved):
        return None
    key = ("move", plan.parent, tuple(deltas), moved)
    prepared = transaction.parts.made(key, lambda: _prepare(transaction, saving, tuple(deltas), moved))
    given = {f"by_{name}": deltas[name] for name in moved}
    given |= {"the_id": parent_id, "now": transaction.now, "by": transaction.actor.user_id}
    row = transaction.row_beside(prepared, given)
    if row is None:
        return None
    values = transaction.parts.columns(plan.parent).values(row)
    draft = RecordDraft(saving, transaction.around, SaveKind.UPDATED, parent_id, values, None)
    move(draft, deltas, transaction.parts.metamodel.main.currency)
    changed = sorted(draft.changed)
    touch(draft, transaction)
    return draft, changed


def stands_alone(plan: SavePlan, names: tuple[str, ...]) -> bool:
    """Say whether nothing that is written with a record follows from these fields."""
    moved = frozenset(names)
    read = plan.title_reads.union(*(formula.reads for formula in plan.computed), *plan.uniques)
    return not moved & read


def _prepare(transaction: Transaction, plan: SavePlan, names: tuple[str, ...], moved: tuple[str, ...]) -> Prepared:
    statement, held = moving(plan, names, moved, transaction.parts.metamodel.main.currency)
    before = transaction.parts.columns(plan.object.key).of(held)
    return Prepared(statement.returning(*before), transaction.parts.dialect)


def moving(plan: SavePlan, names: tuple[str, ...], moved: tuple[str, ...], currency: str) -> tuple[Update, FromClause]:
    """Make the statement and what a parent was before it.

    It meets no parent whose figures were never computed or are in another currency.
    """
    table = plan.table.table
    known = [table.c["id"] == runtime("the_id", table.c["id"].type), table.c["deleted_at"].is_(None)]
    for name in names:
        columns = plan.money.get(name)
        known.append(table.c[columns[0] if columns else plan.plain[name]].is_not(None))
        if columns:
            known.append(table.c[columns[1]] == currency)
    held = select(*table.c).where(*known).with_for_update(key_share=True).subquery("before")
    values: dict[str, Any] = {
        "version": held.c["version"] + 1,
        "modified_at": runtime("now", table.c["modified_at"].type),
        "modified_by": runtime("by", table.c["modified_by"].type),
    }
    for name in moved:
        columns = plan.money.get(name)
        for column in (columns[0], columns[2]) if columns else (plan.plain[name],):
            values[column] = held.c[column] + runtime(f"by_{name}", table.c[column].type)
    return update(table).values(values).where(table.c["id"] == held.c["id"]), held
