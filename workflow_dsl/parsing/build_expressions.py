"""Builders of expressions: one function a rule of the grammar, from built children to a syntax node."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lark import Token

from workflow_dsl.limits import MAX_PERIOD_COUNT
from workflow_dsl.parsing.build_literals import LITERAL_BUILDERS
from workflow_dsl.parsing.building import Builder, Building, Built
from workflow_dsl.syntax import (
    And,
    Arg,
    Between,
    Binary,
    BinaryOp,
    Call,
    Direction,
    DurationUnit,
    Expr,
    InPeriod,
    IsA,
    IsChanged,
    IsEmpty,
    Join,
    ListLiteral,
    Name,
    NamedKind,
    NamedRef,
    Negate,
    Not,
    Or,
    Path,
    PatternLiteral,
    Period,
    SortKey,
    Span,
)


def nodes(children: Sequence[Built]) -> list[Built]:
    """Give the built children, without keywords and absent parts."""
    return [child for child in children if child is not None and not isinstance(child, Token)]


def tokens(children: Sequence[Built], *kinds: str) -> list[Token]:
    """Give the tokens of some kinds."""
    return [child for child in children if isinstance(child, Token) and child.type in kinds]


def after(children: Sequence[Built], keyword: str) -> Built:
    """Give the child that follows a keyword, or None where the keyword was not written."""
    for position, child in enumerate(children):
        if isinstance(child, Token) and child.type == keyword:
            return children[position + 1]
    return None


def _chain(kind: type[And] | type[Or] | type[Join]) -> Builder:
    def build_chain(building: Building, at: Span, children: Sequence[Built]) -> Built:
        left, right = nodes(children)
        operands = left.operands if isinstance(left, kind) else (left,)
        return kind(operands=(*operands, right), at=at)

    return build_chain


def _binary(op: BinaryOp) -> Builder:
    def build_binary(building: Building, at: Span, children: Sequence[Built]) -> Built:
        left, right = nodes(children)
        return Binary(op=op, left=left, right=right, at=at)

    return build_binary


def _compare(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Binary(op=BinaryOp(str(children[1])), left=children[0], right=children[2], at=at)


def _matches(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Binary(op=BinaryOp.MATCHES, left=children[0], right=children[2], at=at)


def _between(building: Building, at: Span, children: Sequence[Built]) -> Built:
    value, low, high = nodes(children)
    return Between(value=value, low=low, high=high, at=at)


_PERIOD = re.compile(r"(last|next|this)\s+(?:(\d+)\s+)?(business\s+)?(day|week|month|quarter|year)s?\Z")


def _in_period(negated: bool) -> Builder:
    def build_period(building: Building, at: Span, children: Sequence[Built]) -> Built:
        token = children[1]
        span = building.span_of(token)
        found = _PERIOD.search(token)
        assert found is not None, token
        count = int(found[2][:12]) if found[2] else None
        if count is not None and count > MAX_PERIOD_COUNT:
            building.refuse("EXP107", f"a period has at most {MAX_PERIOD_COUNT} units, not {found[2]}", span)
            count = MAX_PERIOD_COUNT
        period = Period(
            direction=Direction(found[1]), count=count, unit=DurationUnit(found[4]), business=bool(found[3]), at=span
        )
        if period.business and period.unit is not DurationUnit.DAY:
            building.refuse("EXP107", "only days can be business days in a period", span)
        return InPeriod(value=children[0], period=period, negated=negated, at=at)

    return build_period


def _test(kind: type[IsEmpty] | type[IsChanged], negated: bool) -> Builder:
    def build_test(building: Building, at: Span, children: Sequence[Built]) -> Built:
        return kind(value=children[0], negated=negated, at=at)

    return build_test


def _is_a(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return IsA(value=children[0], object=children[2], at=at)


def _not(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Not(operand=children[1], at=at)


def _negate(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Negate(operand=children[1], at=at)


def _path(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Path(names=tuple([building.name(token) for token in children]), at=at)


def _named(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return NamedRef(kind=NamedKind(str(children[0])), name=building.plain_text(children[1]), at=at)


def _list(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return ListLiteral(items=tuple(nodes(children)), at=at)


def _call(building: Building, at: Span, children: Sequence[Built]) -> Built:
    function = Name(text=str(children[0]), at=building.span_of(children[0]))
    return Call(function=function, args=tuple(nodes(children)), at=at)


def _arg(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Arg(value=children[0], where=after(children, "WHERE"), sorted_by=after(children, "SORTED_BY"), at=at)


def _sort_key(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return SortKey(path=children[-1], descending=children[0] is not None, at=at)


def _pattern(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return PatternLiteral(value=str(children[0])[1:-1], at=at)


def _expression(building: Building, at: Span, children: Sequence[Built]) -> Built:
    result: Expr = children[0]
    return result


EXPRESSION_BUILDERS: dict[str, Builder] = {
    **LITERAL_BUILDERS,
    "expression": _expression,
    "or_": _chain(Or),
    "and_": _chain(And),
    "join": _chain(Join),
    "not_": _not,
    "compare": _compare,
    "in_": _binary(BinaryOp.IN),
    "not_in": _binary(BinaryOp.NOT_IN),
    "between": _between,
    "in_period": _in_period(negated=False),
    "not_in_period": _in_period(negated=True),
    "is_empty": _test(IsEmpty, negated=False),
    "is_not_empty": _test(IsEmpty, negated=True),
    "is_changed": _test(IsChanged, negated=False),
    "is_not_changed": _test(IsChanged, negated=True),
    "is_a": _is_a,
    "has_role": _binary(BinaryOp.HAS_ROLE),
    "contains": _binary(BinaryOp.CONTAINS),
    "starts_with": _binary(BinaryOp.STARTS_WITH),
    "ends_with": _binary(BinaryOp.ENDS_WITH),
    "matches": _matches,
    "pattern": _pattern,
    "add": _binary(BinaryOp.ADD),
    "sub": _binary(BinaryOp.SUB),
    "mul": _binary(BinaryOp.MUL),
    "div": _binary(BinaryOp.DIV),
    "neg": _negate,
    "path": _path,
    "named": _named,
    "list": _list,
    "call": _call,
    "arg": _arg,
    "sort_key": _sort_key,
}
