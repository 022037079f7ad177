"""Sums over a whole list or board, exact over everything that its filter lets through: one statement each."""

from __future__ import annotations

from engine.records.aggregates import AggregateQuery, Measure
from engine.records.transaction import Transaction
from metamodel.fields import FieldDef
from metamodel.values import Money
from ui.formats import Formats
from ui.pages.list_plan import ListPlan, row_words
from ui.pages.list_state import ListState
from ui.rows import plain_text


def total_text(transaction: Transaction, plan: ListPlan, state: ListState, formats: Formats) -> str:
    """Write the sum of the view's total field over the list; nothing where the view has none."""
    if plan.total is None:
        return ""
    query = AggregateQuery(
        object=plan.object_def.key,
        filter=state.filter or None,
        view=plan.view.name if plan.view is not None else None,
        search=state.search or None,
        measures=(Measure(function="sum", path=plan.total.name),),
    )
    (row,) = transaction.aggregate(query)
    return sum_text(plan.total, row.measures[0], formats)


def sum_text(field: FieldDef, value: object, formats: Formats) -> str:
    """Write a sum as its field's values are written, whole amounts of money without decimals."""
    if isinstance(value, Money):
        return formats.money_short(value)
    return plain_text(field, formats, row_words())(value) if value is not None else ""
