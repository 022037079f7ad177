"""Figures of a parent moved by the very statement that writes the child, with the parent's entry in the audit log.

Only for a save that is alone: what a parent was before is known to nobody but the server, so that no rule may ask and
nothing above may follow; a parent that the statement does not meet lets the save begin again, by the longer way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Text, cast, column, func, insert, select, table

from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveKind
from engine.records.parts import ReleaseParts
from engine.records.saving.audit import audit_row
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.rollup_deltas import Extreme
from engine.records.saving.rollup_moves import moving, stands_alone
from engine.records.saving.rollup_plans import RollupPlan, rollup_plans
from engine.records.saving.writing_many import STAMPS
from engine.records.statements import Prepared
from engine.records.together import Waiting

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_WRITTEN_ALIKE = ("integer", "money")
"""Types whose JSON form the server writes as we do."""


def moved_beside(transaction: Transaction, plan: RollupPlan, parent_id: str, deltas: Mapping[str, Any]) -> bool:
    """Let a parent's figures move with what waits; False where that can't be told of this parent."""
    if not transaction.alone or any(isinstance(delta, Extreme) for delta in deltas.values()):
        return False
    names = tuple(deltas)
    moved = tuple(name for name in names if deltas[name])
    parts = transaction.parts
    key = ("may move beside", plan.parent, plan.inverse.name, moved)
    may = parts.made(key, lambda: _may_move(parts, plan.parent, moved) and not _is_asked(transaction, plan, moved))
    if not may or transaction.services.after_save.looks_at(
        transaction, plan.parent, SaveKind.UPDATED, frozenset(moved)
    ):
        return False
    saving, name = save_plan(parts, plan.parent), f"moved{transaction.waits}"
    made = ("move beside", plan.parent, names, moved, name)
    statements = parts.made(made, lambda: _prepare(transaction, saving, names, moved, name))
    given = {f"by_{each}": deltas[each] for each in moved}
    given |= {"the_id": parent_id, "now": transaction.now, "by": transaction.actor.user_id}

    def keep(row: Sequence[Any]) -> None:
        values = dict(zip(("version", *moved), row, strict=True))
        figures = {each: saving.keep[each](value) for each, value in values.items() if each in moved}
        stamps = {"version": values["version"], "modified_at": given["now"], "modified_by": given["by"]}
        transaction.cache.change(plan.parent, parent_id, figures | stamps)

    transaction.let_wait(
        Waiting(
            prepared=statements[0],
            given=given,
            object_key=plan.parent,
            counted=None,
            explain=None,
            name=name,
            certain=True,
            gives=("version", *(f"new_{each}" for each in moved)),
            given_back=keep,
        )
    )
    row = audit_row(transaction, plan.parent, parent_id, 0, SaveKind.UPDATED, {})
    transaction.later(statements[1], {f"new_{each}": value for each, value in row.items()})
    return True


def _is_asked(transaction: Transaction, plan: RollupPlan, moved: tuple[str, ...]) -> bool:
    """Say whether a rule on the child may read a figure of the parent, by its path or by a formula of the child's."""
    after, child = transaction.services.after_save, plan.inverse.object
    texts = [field.formula.text for field in transaction.object_def(child).fields.values() if field.formula is not None]
    in_formulas = any(name in text for name in moved for text in texts)
    return in_formulas or any(after.reads(transaction, child, name) for name in moved)


def _may_move(parts: ReleaseParts, parent: str, moved: tuple[str, ...]) -> bool:
    saving = save_plan(parts, parent)
    written = frozenset((*moved, *STAMPS))
    fields = saving.object.fields
    return (
        stands_alone(saving, moved)
        and all(fields[name].value_type in _WRITTEN_ALIKE and not fields[name].encrypted for name in moved)
        and not any(above.reads & written for above in rollup_plans(parts, parent))
    )


def _prepare(
    transaction: Transaction, plan: SavePlan, names: tuple[str, ...], moved: tuple[str, ...], name: str
) -> tuple[Prepared, Prepared]:
    """Make the statement that moves a parent's figures, and the one that writes its audit row from what that gives."""
    parts = transaction.parts
    own, currency = plan.table.table, parts.metamodel.main.currency
    statement, held = moving(plan, names, moved, currency)
    shown: list[ColumnElement[Any]] = [own.c["id"], own.c["version"]]
    for each in moved:
        figure = plan.money[each][0] if each in plan.money else plan.plain[each]
        shown += [held.c[figure].label(f"old_{each}"), own.c[figure].label(f"new_{each}")]
    given = table(name, *(column(str(item.key), item.type) for item in shown))
    changes = [part for each in moved for part in (each, _change(plan, given, each, currency))]
    audit = transaction.system.audit
    values: dict[str, ColumnElement[Any]] = {
        item.name: runtime(f"new_{item.name}", item.type) for item in audit.columns if item.name != "id"
    }
    values |= {"version": given.c["version"], "changes": func.jsonb_build_object(*changes)}
    row = select(*values.values()).select_from(given)
    return Prepared(statement.returning(*shown), parts.dialect), Prepared(
        insert(audit).inline().from_select([*values], row), parts.dialect
    )


def _change(plan: SavePlan, given: FromClause, name: str, currency: str) -> ColumnElement[Any]:
    pair = [given.c[f"{which}_{name}"] for which in ("old", "new")]
    if name in plan.money:
        amounts = [func.jsonb_build_object("amount", cast(each, Text()), "currency", currency) for each in pair]
        return func.jsonb_build_array(*amounts)
    return func.jsonb_build_array(*pair)
