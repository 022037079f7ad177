"""Syntax tree back to text in the one canonical form: `parse(print(tree)) == tree` for every tree a parser can give.

Expressions here; rules in `printer_rules`. Comments are not part of the tree and so not printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from workflow_dsl.syntax import (
    And,
    Arg,
    Between,
    Binary,
    BinaryOp,
    BooleanLiteral,
    Call,
    DateLiteral,
    DateTimeLiteral,
    DurationLiteral,
    EmptyLiteral,
    Expr,
    InPeriod,
    IsA,
    IsChanged,
    IsEmpty,
    Join,
    ListLiteral,
    MoneyLiteral,
    NamedRef,
    Negate,
    Not,
    NumberLiteral,
    Or,
    Path,
    PatternLiteral,
    PercentLiteral,
    Period,
    SortKey,
    TextLiteral,
    TextTemplate,
    TimeLiteral,
)

# Binding strength, weakest first: or, and, not, comparisons, + - &, * /, unary minus, everything closed in itself.
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _UNARY, _ATOM = range(8)
WIDTH = 100
"""What is longer begins a new line where it can."""
_ARITHMETIC = MappingProxyType({BinaryOp.ADD: _SUM, BinaryOp.SUB: _SUM, BinaryOp.MUL: _PRODUCT, BinaryOp.DIV: _PRODUCT})


def print_expression(expression: Expr) -> str:
    """Print an expression."""
    return _PRINTERS[type(expression)](expression)


def print_lines(before: str, expression: Expr) -> str:
    """Print an expression after the words before it; one too long for a line breaks at its outermost `and` or `or`."""
    whole = before + print_expression(expression)
    if len(whole) <= WIDTH or not isinstance(expression, And | Or):
        return whole
    word, strength = ("and", _AND) if isinstance(expression, And) else ("or", _OR)
    indent = " " * (len(before) - len(before.lstrip()) + 4)
    first, *others = expression.operands
    rest = [f"{indent}{word} {_inside(operand, strength + 1)}" for operand in others]
    return "\n".join([before + _inside(first, strength), *rest])


def _strength(expression: Expr) -> int:
    if isinstance(expression, Binary):
        return _ARITHMETIC.get(expression.op, _COMPARISON)
    return _STRENGTHS.get(type(expression), _ATOM)


def _inside(expression: Expr, least: int) -> str:
    text = print_expression(expression)
    return text if _strength(expression) >= least else f"({text})"


def print_number(value: Decimal) -> str:
    """Print digits without an exponent."""
    return format(value, "f")


def quote(text: str) -> str:
    """Print a text in double quotes, braces not doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def print_text(expression: Expr) -> str:
    """Print a `TextLiteral` or `TextTemplate` as the quoted text it was written as."""
    parts = expression.parts if isinstance(expression, TextTemplate) else (_value(expression),)
    return quote("".join(_braced(part) for part in parts))


def template_text(expression: Expr) -> str:
    """Print a `TextLiteral` or `TextTemplate` as a message in YAML: without quotes and escapes."""
    parts = expression.parts if isinstance(expression, TextTemplate) else (_value(expression),)
    return "".join(_braced(part) for part in parts)


def _value(expression: Expr) -> str:
    assert isinstance(expression, TextLiteral)
    return expression.value


def _braced(part: str | Expr) -> str:
    if isinstance(part, str):
        return part.replace("{", "{{").replace("}", "}}")
    return f"{{{print_expression(part)}}}"


def _pattern(node: PatternLiteral) -> str:
    sign = "'" if '"' in node.value.replace('\\"', "") else '"'
    return f"{sign}{node.value}{sign}"


def _duration(node: DurationLiteral) -> str:
    plural = "" if node.amount == 1 else "s"
    return f"{print_number(node.amount)} {'business ' if node.business else ''}{node.unit}{plural}"


def _datetime(node: DateTimeLiteral) -> str:
    text = node.value.isoformat(timespec="seconds" if node.value.second else "minutes")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _time(node: TimeLiteral) -> str:
    return node.value.isoformat(timespec="seconds" if node.value.second else "minutes")


