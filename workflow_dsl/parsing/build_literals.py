"""Builders of literals: each turns one terminal into a value, and refuses what is no such value (30 February)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from lark import Token

from workflow_dsl.limits import MAX_NUMBER_DIGITS
from workflow_dsl.parsing.building import Builder, Building, Built
from workflow_dsl.syntax import (
    BooleanLiteral,
    DateLiteral,
    DateTimeLiteral,
    DurationLiteral,
    DurationUnit,
    EmptyLiteral,
    MoneyLiteral,
    NumberLiteral,
    PercentLiteral,
    Span,
    TimeLiteral,
)


def number_of(building: Building, text: str, at: Span) -> Decimal:
    """Read digits with `_` between them; more digits than the language computes with are refused."""
    value = Decimal(text.replace("_", ""))
    if len(value.as_tuple().digits) > MAX_NUMBER_DIGITS:
        building.refuse("EXP107", f"this number has more than {MAX_NUMBER_DIGITS} digits", at)
        return Decimal(0)
    return value


def _number(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return NumberLiteral(value=number_of(building, children[0], at), is_integer="." not in children[0], at=at)


def _percent(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return PercentLiteral(points=number_of(building, children[0][:-1], at), at=at)


def _money(building: Building, at: Span, children: Sequence[Built]) -> Built:
    digits, currency = children[0].split()
    return MoneyLiteral(amount=number_of(building, digits, at), currency=currency, at=at)


def duration_of(building: Building, token: Token) -> DurationLiteral:
    """Read a DURATION terminal."""
    at = building.span_of(token)
    words = token.split()
    amount = number_of(building, words[0], at)
    business = words[1] == "business"
    unit = DurationUnit(words[-1].removesuffix("s"))
    if business and unit not in (DurationUnit.DAY, DurationUnit.HOUR, DurationUnit.MINUTE):
        building.refuse(
            "EXP107", f"'{token}' is not a duration", at, "business time is counted in days, hours, minutes"
        )
    if unit in (DurationUnit.MONTH, DurationUnit.QUARTER, DurationUnit.YEAR) and amount != amount.to_integral_value():
        building.refuse("EXP107", f"'{token}' is not a duration", at, "months, quarters and years are whole numbers")
    return DurationLiteral(amount=amount, unit=unit, business=business, at=at)


def _duration(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return duration_of(building, children[0])


def _date(building: Building, at: Span, children: Sequence[Built]) -> Built:
    try:
        return DateLiteral(value=dt.date.fromisoformat(children[0]), at=at)
    except ValueError:
        building.refuse("EXP107", f"{children[0]} is not a day of the calendar", at, "dates are YEAR-MONTH-DAY")
        return EmptyLiteral(at=at)


def _datetime(building: Building, at: Span, children: Sequence[Built]) -> Built:
    try:
        return DateTimeLiteral(value=dt.datetime.fromisoformat(children[0]), at=at)
    except ValueError:
        building.refuse("EXP107", f"{children[0]} is not a moment of the calendar", at)
        return EmptyLiteral(at=at)


def time_of(building: Building, token: Token) -> TimeLiteral:
    """Read a TIME terminal."""
    at = building.span_of(token)
    try:
        return TimeLiteral(value=dt.time.fromisoformat(token), at=at)
    except ValueError:
        building.refuse("EXP107", f"{token} is not a time of day", at, "times go from 00:00 to 23:59")
        return TimeLiteral(value=dt.time(), at=at)


def _time(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return time_of(building, children[0])


def _text(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return replace(building.text(children[0]), at=at)


LITERAL_BUILDERS: dict[str, Builder] = {
    "number": _number,
    "percent": _percent,
    "money": _money,
    "duration": _duration,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "text": _text,
    "true": lambda building, at, children: BooleanLiteral(value=True, at=at),
    "false": lambda building, at, children: BooleanLiteral(value=False, at=at),
    "empty": lambda building, at, children: EmptyLiteral(at=at),
}
