"""Typed nodes of what is true or false; they are never empty."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.quick_making import quickly_made
from workflow_dsl.syntax import BinaryOp, Period
from workflow_dsl.typed.base import Typed


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction(Typed):
    """`a and b and c`, left to right, as far as needed."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjunction(Typed):
    """`a or b or c`, left to right, as far as needed."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Typed):
    """`not a`."""

    operand: Typed


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Typed):
    """`= != < <= > >=`; operand types fit each other (money beside a number compares in base currency)."""

    op: BinaryOp
    left: Typed
    right: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenTest(Typed):
    """`low <= value and value <= high`."""

    value: Typed
    low: Typed
    high: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Typed):
    """`value in list`: a chain of `=`; the list is a `ListValue` or an expression of type list."""

    value: Typed
    items: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTest(Typed):
    """`value in last 30 days`: false for an empty value, so `not in` is true for it."""

    value: Typed
    period: Period
    negated: bool


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTest(Typed):
    """`value is empty`."""

    value: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTest(Typed):
    """`value is changed`: `value` differs from the same path over `old`; `old_value` is that path."""

    value: Typed
    old_value: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTest(Typed):
    """`is_new()`: the record is being created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTest(Typed):
    """`about is a contact`."""

    value: Typed
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTest(Typed):
    """`user has role "manager"`: any of the roles."""

    user: Typed
    roles: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest(Typed):
    """`contains`, `starts with`, `ends with`: of texts without regard to case and width; `contains` of lists exact.

    False where an operand is empty.
    """

    op: BinaryOp
    value: Typed
    part: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTest(Typed):
    """`value matches "…"`: RE2, the whole text; in memory only."""

    value: Typed
    pattern: str