def _binary(node: Binary) -> str:
    least = _ARITHMETIC.get(node.op, _SUM)
    right = least + 1 if node.op in _ARITHMETIC else _SUM
    return f"{_inside(node.left, least)} {node.op} {_inside(node.right, right)}"


def _chain(word: str, strength: int) -> Callable[[Any], str]:
    def print_chain(node: And | Or | Join) -> str:
        first, *rest = node.operands
        return f" {word} ".join([_inside(first, strength), *(_inside(operand, strength + 1) for operand in rest)])

    return print_chain


def _between(node: Between) -> str:
    return f"{_inside(node.value, _SUM)} between {_inside(node.low, _SUM)} and {_inside(node.high, _SUM)}"


def print_period(period: Period) -> str:
    """Print `last 30 days`."""
    if period.count is None:
        return f"{period.direction} {'business ' if period.business else ''}{period.unit}"
    plural = "" if period.count == 1 else "s"
    return f"{period.direction} {period.count} {'business ' if period.business else ''}{period.unit}{plural}"


def _in_period(node: InPeriod) -> str:
    return f"{_inside(node.value, _SUM)} {'not in' if node.negated else 'in'} {print_period(node.period)}"


def _test(word: str) -> Callable[[Any], str]:
    def print_test(node: IsEmpty | IsChanged) -> str:
        return f"{_inside(node.value, _SUM)} is {'not ' if node.negated else ''}{word}"

    return print_test


def _is_a(node: IsA) -> str:
    article = "an" if node.object.dotted[0] in "aeiou" else "a"
    return f"{_inside(node.value, _SUM)} is {article} {node.object.dotted}"


def print_sort_key(key: SortKey) -> str:
    """Print `-created_at`."""
    return f"{'-' if key.descending else ''}{key.path.dotted}"


def _arg(arg: Arg) -> str:
    where = f" where {print_expression(arg.where)}" if arg.where is not None else ""
    order = f" sorted by {print_sort_key(arg.sorted_by)}" if arg.sorted_by is not None else ""
    return f"{print_expression(arg.value)}{where}{order}"


def _call(node: Call) -> str:
    return f"{node.function.text}({', '.join(_arg(arg) for arg in node.args)})"


_STRENGTHS: Mapping[type[Expr], int] = MappingProxyType(
    {
        Or: _OR,
        And: _AND,
        Not: _NOT,
        Between: _COMPARISON,
        InPeriod: _COMPARISON,
        IsEmpty: _COMPARISON,
        IsChanged: _COMPARISON,
        IsA: _COMPARISON,
        Join: _SUM,
        Negate: _UNARY,
    }
)

_PRINTERS: Mapping[type[Expr], Callable[[Any], str]] = MappingProxyType(
    {
        NumberLiteral: lambda node: print_number(node.value),
        PercentLiteral: lambda node: f"{print_number(node.points)}%",
        MoneyLiteral: lambda node: f"{print_number(node.amount)} {node.currency}",
        DurationLiteral: _duration,
        DateLiteral: lambda node: node.value.isoformat(),
        DateTimeLiteral: _datetime,
        TimeLiteral: _time,
        BooleanLiteral: lambda node: "true" if node.value else "false",
        EmptyLiteral: lambda node: "empty",
        TextLiteral: print_text,
        TextTemplate: print_text,
        PatternLiteral: _pattern,
        Path: lambda node: node.dotted,
        NamedRef: lambda node: f"{node.kind} {quote(node.name)}",
        ListLiteral: lambda node: f"[{', '.join(print_expression(item) for item in node.items)}]",
        Call: _call,
        Binary: _binary,
        And: _chain("and", _AND),
        Or: _chain("or", _OR),
        Join: _chain("&", _SUM),
        Not: lambda node: f"not {_inside(node.operand, _NOT)}",
        Negate: lambda node: f"-{_inside(node.operand, _UNARY)}",
        Between: _between,
        InPeriod: _in_period,
        IsEmpty: _test("empty"),
        IsChanged: _test("changed"),
        IsA: _is_a,
    }
)
