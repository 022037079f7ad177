"""What a condition says of single fields: alternatives, each a domain by path; no alternative = it can never hold.

Only what is certain is kept: a part that says nothing of a single path leaves everything possible. Comparisons with
constants, options, intervals, empties, attributes of options and changes are understood.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Any

from metamodel.values import Money
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    BetweenTest,
    ChangedTest,
    Coalesce,
    Comparison,
    Conjunction,
    Constant,
    ContextValue,
    Disjunction,
    EmptyTest,
    FieldPath,
    FunctionCall,
    IfValue,
    ListValue,
    Membership,
    NamedValue,
    Negation,
    NewTest,
    PeriodTest,
    RootKind,
    TextJoin,
    TextTest,
    Typed,
)
from workflow_dsl.types import Kind
from workflow_dsl.write_graph.alternatives import IMPOSSIBLE, NEW, UNKNOWN, Alternatives, Key, both, either
from workflow_dsl.write_graph.domains import ANYTHING, EMPTY, FILLED, Domain, exactly

_TRUE, _FALSE = exactly(True), Domain(values=frozenset((False,)), may_be_empty=False)
_FLIPPED = {BinaryOp.LT: BinaryOp.GT, BinaryOp.GT: BinaryOp.LT, BinaryOp.LE: BinaryOp.GE, BinaryOp.GE: BinaryOp.LE}
_DENIED = {
    BinaryOp.LT: BinaryOp.GE,
    BinaryOp.GT: BinaryOp.LE,
    BinaryOp.LE: BinaryOp.GT,
    BinaryOp.GE: BinaryOp.LT,
    BinaryOp.EQ: BinaryOp.NE,
    BinaryOp.NE: BinaryOp.EQ,
}


class FactFinder:
    """Reads facts off typed conditions, with plain numbers beside money in one base currency."""

    def __init__(self, base_currency: str) -> None:
        self._base = base_currency

    def of(self, condition: Typed, holds: bool = True) -> Alternatives:
        """Give the alternatives under which a condition holds, or does not."""
        judge = self._judges.get(type(condition))
        if judge is not None:
            return judge(self, condition, holds)
        return UNKNOWN

    def value(self, typed: Typed) -> Domain:
        """Give what a value may be."""
        constant = self.constant(typed)
        if constant is not None:
            return exactly(constant[0])
        return FILLED if _is_filled(typed) else ANYTHING

    def constant(self, typed: Typed) -> tuple[object] | None:
        """Give the value of a constant as domains compare it; None for anything else."""
        if not isinstance(typed, Constant):
            return None
        value = typed.value
        if isinstance(value, Money):
            return (value.amount,) if value.currency == self._base else None
        if isinstance(value, int) and not isinstance(value, bool):
            return (Decimal(value),)
        if value is None or isinstance(value, bool | str | Decimal | dt.date | dt.time):
            return (value,)
        return None

    def _all(self, condition: Conjunction | Disjunction, holds: bool) -> Alternatives:
        if isinstance(condition, Conjunction) is holds:
            found = UNKNOWN
            for operand in condition.operands:
                found = both(found, self.of(operand, holds))
            return found
        return either(*(self.of(operand, holds) for operand in condition.operands))

    def _negation(self, condition: Negation, holds: bool) -> Alternatives:
        return self.of(condition.operand, not holds)

    def _constant(self, condition: Constant, holds: bool) -> Alternatives:
        return UNKNOWN if bool(condition.value) is holds else IMPOSSIBLE

    def _flag(self, condition: FieldPath, holds: bool) -> Alternatives:
        return _about(condition, _TRUE if holds else replace(_FALSE, may_be_empty=True))

    def _comparison(self, condition: Comparison, holds: bool) -> Alternatives:
        op, left, right = condition.op, condition.left, condition.right
        value = self.constant(right)
        if value is None:
            value, left, right, op = self.constant(left), right, left, _FLIPPED.get(op, op)
        if value is None:
            return _of_paths(left, right, op, holds)
        if not holds:
            # `not a < 5` holds for an empty a too, and `!=` is the negation of `=`.
            may_be_empty = op in _FLIPPED
            return self._compared(left, _DENIED[op], value[0], may_be_empty=may_be_empty)
        return self._compared(left, op, value[0], may_be_empty=False)

    def _compared(self, path: Typed, op: BinaryOp, value: object, *, may_be_empty: bool) -> Alternatives:
        if op is BinaryOp.EQ:
            return _about(path, exactly(value))
        if op is BinaryOp.NE:
            return _about(path, FILLED if value is None else Domain(excluded=frozenset((value,))))
        if not isinstance(value, Decimal | dt.date | dt.time):
            return UNKNOWN if may_be_empty or value is not None else IMPOSSIBLE
        return _about(path, replace(_interval(path, op, value), may_be_empty=may_be_empty))

    def _between(self, condition: BetweenTest, holds: bool) -> Alternatives:
        low, high = self.constant(condition.low), self.constant(condition.high)
        if low is None or high is None:
            return UNKNOWN
        value = condition.value
        if holds:
            return both(
                self._compared(value, BinaryOp.GE, low[0], may_be_empty=False),
                self._compared(value, BinaryOp.LE, high[0], may_be_empty=False),
            )
        return either(
            self._compared(value, BinaryOp.LT, low[0], may_be_empty=True),
            self._compared(value, BinaryOp.GT, high[0], may_be_empty=True),
        )

    def _membership(self, condition: Membership, holds: bool) -> Alternatives:
        items = condition.items
        if not isinstance(items, ListValue):
            return UNKNOWN
        found = [self.constant(item) for item in items.items]
        values = [each[0] for each in found if each is not None]
        if len(values) < len(found):
            return UNKNOWN
        named, has_empty = frozenset(each for each in values if each is not None), None in values
        if holds is not condition.negated:
            return _about(condition.value, Domain(values=named, may_be_empty=has_empty))
        return _about(condition.value, Domain(excluded=named, may_be_empty=not has_empty))

    def _empty(self, condition: EmptyTest, holds: bool) -> Alternatives:
        return _about(condition.value, EMPTY if holds is not condition.negated else FILLED)

    def _changed(self, condition: ChangedTest, holds: bool) -> Alternatives:
        key = key_of(condition.value)
        if key is None:
            return UNKNOWN
        return ({("changed", *key): _TRUE if holds is not condition.negated else _FALSE},)

    def _new(self, condition: NewTest, holds: bool) -> Alternatives:
        return ({NEW: _TRUE if holds else _FALSE},)

    def _filled(self, condition: TextTest | PeriodTest, holds: bool) -> Alternatives:
        negated = isinstance(condition, PeriodTest) and condition.negated
        return _about(condition.value, FILLED) if holds is not negated else UNKNOWN

    _judges: Mapping[type[Typed], Callable[[FactFinder, Any, bool], Alternatives]] = MappingProxyType(
        {
            BetweenTest: _between,
            ChangedTest: _changed,
            Comparison: _comparison,
            Conjunction: _all,
            Constant: _constant,
            Disjunction: _all,
            EmptyTest: _empty,
            FieldPath: _flag,
            Membership: _membership,
            Negation: _negation,
            NewTest: _new,
            PeriodTest: _filled,
            TextTest: _filled,
        }
    )


def _is_filled(typed: Typed) -> bool:
    """Say whether a value is certainly not empty."""
    match typed:
        case Constant():
            return typed.value is not None
        case ContextValue() | NamedValue():
            return True
        case FieldPath():
            return typed.field is None and not typed.steps
        case Arithmetic():
            return typed.op is not BinaryOp.DIV and _is_filled(typed.left) and _is_filled(typed.right)
        case TextJoin() | Coalesce():
            return any(_is_filled(operand) for operand in typed.operands)
        case IfValue():
            return _is_filled(typed.then) and _is_filled(typed.otherwise)
        case FunctionCall():
            return typed.function.name == "text" and all(_is_filled(each) for each in typed.args)
        case Aggregate():
            return typed.function in _NEVER_EMPTY
    return False


_NEVER_EMPTY = frozenset((AggregateKind.COUNT, AggregateKind.SUM, AggregateKind.EXISTS))


def key_of(typed: Typed) -> Key | None:
    """Give the path a value is read by; None for what is computed."""
    if not isinstance(typed, FieldPath) or typed.keys:
        return None
    root = typed.root
    start = f"{root.kind.value}:{root.name}{root.level}" if root.kind in _NAMED_ROOTS else root.kind.value
    names = [step.field.name for step in typed.steps]
    return (start, *names, *((typed.field.name,) if typed.field is not None else ()))


_NAMED_ROOTS = frozenset((RootKind.GIVEN, RootKind.ROW))


def _about(path: Typed, domain: Domain) -> Alternatives:
    """Say something of a path; of an attribute of an option it is said of the options that have it."""
    key = key_of(path)
    if key is None or not isinstance(path, FieldPath):
        return UNKNOWN
    if path.attribute is not None:
        return _of_attribute(path, key, path.attribute, domain)
    if path.type.kind is Kind.CHOICE and path.type.options:
        domain = Domain(values=frozenset(path.type.options)).also(domain)
    elif path.type.kind is Kind.BOOLEAN:
        domain = Domain(values=frozenset((True, False))).also(domain)
    return IMPOSSIBLE if domain.is_impossible else ({key: domain},)


def _of_attribute(path: FieldPath, key: Key, attribute: str, domain: Domain) -> Alternatives:
    choice = path.field.choice if path.field is not None else None
    if choice is None or not choice.options:
        return UNKNOWN
    fitting = [
        option.name
        for option in choice.options
        if not domain.also(exactly(_plain(option.attribute(attribute)))).is_impossible
    ]
    found = Domain(values=frozenset(fitting), may_be_empty=domain.may_be_empty)
    return IMPOSSIBLE if found.is_impossible else ({key: found},)


def _plain(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _interval(path: Typed, op: BinaryOp, value: Decimal | dt.date | dt.time) -> Domain:
    is_out = op in (BinaryOp.LT, BinaryOp.GT)
    is_low = op in (BinaryOp.GT, BinaryOp.GE)
    if isinstance(value, Decimal) and path.type.kind is Kind.INTEGER and value.is_finite():
        # Whole numbers above 1 are 2 and more.
        whole = value.to_integral_value(ROUND_FLOOR if is_low is is_out else ROUND_CEILING)
        value = whole + 1 if is_low and is_out else whole - 1 if is_out else whole
        is_out = False
    return Domain(low=value, is_low_out=is_out) if is_low else Domain(high=value, is_high_out=is_out)


def _of_paths(left: Typed, right: Typed, op: BinaryOp, holds: bool) -> Alternatives:
    one, other = key_of(left), key_of(right)
    if one is None or one != other or _attribute(left) != _attribute(right):
        return UNKNOWN
    same = op in (BinaryOp.EQ,) or (op in (BinaryOp.LE, BinaryOp.GE))
    if op in (BinaryOp.EQ, BinaryOp.NE):
        return UNKNOWN if same is holds else IMPOSSIBLE
    return UNKNOWN if same or not holds else IMPOSSIBLE


def _attribute(typed: Typed) -> str | None:
    return typed.attribute if isinstance(typed, FieldPath) else None
