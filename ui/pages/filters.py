"""The filter bar of a list: its expression text as chips, and the operators that a field has in it.

The filter is one expression of the language, kept whole in the address. A conjunction of simple conditions shows as a
chip each; anything else stays one chip with its text. Whether the expression is right, and whose fields it may name,
is the door's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metamodel.field_types.compound import PARTS
from metamodel.fields import FieldDef
from metamodel.source import LocatedText
from metamodel.texts import label_text
from metamodel.values import Money
from ui.formats import Formats
from workflow_dsl import parse_expression
from workflow_dsl.printer import print_expression
from workflow_dsl.syntax import (
    And,
    Binary,
    BinaryOp,
    BooleanLiteral,
    Call,
    DateLiteral,
    Expr,
    InPeriod,
    IsEmpty,
    MoneyLiteral,
    Not,
    NumberLiteral,
    Or,
    Path,
    PercentLiteral,
    TextLiteral,
)

_OPERATOR_WORDS = {
    BinaryOp.EQ: _l("is"),
    BinaryOp.NE: _l("is not"),
    BinaryOp.LT: _l("less than"),
    BinaryOp.LE: _l("at most"),
    BinaryOp.GT: _l("more than"),
    BinaryOp.GE: _l("at least"),
    BinaryOp.CONTAINS: _l("contains"),
    BinaryOp.STARTS_WITH: _l("starts with"),
    BinaryOp.ENDS_WITH: _l("ends with"),
    BinaryOp.IN: _l("is one of"),
    BinaryOp.NOT_IN: _l("is none of"),
}
_TIME_WORDS = {
    BinaryOp.LT: _l("before"),
    BinaryOp.LE: _l("no later than"),
    BinaryOp.GT: _l("after"),
    BinaryOp.GE: _l("no earlier than"),
}
_TIMES = frozenset({"date", "datetime", "time"})
_TEXT_OPERATORS = ("contains", "=", "!=", "starts with", "is empty", "is not empty")
_NUMBER_OPERATORS = ("=", "!=", ">=", "<=", ">", "<", "is empty", "is not empty")
_DATE_OPERATORS = ("=", ">=", "<=", *(f"in {period}" for period in ("this week", "this month", "this quarter")))
_DATE_PERIODS = ("in last 7 days", "in last 30 days", "in last 90 days", "in next 7 days", "in next 30 days")
_OPERATORS: Mapping[str, Sequence[str]] = {
    "boolean": ("is true", "is false"),
    "choice": ("=", "!=", "is empty", "is not empty"),
    "integer": _NUMBER_OPERATORS,
    "rating": _NUMBER_OPERATORS,
    "time": _NUMBER_OPERATORS,
    "duration": _NUMBER_OPERATORS,
    **dict.fromkeys(PARTS, ("is empty", "is not empty")),
    "files": ("contains", "is empty", "is not empty"),
    "json": ("contains", "is empty", "is not empty"),
    "color": ("=", "!=", "is empty", "is not empty"),
    "decimal": _NUMBER_OPERATORS,
    "percent": _NUMBER_OPERATORS,
    "money": _NUMBER_OPERATORS,
    "date": (*_DATE_OPERATORS, *_DATE_PERIODS, "is empty", "is not empty"),
    "datetime": ("in this week", "in this month", *_DATE_PERIODS, "is empty", "is not empty"),
}
_REFERENCE_OPERATORS = ("=", "!=", "is me", "is empty", "is not empty")
_SEVERAL_OPERATORS = ("contains", "any of", "all of", "none of", "is empty", "is not empty")
WITHOUT_VALUE = frozenset({"is empty", "is not empty", "is true", "is false", "is me"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One part of a filter: its text, and, where it is simple, field label, operator words and value as shown.

    field, reference: the field, and the id that it is compared with where it points at records. word, parts: of a
    group, what joins it (`and` or `or`) and what it joins.
    """

    text: str
    field: FieldDef | None = None
    reference: str = ""
    label: str = ""
    operator: str = ""
    value: str = ""
    word: str = ""
    parts: tuple[Condition, ...] = ()


def operators_of(field: FieldDef) -> Sequence[str]:
    """Give the operators that the bar offers for a field, as the language writes them."""
    if field.relation is not None:
        points_at_user = "user" in field.relation.targets
        return _REFERENCE_OPERATORS if points_at_user else tuple(o for o in _REFERENCE_OPERATORS if o != "is me")
    if field.holds_several:
        return _SEVERAL_OPERATORS
    return _OPERATORS.get(field.value_type, _TEXT_OPERATORS)


