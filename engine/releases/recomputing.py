"""Computes kept values of records again after a release changed what they are computed from.

Formulas, titles and sort keys go through the same code as a save, roll-ups through that of the door; neither counts as
a change of the record: no version, no history, no rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, not_, or_, select, update

from engine.access.actor import system_actor
from engine.records.batches import given_values
from engine.records.duplicates.finding import keep_all_keys
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.rollup_plans import RollupPlan, figures, rollup_plans
from engine.records.saving.writing import column_values
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.layout import MATCH_PART, RATE_PART

BATCH_RECORDS = 1_000


class Recomputer:
    """Computes again, batch by batch, within the transaction of a migration."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def recompute(self, connection: Connection, release: Release, object_key: str, parts: tuple[str, ...]) -> None:
        """Compute the named parts (fields, `title_`) of all records of an object again."""
        transaction = self._records.within(connection, system_actor(), release)
        plan = save_plan(transaction.parts, object_key)
        rollups = [
            rollup
            for child_key in release.metamodel.objects
            for rollup in rollup_plans(transaction.parts, child_key)
            if rollup.parent == object_key
        ]
        # Records of before a field got `empty_as` read as it now.
        emptied = [name for name, item in plan.object.fields.items() if item.empty_as is not None]
        after: str | None = None
        # Where rates alone changed, only amounts in other currencies are worth something else.
        amounts = _rated_columns(plan) if parts == (RATE_PART,) else ()
        while drafts := _load(transaction, plan, after, amounts):
            after = drafts[-1].record_id
            by_id = {draft.record_id: draft for draft in drafts}
            for rollup in rollups:
                _roll_up(transaction, rollup, by_id)
            if MATCH_PART in parts:
                keep_all_keys(drafts, transaction)
            for draft in drafts:
                for name in emptied:
                    draft.put(name, plan.keep[name](draft.values[name]))
            _write(transaction, drafts, [*emptied, *(item.name for rollup in rollups for item in rollup.fields)])


def _rated_columns(plan: SavePlan) -> tuple[tuple[str, ...], ...]:
    return tuple(plan.money[name] for name in plan.rated)


def _load(
    transaction: Transaction, plan: SavePlan, after: str | None, amounts: Sequence[tuple[str, ...]]
) -> list[RecordDraft]:
    table = plan.table.table
    columns = transaction.parts.columns(plan.object.key)
    query = select(*columns.of(table)).order_by(table.c.id).limit(BATCH_RECORDS)
    if amounts:
        main = transaction.parts.metamodel.main.currency
        own = (and_(table.c[currency] == main, table.c[amount] == table.c[base]) for amount, currency, base in amounts)
        held = (and_(table.c[of[0]].is_not(None), not_(each)) for of, each in zip(amounts, own, strict=True))
        query = query.where(or_(*held))
    if after is not None:
        query = query.where(table.c.id > after)
    return [_draft(transaction, plan, columns.typed(row)) for row in transaction.select(query)]


def _draft(transaction: Transaction, plan: SavePlan, values: dict[str, Any]) -> RecordDraft:
    return RecordDraft(plan, transaction.around, SaveKind.UPDATED, values["id"], values, None)


def _roll_up(transaction: Transaction, rollup: RollupPlan, drafts: Mapping[str, RecordDraft]) -> None:
    made = figures(transaction.parts, rollup)
    for row in transaction.rows(made.prepared, {"ids": given_values(drafts, transaction.database.dialect)}):
        draft = drafts[str(row[0])]
        for cell in made.cells:
            draft.put(cell.name, draft.plan.keep[cell.name](cell.read(row)))


def _write(transaction: Transaction, drafts: list[RecordDraft], rollups: Sequence[str]) -> None:
    plan = drafts[0].plan
    table = plan.table.table
    names = (
        {formula.name for formula in plan.computed}
        | set(plan.table.sort_keys)
        | set(plan.table.words)
        | plan.title_reads
        | {*rollups}
    )
    names |= {*plan.table.sort_keys, *plan.table.words, *plan.rated}
    rows = []
    for draft in drafts:
        draft.compute()
        values = column_values(draft, {name: draft.values[name] for name in names if name in draft.values})
        rows.append({"at_id": draft.record_id, **{f"new_{name}": value for name, value in values.items()}})
    written = [name.removeprefix("new_") for name in rows[0] if name != "at_id"]
    if written:
        values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in written}
        where = table.c.id == bindparam("at_id", type_=table.c.id.type)
        transaction.connection.execute(update(table).where(where).values(values), rows)
