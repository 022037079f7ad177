"""What entered money of other currencies is worth: its base value at the rate of the record's day.

Only what is entered is rated here; what formulas and roll-ups make of it carries its worth along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.expressions.context import Surroundings
from metamodel.currency_rates import money_digits, rate_day, rate_on, rounded
from metamodel.values import ForeignMoney

if TYPE_CHECKING:
    from engine.records.saving.plan import SavePlan


def rate(plan: SavePlan, values: Mapping[str, Any], around: Surroundings) -> dict[str, ForeignMoney]:
    """Give the entered amounts of a record whose worth differs from what they carry, by field."""
    found: dict[str, ForeignMoney] = {}
    for name in plan.rated:
        value = values[name]
        if isinstance(value, ForeignMoney):
            base = _worth(plan, name, value, values, around)
            if base != value.base:
                found[name] = ForeignMoney(value.amount, value.currency, base)
    return found


def worth_differs(old: Any, new: Any) -> bool:
    """Say whether equal amounts are worth something else."""
    return isinstance(new, ForeignMoney) and isinstance(old, ForeignMoney) and new.base != old.base


def _worth(plan: SavePlan, name: str, value: ForeignMoney, values: Mapping[str, Any], around: Surroundings) -> Any:
    metamodel = around.metamodel
    currency = metamodel.currencies.get(value.currency)
    at = None if currency is None else rate_on(currency, rate_day(plan.object, values, around.today, around.zone))
    if at is None:
        return None
    return rounded(value.amount * at, money_digits(metamodel, plan.object.fields[name], metamodel.main.currency))
