"""Aggregates over rows in memory, and the budget that bounds them.

Rows come from the context, already without those in the bin; each row looked at is a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from metamodel.values import ForeignMoney, Money, Ref
from workflow_dsl.context import Context, Values
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import StepsExceeded, checked_text
from workflow_dsl.limits import MAX_STEPS
from workflow_dsl.operations import compare_key

RowTest = Callable[[Values], Any] | None
RowValue = Callable[[Values], Any]


class Budget:
    """How many steps an evaluation may still take."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, rows: Iterable[Values]) -> Iterable[Values]:
        """Pass rows on, a step each."""
        for row in rows:
            self.left -= 1
            if self.left < 0:
                raise StepsExceeded
            yield row


def rows_of_list(context: Context, base: Any, object_key: str, list_name: str) -> Iterable[Values]:
    """Give the rows of an inverse list of the record that `base` (an id or `Ref`) points at."""
    if base is None:
        return ()
    if isinstance(base, Ref):
        return context.children(object_key, list_name, base.id) if base.object == object_key else ()
    return context.children(object_key, list_name, base)


def rows_given(context: Context, object_key: str, name: str) -> Iterable[Values]:
    """Give the records that a given name lists, those that are gone left out."""
    found = (context.related(object_key, record_id) for record_id in context.given(name) or ())
    return [row for row in found if row is not None]


def _kept(budget: Budget, rows: Iterable[Values], where: RowTest) -> Iterable[Values]:
    counted = budget.spend(rows)
    return counted if where is None else (row for row in counted if where(row))


def count(budget: Budget, rows: Iterable[Values], where: RowTest) -> int:
    """Count rows."""
    return sum(1 for _ in _kept(budget, rows, where))


def exists(budget: Budget, rows: Iterable[Values], where: RowTest) -> bool:
    """Say whether there is a row."""
    return any(True for _ in _kept(budget, rows, where))


def _filled(budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue) -> list[Any]:
    return [value for value in (inner(row) for row in _kept(budget, rows, where)) if value is not None]


def total(context: Context, budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue, zero: Any) -> Any:
    """Add up; over nothing it is `zero` (None: no money of the base currency)."""
    values = _filled(budget, rows, where, inner)
    if not values:
        return Money(Decimal(0), context.base_currency) if zero is None else zero
    return _sum(context, values)


def collected(context: Context, budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue) -> list[Any]:
    """Give the values as a list, empties left out."""
    return _filled(budget, rows, where, inner)


def mean(context: Context, budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue) -> Any:
    """Give the mean of what is filled; over nothing empty."""
    values = _filled(budget, rows, where, inner)
    if not values:
        return None
    whole = _sum(context, values)
    if isinstance(whole, Money):
        return whole.mapped(lambda amount: amount / len(values))
    return Decimal(whole) / len(values)


def _sum(context: Context, values: Sequence[Any]) -> Any:
    result = values[0]
    if isinstance(result, Money):
        return _sum_of_money(context, values)
    for value in values[1:]:
        result = result.plus(value) if isinstance(result, Duration) else result + value
    return result


def _sum_of_money(context: Context, values: Sequence[Money]) -> Money:
    """Add up in the currency that all have, else in the base currency."""
    currency = values[0].currency
    is_one = all(value.currency == currency for value in values)
    amount = sum((value.amount for value in values), Decimal(0)) if is_one else Decimal(0)
    if is_one and currency == context.base_currency:
        return Money(amount, currency)
    worth = sum((context.to_base(value) for value in values), Decimal(0))
    return ForeignMoney(amount, currency, worth) if is_one else Money(worth, context.base_currency)


def least(context: Context, budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue) -> Any:
    """Give the least value."""
    values = _filled(budget, rows, where, inner)
    return min(values, key=lambda value: compare_key(context, value)) if values else None


def greatest(context: Context, budget: Budget, rows: Iterable[Values], where: RowTest, inner: RowValue) -> Any:
    """Give the greatest value."""
    values = _filled(budget, rows, where, inner)
    return max(values, key=lambda value: compare_key(context, value)) if values else None


def _sorted(context: Context, rows: Iterable[Values], key: RowValue, descending: bool) -> list[Values]:
    # Equal keys go by id, so that the order is the same everywhere; rows with an empty key come last.
    keyed = sorted(rows, key=lambda row: str(row.get("id") or ""))
    filled = [row for row in keyed if key(row) is not None]
    empties = [row for row in keyed if key(row) is None]
    filled.sort(key=lambda row: compare_key(context, key(row)), reverse=descending)
    return filled + empties


def edge(
    context: Context,
    budget: Budget,
    rows: Iterable[Values],
    where: RowTest,
    inner: RowValue,
    order: tuple[RowValue, bool],
    last: bool,
) -> Any:
    """Give the first or last row's value in an order."""
    found = _sorted(context, list(_kept(budget, rows, where)), *order)
    return inner(found[-1 if last else 0]) if found else None


def joined(
    context: Context,
    budget: Budget,
    rows: Iterable[Values],
    where: RowTest,
    inner: RowValue,
    order: tuple[RowValue, bool],
    separator: str,
) -> str | None:
    """Join the rows' texts in an order, empties left out."""
    found = _sorted(context, list(_kept(budget, rows, where)), *order)
    return checked_text(separator.join(str(value) for value in map(inner, found) if value is not None))
