"""Computed values in the form that a field keeps: numbers with its digits, money rounded half up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from metamodel.apps import Metamodel
from metamodel.currency_rates import money_digits
from metamodel.field_types import standard_field_types
from metamodel.field_types.number import DEFAULT_DIGITS, MONEY_DIGITS, PERCENT_POINT_DIGITS
from metamodel.fields import FieldDef
from metamodel.values import ForeignMoney, Money
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


def keep_form(definition: FieldDef, metamodel: Metamodel) -> Callable[[Any], Any]:
    """Give the function that brings a value to the form of a field; an empty one is what the field reads it as."""
    form = _form(definition, metamodel)
    if definition.empty_as is None:
        return form
    empty = form(definition.empty_as)
    return lambda value: empty if value is None else form(value)


def _form(definition: FieldDef, metamodel: Metamodel) -> Callable[[Any], Any]:
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
        return money_form(definition, metamodel)

    def keep(value: Any) -> Any:
        return None if value is None else Decimal(value).quantize(unit, ROUND_HALF_UP)

    return keep


def rounder(definition: FieldDef, evaluate: Evaluate, metamodel: Metamodel) -> Evaluate:
    """Give an evaluator whose values have the form of a field."""
    keep = keep_form(definition, metamodel)
    return lambda context: keep(evaluate(context))


def _form_of_one(definition: FieldDef, base: str) -> Callable[[Any], Any]:
    unit = Decimal(1).scaleb(-(MONEY_DIGITS if definition.digits is None else definition.digits))

    def keep(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Money):
            return Money(Decimal(value).quantize(unit, ROUND_HALF_UP), base)
        amount = value.amount.quantize(unit, ROUND_HALF_UP)
        return Money(amount, base) if value.currency == base else ForeignMoney(amount, value.currency)

    return keep


def money_form(definition: FieldDef, metamodel: Metamodel) -> Callable[[Any], Any]:
    """Give the function that rounds money half up to the digits of its currency, and what it is worth likewise."""
    base = metamodel.main.currency
    if not metamodel.currencies:
        return _form_of_one(definition, base)
    units = {
        name: Decimal(1).scaleb(-money_digits(metamodel, definition, name)) for name in (base, *metamodel.currencies)
    }
    stored = Decimal(1).scaleb(-(MONEY_DIGITS if definition.digits is None else definition.digits))
    shorter = {name for name, own in units.items() if own != stored}

    def rounded(amount: Decimal, currency: str) -> Decimal:
        kept = amount.quantize(units.get(currency, stored), ROUND_HALF_UP)
        return kept.quantize(stored) if currency in shorter else kept

    def keep(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Money):
            return Money(rounded(Decimal(value), base), base)
        if value.currency == base:
            return Money(rounded(value.amount, base), base)
        known = value.base if isinstance(value, ForeignMoney) else None
        worth = None if known is None else rounded(known, base)
        return ForeignMoney(rounded(value.amount, value.currency), value.currency, worth)

    return keep
