"""Computed values in the form that a field keeps: numbers with its digits, money rounded half up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from metamodel.field_types import standard_field_types
from metamodel.field_types.number import DEFAULT_DIGITS, MONEY_DIGITS, PERCENT_POINT_DIGITS
from metamodel.fields import FieldDef
from metamodel.values import Money
from workflow_dsl.context import Context

Evaluate = Callable[[Context], Any]
_OWN_FORM = ("rich_text", "duration", "multi_choice", "tags", "json")
"""Types whose stored form is more than so many digits."""


def stored_digits(definition: FieldDef) -> int | None:
    """Give the decimal places a field keeps; None where its values are no decimals."""
    match definition.value_type:
        case "money":
            return MONEY_DIGITS if definition.digits is None else definition.digits
        case "percent":
            return (PERCENT_POINT_DIGITS if definition.digits is None else definition.digits) + 2
        case "decimal":
            return DEFAULT_DIGITS if definition.digits is None else definition.digits
    return None


def keep_form(definition: FieldDef, currency: str) -> Callable[[Any], Any]:
    """Give the function that brings a computed value to the form of a field."""
    digits = stored_digits(definition)
    if definition.value_type in _OWN_FORM or definition.multiple:
        own = standard_field_types().of(definition)
        return lambda value: own.keep(value, definition)
    if definition.value_type in ("integer", "rating"):
        return lambda value: value if value is None else int(value)
    if digits is None:
        return lambda value: value
    unit = Decimal(1).scaleb(-digits)
    if definition.value_type == "money":
        return lambda value: _money(value, unit, currency)

    def keep(value: Any) -> Any:
        return None if value is None else Decimal(value).quantize(unit, ROUND_HALF_UP)

    return keep


def rounder(definition: FieldDef, evaluate: Evaluate, currency: str) -> Evaluate:
    """Give an evaluator whose values have the form of a field."""
    keep = keep_form(definition, currency)
    return lambda context: keep(evaluate(context))


def _money(value: Any, unit: Decimal, currency: str) -> Any:
    if value is None:
        return None
    if isinstance(value, Money):
        return Money(value.amount.quantize(unit, ROUND_HALF_UP), value.currency)
    return Money(Decimal(value).quantize(unit, ROUND_HALF_UP), currency)
