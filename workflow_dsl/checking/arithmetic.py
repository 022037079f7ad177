"""Types of `+ - * /`, unary minus and `&`: which operands go together and what comes out.

A table of kinds; what is not in it is an error that names both types.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from workflow_dsl.checking.fitting import is_zero
from workflow_dsl.checking.state import Checking, failed, shown
from workflow_dsl.durations import Duration
from workflow_dsl.syntax import Binary, BinaryOp, Join, Negate, TextTemplate
from workflow_dsl.typed import Arithmetic, Constant, Negative, TextJoin, Typed
from workflow_dsl.types import (
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    EMPTY,
    INTEGER,
    MONEY,
    PERCENT,
    TEXT,
    TIME,
    UNKNOWN,
    Kind,
    Type,
)

_ADD, _SUB, _MUL, _DIV = BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.DIV

# (operator, left, right) with every number written as DECIMAL → result.
_RESULTS: Mapping[tuple[BinaryOp, Kind, Kind], Type] = MappingProxyType(
    {
        (_ADD, Kind.MONEY, Kind.MONEY): MONEY,
        (_SUB, Kind.MONEY, Kind.MONEY): MONEY,
        (_MUL, Kind.MONEY, Kind.DECIMAL): MONEY,
        (_MUL, Kind.DECIMAL, Kind.MONEY): MONEY,
        (_DIV, Kind.MONEY, Kind.DECIMAL): MONEY,
        (_DIV, Kind.MONEY, Kind.MONEY): DECIMAL,
        (_ADD, Kind.DATE, Kind.DURATION): DATE,
        (_ADD, Kind.DURATION, Kind.DATE): DATE,
        (_SUB, Kind.DATE, Kind.DURATION): DATE,
        (_SUB, Kind.DATE, Kind.DATE): DURATION,
        (_ADD, Kind.DATETIME, Kind.DURATION): DATETIME,
        (_ADD, Kind.DURATION, Kind.DATETIME): DATETIME,
        (_SUB, Kind.DATETIME, Kind.DURATION): DATETIME,
        (_SUB, Kind.DATETIME, Kind.DATETIME): DURATION,
        (_ADD, Kind.TIME, Kind.DURATION): TIME,
        (_SUB, Kind.TIME, Kind.DURATION): TIME,
        (_SUB, Kind.TIME, Kind.TIME): DURATION,
        (_ADD, Kind.DURATION, Kind.DURATION): DURATION,
        (_SUB, Kind.DURATION, Kind.DURATION): DURATION,
        (_MUL, Kind.DURATION, Kind.DECIMAL): DURATION,
        (_MUL, Kind.DECIMAL, Kind.DURATION): DURATION,
        (_DIV, Kind.DURATION, Kind.DECIMAL): DURATION,
        (_DIV, Kind.DURATION, Kind.DURATION): DECIMAL,
    }
)
_VERBS: Mapping[BinaryOp, str] = MappingProxyType(
    {_ADD: "adds {right} to {left}", _SUB: "takes {right} from {left}", _MUL: "multiplies {left} by {right}",
     _DIV: "divides {left} by {right}"}
)  # fmt: skip


def check_arithmetic(checking: Checking, node: Binary) -> Typed:
    """Check `+ - * /`."""
    left, right = checking.check(checking, node.left), checking.check(checking, node.right)
    result = _result(node.op, left, right)
    if result is None:
        words = _VERBS[node.op].format(left=left.type.with_article, right=right.type.with_article)
        checking.refuse("EXP301", f"'{shown(node)}' {words}", node.at, _hint(node.op, left.type, right.type))
        return failed(node.at)
    if node.op in (_ADD, _SUB) and result.kind is Kind.DATE:
        _check_day_part(checking, right if left.type.kind is Kind.DATE else left)
    return Arithmetic(type=result, at=node.at, op=node.op, left=left, right=right)


def _result(op: BinaryOp, left: Typed, right: Typed) -> Type | None:
    if left.type.is_numeric and right.type.is_numeric:
        return _number(op, left.type, right.type)
    if op in (_ADD, _SUB) and left.type.kind is Kind.MONEY and is_zero(right):
        return MONEY
    if op in (_ADD, _SUB) and right.type.kind is Kind.MONEY and is_zero(left):
        return MONEY
    if left.type.is_open or right.type.is_open:
        return _open(op, left.type, right.type)
    return _RESULTS.get((op, _as_decimal(left.type), _as_decimal(right.type)))


def _as_decimal(type_: Type) -> Kind:
    return Kind.DECIMAL if type_.is_numeric else type_.kind


def _number(op: BinaryOp, left: Type, right: Type) -> Type:
    if left.kind is Kind.INTEGER and right.kind is Kind.INTEGER and op is not _DIV:
        return INTEGER
    if left.kind is Kind.PERCENT and right.kind is Kind.PERCENT and op in (_ADD, _SUB):
        return PERCENT
    return DECIMAL


def _open(op: BinaryOp, left: Type, right: Type) -> Type | None:
    known = left if right.is_open else right
    if known.is_open:
        return UNKNOWN if Kind.UNKNOWN in (left.kind, right.kind) else EMPTY
    kind = _as_decimal(known)
    usable = kind is Kind.DECIMAL or any(kind in key[1:] and key[0] is op for key in _RESULTS)
    if not usable:
        return None
    if known.is_numeric or kind is Kind.MONEY:
        return known if op in (_ADD, _SUB) else UNKNOWN
    return UNKNOWN


def _hint(op: BinaryOp, left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if Kind.MONEY in kinds and (left.is_numeric or right.is_numeric):
        return "name the currency of the number: 100 CNY"
    if kinds & {Kind.DATE, Kind.DATETIME} and (left.is_numeric or right.is_numeric):
        return "name the unit: 3 days, or n * 1 day"
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return "write date(…) around the moment"
    if Kind.TEXT in kinds and op is _ADD:
        return "texts are joined with &; number(…) reads a number from a text"
    if Kind.DURATION in kinds and op in (_ADD, _SUB):
        return "a whole number is never a duration: write n * 1 day"
    if Kind.CHOICE in kinds:
        return "label(…) gives the label of a choice, text(…) its name"
    return ""


def _check_day_part(checking: Checking, duration: Typed) -> None:
    value = duration.value if isinstance(duration, Constant) else None
    if isinstance(value, Duration) and (value.seconds or value.business_seconds or value.days % 1):
        hint = "write days, or datetime(…) of the date"
        checking.refuse("EXP301", "a date has no time of day, so only whole days can be added to it", duration.at, hint)


def check_negate(checking: Checking, node: Negate) -> Typed:
    """Check unary minus; of a constant it gives a constant."""
    operand = checking.check(checking, node.operand)
    if isinstance(operand, Constant) and operand.type.is_numeric:
        value = operand.value
        assert isinstance(value, int | Decimal)
        return Constant(type=operand.type, at=node.at, value=-value)
    if not (operand.type.is_numeric or operand.type.is_open or operand.type.kind in (Kind.MONEY, Kind.DURATION)):
        checking.refuse("EXP301", f"'{shown(node)}' negates {operand.type.with_article}", node.at)
        return failed(node.at)
    return Negative(type=operand.type, at=node.at, operand=operand)


def check_join(checking: Checking, node: Join) -> Typed:
    """Check `&`: texts only, so that the form of a number or date in a text is always chosen."""
    operands = tuple(checking.check(checking, operand) for operand in node.operands)
    for operand, written in zip(operands, node.operands, strict=True):
        if operand.type.kind is not Kind.TEXT and not operand.type.is_open:
            hint = 'write text(…) or format(…), or put it in a text: "{…}"'
            message = f"'&' joins texts, and '{shown(written)}' is {operand.type.with_article}"
            checking.refuse("EXP309", message, operand.at, hint)
    return TextJoin(type=TEXT, at=node.at, operands=operands, as_shown=False)


def check_template(checking: Checking, node: TextTemplate) -> Typed:
    """Check a text with `{expression}` in it; every type has a form for people."""
    operands = tuple(
        Constant(type=TEXT, at=node.at, value=part) if isinstance(part, str) else checking.check(checking, part)
        for part in node.parts
    )
    return TextJoin(type=TEXT, at=node.at, operands=operands, as_shown=True)
