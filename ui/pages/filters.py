"""The filter bar of a list: its expression text as chips, and a new condition as expression text.

The filter is one expression of the language, kept whole in the address. A conjunction of simple conditions shows as a
chip each; anything else stays one chip with its text. Whether the expression is right, and whose fields it may name,
is the door's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metamodel.field_types import FieldValueError, ValueContext
from metamodel.field_types.compound import PARTS
from metamodel.field_types.spans import DurationType
from metamodel.fields import FieldDef
from metamodel.source import LocatedText
from metamodel.texts import label_text
from metamodel.values import Duration
from workflow_dsl import parse_expression
from workflow_dsl.printer import print_expression, quote
from workflow_dsl.syntax import (
    And,
    Binary,
    BinaryOp,
    BooleanLiteral,
    Expr,
    InPeriod,
    IsEmpty,
    Not,
    Path,
    TextLiteral,
)

_COMMA = re.compile("[,，]")
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
_WITHOUT_VALUE = frozenset({"is empty", "is not empty", "is true", "is false", "is me"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One part of a filter: its text, and, where it is simple, field label, operator words and value as shown.

    field, reference: the field, and the id that it is compared with where it points at records.
    """

    text: str
    field: FieldDef | None = None
    reference: str = ""
    label: str = ""
    operator: str = ""
    value: str = ""


def operators_of(field: FieldDef) -> Sequence[str]:
    """Give the operators that the bar offers for a field, as the language writes them."""
    if field.relation is not None:
        points_at_user = "user" in field.relation.targets
        return _REFERENCE_OPERATORS if points_at_user else tuple(o for o in _REFERENCE_OPERATORS if o != "is me")
    if field.holds_several:
        return _SEVERAL_OPERATORS
    return _OPERATORS.get(field.value_type, _TEXT_OPERATORS)


def operator_label(operator: str) -> str:
    """Give the words of an operator for people."""
    words = {str(op): str(text) for op, text in _OPERATOR_WORDS.items()}
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


def condition_text(field: FieldDef, operator: str, value: str) -> str | None:
    """Write a condition of the bar as an expression; None where it still lacks its value."""
    name, given = field.name, value.strip()
    if operator not in operators_of(field):
        return None
    if operator in _WITHOUT_VALUE:
        short = {"is true": name, "is false": f"not {name}", "is me": f"{name} = user"}
        return short.get(operator, f"{name} {operator}")
    if operator.startswith("in "):
        return f"{name} {operator}"
    if not given:
        return None
    if field.holds_several:
        return _among(field, operator, given)
    # Records are compared by their ids.
    left = f"{name}.id" if field.relation is not None else name
    return f"{left} {operator} {_literal(field, given)}"


def _among(field: FieldDef, operator: str, given: str) -> str:
    """Write a condition over several values; `given` has them with commas between them, as language of one each."""
    wanted = [part.strip() for part in _COMMA.split(given) if part.strip()]
    tests = [f"{field.name} contains {quote(each)}" for each in wanted]
    if operator == "all of" or len(tests) == 1:
        whole = " and ".join(tests)
        return f"not ({whole})" if operator == "none of" else whole
    found = f"({' or '.join(tests)})"
    return f"not {found}" if operator == "none of" else found


def joined(conditions: Sequence[str]) -> str:
    """Join condition texts by `and`, those with an `or` in parentheses."""
    return " and ".join(conditions)


def split_filter(text: str, fields: Mapping[str, FieldDef], language: str) -> tuple[Condition, ...]:
    """Take a filter apart into conditions; one that cannot be parsed is one condition with its text."""
    if not text.strip():
        return ()
    parsed = parse_expression(LocatedText.plain(text))
    if parsed.expression is None:
        return (Condition(text=text),)
    tree = parsed.expression
    parts = tree.operands if isinstance(tree, And) else (tree,)
    return tuple(_condition(part, fields, language, alone=len(parts) == 1) for part in parts)


def _condition(part: Expr, fields: Mapping[str, FieldDef], language: str, *, alone: bool) -> Condition:
    text = print_expression(part)
    if not alone and print_expression(And(at=part.at, operands=(part, part))) != f"{text} and {text}":
        text = f"({text})"
    simple = _simple(part)
    if simple is None:
        return Condition(text=text)
    name, operator, value = simple
    field, reference = fields.get(name), ""
    if name.endswith(".id") and isinstance(value, TextLiteral):
        field, reference = fields.get(name.removesuffix(".id")), value.value
    if field is None:
        return Condition(text=text)
    return Condition(
        text=text,
        field=field,
        reference=reference,
        label=label_text(field.label, language, field.name),
        operator=operator,
        value=_value_text(field, value, language),
    )


def _simple(part: Expr) -> tuple[str, str, Expr | None] | None:
    match part:
        case Path():
            return part.dotted, _("is yes"), None
        case Not(operand=Path() as path):
            return path.dotted, _("is no"), None
        case Binary(op=op, left=Path() as path, right=right) if op in _OPERATOR_WORDS:
            return path.dotted, str(_OPERATOR_WORDS[op]), right
        case IsEmpty(value=Path() as path, negated=negated):
            return path.dotted, _("is not empty") if negated else _("is empty"), None
        case InPeriod(value=Path() as path, negated=False):
            words = print_expression(part).removeprefix(f"{path.dotted} in ")
            return path.dotted, period_label(words), None
        case _:
            return None


def _value_text(field: FieldDef, value: Expr | None, language: str) -> str:
    match value:
        case None:
            return ""
        case TextLiteral(value=text):
            option = field.choice.option(text) if field.choice is not None else None
            return label_text(option.label, language, option.name) if option is not None else text
        case Path() if value.dotted == "user":
            return str(_("me"))
        case BooleanLiteral(value=flag):
            return str(_("Yes") if flag else _("No"))
        case _:
            return print_expression(value)


def _literal(field: FieldDef, value: str) -> str:
    kind = field.value_type
    if kind in ("integer", "decimal", "money", "rating"):
        return value.replace(",", "")
    if kind == "percent":
        return value if value.endswith("%") else f"{value}%"
    if kind in ("date", "time"):
        return value
    if kind == "duration":
        return _seconds(field, value)
    return quote(value.lower() if kind == "color" else value)


def _seconds(field: FieldDef, value: str) -> str:
    """Write `1:30` as the literal `5400 seconds`; what is no length of time is left for the language to refuse."""
    try:
        read = DurationType().read(value, field, ValueContext())
    except FieldValueError:
        return value
    return f"{read.length_seconds} seconds" if isinstance(read, Duration) else value
