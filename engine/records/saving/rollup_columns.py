"""What new children that are columns add to their parents' figures: each roll-up runs over all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

from engine.expressions.context import RecordContext, Surroundings
from engine.records.saving.record_columns import RecordColumns, RowView
from engine.records.saving.rollup_deltas import Deltas, OtherCurrency, Term, plain_amount
from engine.records.saving.rollup_plans import RollupPlan
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError


def parents_of(plan: RollupPlan, children: RecordColumns) -> list[str | None]:
    """Give the parent that each child points at."""
    values = children.values[plan.via]
    if any(type(value) is Ref for value in values):
        return [_parent(plan, value) for value in values]
    return values


def _parent(plan: RollupPlan, value: Any) -> str | None:
    if isinstance(value, Ref):
        return value.id if value.object == plan.parent else None
    found: str | None = value
    return found


def with_children(
    found: Deltas, plan: RollupPlan, terms: Iterable[Term], children: Sequence[RecordColumns], around: Surroundings
) -> Deltas | None:
    """Add what new children bring to the figures of their parents; None where that does not follow from them alone."""
    try:
        for each in children:
            _add(found, plan, terms, each, around)
    except (EvaluationError, OtherCurrency):
        return None
    return found


def _add(found: Deltas, plan: RollupPlan, terms: Iterable[Term], children: RecordColumns, around: Surroundings) -> None:
    parents = parents_of(plan, children)
    there = [parent is not None for parent in parents]
    currency = around.metamodel.main.currency
    for term in terms:
        counted = there if term.where is None else _holding(term, children, there, around)
        values: Iterable[Any] = () if term.field is None else children.values[term.field]
        if term.field is None:
            for parent in compress(parents, counted):
                if parent is not None:
                    found[parent][term.name] += 1
            continue
        for parent, value in compress(zip(parents, values, strict=True), counted):
            if parent is None or (plain := plain_amount(value, currency)) is None:
                continue
            figures = found[parent]
            if term.best is None:
                figures[term.name] += plain
            else:
                figures[term.name].came.append(plain)


def _holding(term: Term, children: RecordColumns, there: Sequence[bool], around: Surroundings) -> list[bool]:
    """Say for which children a term's condition holds; those that agree in what it reads are asked about once."""
    assert term.where is not None
    where, key = term.where, children.plan.object.key
    context, view = RecordContext(around, key, {}), RowView(children.values)

    def holds(at: int) -> bool:
        context.this = view.moved(at)
        return bool(where(context, context.seen(key, context.this)))

    if term.keys is None:
        return [is_there and holds(at) for at, is_there in enumerate(there)]
    columns = [children.values[name] for name in term.keys]
    keys = list(zip(*columns, strict=True)) if columns else [()] * len(there)
    asked = {each: at for at, (each, is_there) in enumerate(zip(keys, there, strict=True)) if is_there}
    known = {each: holds(at) for each, at in asked.items()}
    return [is_there and known[each] for each, is_there in zip(keys, there, strict=True)]
