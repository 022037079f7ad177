"""Arithmetic on values whose types are known only when it happens (payloads): it does what the types at hand allow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from metamodel.values import Money
from workflow_dsl.context import Context
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.operations import divide, money_add, money_divide, money_times
from workflow_dsl.syntax import Span
from workflow_dsl.time_operations import difference, duration_add, duration_divide, duration_times, shift


def dynamic(context: Context, operator: str, left: Any, right: Any, at: Span) -> Any:
    """Compute with values whose types are known only now (payloads); what does not fit is an error."""
    if left is None or right is None:
        return None
    if operator == "/":
        if isinstance(left, Money):
            return money_divide(context, left, right, at)
        return (
            duration_divide(context, left, right, at)
            if isinstance(left, Duration)
            else divide(context, left, right, at)
        )
    if operator == "*":
        if isinstance(left, Money) or isinstance(right, Money):
            return money_times(left, right)
        if isinstance(left, Duration) or isinstance(right, Duration):
            return duration_times(left, right)
        return _numbers(left, right)[0] * _numbers(left, right)[1]
    return _dynamic_sum(context, left, right, 1 if operator == "+" else -1)


def _dynamic_sum(context: Context, left: Any, right: Any, sign: int) -> Any:
    if isinstance(left, Money):
        zero = Money(Decimal(0), context.base_currency)
        return money_add(context, left, right if isinstance(right, Money) else zero, sign)
    if isinstance(right, Money):
        # The one number that may stand beside money is 0.
        return money_add(context, Money(Decimal(0), right.currency), right, sign)
    if isinstance(left, Duration):
        return duration_add(left, right, sign) if isinstance(right, Duration) else shift(context, right, left, sign)
    if isinstance(left, dt.date | dt.time):
        return shift(context, left, right, sign) if isinstance(right, Duration) else difference(left, right)
    first, second = _numbers(left, right)
    return first + sign * second


def _numbers(left: Any, right: Any) -> tuple[Any, Any]:
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise EvaluationError(f"'{value}' is not a number")
    return left, right