def operator_label(operator: str, field: FieldDef | None = None) -> str:
    """Give the words of an operator for people; points in time are not more or less, but earlier or later."""
    at_times = _TIME_WORDS if field is not None and field.value_type in _TIMES else {}
    words = {str(op): str(text) for op, text in {**_OPERATOR_WORDS, **at_times}.items()}
    if operator in words:
        return words[operator]
    special = {
        "is empty": _("is empty"),
        "is not empty": _("is not empty"),
        "is true": _("is yes"),
        "is false": _("is no"),
        "is me": _("is me"),
        "any of": _("has any of"),
        "all of": _("has all of"),
        "none of": _("has none of"),
    }
    return str(special.get(operator) or "") or period_label(operator.removeprefix("in "))


def period_label(period: str) -> str:
    """Give the words of `last 30 days`, `this quarter` for people; others stay as they are."""
    known = {
        "this day": _("today"),
        "this week": _("this week"),
        "this month": _("this month"),
        "this quarter": _("this quarter"),
        "this year": _("this year"),
        "last 7 days": _("in the last 7 days"),
        "last 30 days": _("in the last 30 days"),
        "last 90 days": _("in the last 90 days"),
        "next 7 days": _("in the next 7 days"),
        "next 30 days": _("in the next 30 days"),
    }
    return str(known.get(period, period))


def joined(conditions: Sequence[str]) -> str:
    """Join condition texts by `and`, those with an `or` in parentheses."""
    return " and ".join(conditions)


FindField = Callable[[str], FieldDef | None]
"""Gives what stands left of an operator as a field; None where it is nothing that a chip tells of."""


def split_filter(text: str, find: FindField, formats: Formats) -> tuple[Condition, ...]:
    """Take a filter apart into conditions; one that cannot be parsed is one condition with its text."""
    return tuple(
        Condition(text=part) if tree is None else _condition(part, tree, find, formats) for part, tree in _parts(text)
    )


def filter_parts(text: str) -> list[str]:
    """Give the texts of the conditions that a filter joins by `and`; it is one where it cannot be parsed."""
    return [part for part, _tree in _parts(text)]


def _parts(text: str) -> Iterator[tuple[str, Expr | None]]:
    if not text.strip():
        return
    tree = parse_expression(LocatedText.plain(text)).expression
    if tree is None:
        yield text, None
        return
    parts = tree.operands if isinstance(tree, And) else (tree,)
    for part in parts:
        written = print_expression(part)
        # Also one alone: others may be joined to it.
        loose = print_expression(And(at=part.at, operands=(part, part))) != f"{written} and {written}"
        yield f"({written})" if loose else written, part


def _condition(text: str, part: Expr, find: FindField, formats: Formats) -> Condition:
    if isinstance(part, And | Or):
        parts = tuple(_condition(print_expression(each), each, find, formats) for each in part.operands)
        return Condition(text=text, word="and" if isinstance(part, And) else "or", parts=parts)
    simple = _simple(part)
    if simple is None:
        return Condition(text=text)
    name, operator, value = simple
    field, reference = find(name), ""
    if name.endswith(".id") and isinstance(value, TextLiteral):
        field, reference = find(name.removesuffix(".id")), value.value
    if field is None:
        return Condition(text=text)
    return Condition(
        text=text,
        field=field,
        reference=reference,
        label=label_text(field.label, formats.language, field.name),
        operator=operator_label(operator, field),
        value=_value_text(field, value, formats),
    )


def _simple(part: Expr) -> tuple[str, str, Expr | None] | None:
    """Give field, operator as the language writes it, and value of a condition of one field."""
    match part:
        case Path():
            return part.dotted, "is true", None
        case Not(operand=Path() as path):
            return path.dotted, "is false", None
        case Binary(op=op, left=Path() as path, right=right) if op in _OPERATOR_WORDS:
            return path.dotted, str(op), right
        case Binary(op=op, left=Call() as call, right=NumberLiteral() as right) if op in _OPERATOR_WORDS:
            return print_expression(call), str(op), right
        case IsEmpty(value=Path() as path, negated=negated):
            return path.dotted, "is not empty" if negated else "is empty", None
        case InPeriod(value=Path() as path, negated=False):
            return path.dotted, print_expression(part).removeprefix(f"{path.dotted} "), None
        case _:
            return None


def _value_text(field: FieldDef, value: Expr | None, formats: Formats) -> str:
    match value:
        case None:
            return ""
        case TextLiteral(value=text):
            option = field.choice.option(text) if field.choice is not None else None
            return label_text(option.label, formats.language, option.name) if option is not None else text
        case Path() if value.dotted == "user":
            return str(_("me"))
        case BooleanLiteral(value=flag):
            return str(_("Yes") if flag else _("No"))
        case NumberLiteral(value=number):
            return formats.number(number)
        case PercentLiteral(points=points):
            return formats.percent(points / 100)
        case MoneyLiteral(amount=amount, currency=currency):
            return formats.money(Money(amount, currency))
        case DateLiteral(value=day):
            return formats.date(day)
        case _:
            return print_expression(value)
