"""Checks amounts written down, `100 CNY`: a currency that has a rate."""

from __future__ import annotations

from metamodel.currency_rates import known_currencies
from metamodel.names import did_you_mean
from metamodel.values import ForeignMoney, Money
from workflow_dsl.checking.state import Checking
from workflow_dsl.syntax import MoneyLiteral
from workflow_dsl.typed import Constant, Typed
from workflow_dsl.types import MONEY


def check_money(checking: Checking, node: MoneyLiteral) -> Typed:
    """Check an amount; of another than the base currency it is worth what the rate of the day says."""
    if node.currency == checking.scope.base_currency:
        return Constant(type=MONEY, at=node.at, value=Money(node.amount, node.currency))
    known = known_currencies(checking.scope.metamodel)
    if node.currency not in known:
        hint = did_you_mean(node.currency, known) or f"amounts here are in {', '.join(known)}"
        checking.refuse("EXP209", f"there is no rate for {node.currency}", node.at, hint)
    checking.uses.add("today")
    return Constant(type=MONEY, at=node.at, value=ForeignMoney(node.amount, node.currency))
