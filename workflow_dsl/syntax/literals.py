"""Syntax nodes of values written down: numbers, money, durations, dates, texts with or without `{expression}`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from metamodel.quick_making import quickly_made
from workflow_dsl.syntax.base import DurationUnit, Expr


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Expr):
    """`12`, `1_000.50`; `is_integer` is false when it was written with a point."""

    value: Decimal
    is_integer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentLiteral(Expr):
    """`20%`; `points` is 20."""

    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLiteral(Expr):
    """`100 CNY`."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral(Expr):
    """`3 days`, `2 business days`."""

    amount: Decimal
    unit: DurationUnit
    business: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLiteral(Expr):
    """`2026-11-21`."""

    value: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeLiteral(Expr):
    """`2026-11-21T09:00`, in the app's zone when `value` is naive, else with the offset that was written."""

    value: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLiteral(Expr):
    """`09:00`."""

    value: dt.time


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanLiteral(Expr):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyLiteral(Expr):
    """`empty`."""


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TextLiteral(Expr):
    """A text without anything to fill in; escapes and doubled braces are resolved."""

    value: str


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TextTemplate(Expr):
    """A text with `{expression}` in it: texts and expressions in their order, at least one of them an expression."""

    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternLiteral(Expr):
    """The RE2 pattern right of `matches`; backslashes and braces are the pattern's own."""

    value: str
