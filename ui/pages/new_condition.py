"""A new condition of the filter bar as expression text: what was entered is a value of the field, and nothing else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from metamodel.field_types import FieldValueError
from metamodel.field_types.spans import time_text
from metamodel.fields import FieldDef
from metamodel.values import Duration, Money
from ui.pages.filters import WITHOUT_VALUE, operators_of
from workflow_dsl.printer import quote

ReadValue = Callable[[FieldDef, str], object]
"""Reads a value as the field's control does; raises FieldValueError where it is none of the field's."""
_COMMA = re.compile("[,，]")
# Types whose values stand without quotes.
_BARE = frozenset({"integer", "decimal", "money", "rating", "percent", "date", "time", "duration"})


def condition_text(field: FieldDef, operator: str, value: str, read: ReadValue) -> str | None:
    """Write a condition of the bar as an expression; None for an operator that the field doesn't have.

    read: reads a value as the field's control does. Raises: FieldValueError where it is none of the field's.
    """
    name, given = field.name, value.strip()
    if operator not in operators_of(field):
        return None
    if operator in WITHOUT_VALUE:
        short = {"is true": name, "is false": f"not {name}", "is me": f"{name} = user"}
        return short.get(operator, f"{name} {operator}")
    if operator.startswith("in "):
        return f"{name} {operator}"
    if not given:
        raise FieldValueError("required")
    if field.holds_several:
        return _among(field, operator, given)
    # Records are compared by their ids.
    left = f"{name}.id" if field.relation is not None else name
    return f"{left} {operator} {_literal(field, given, read)}"


def _among(field: FieldDef, operator: str, given: str) -> str:
    """Write a condition over several values; `given` has them with commas between them, as language of one each."""
    wanted = [part.strip() for part in _COMMA.split(given) if part.strip()]
    tests = [f"{field.name} contains {quote(each)}" for each in wanted]
    if operator == "all of" or len(tests) == 1:
        whole = " and ".join(tests)
        return f"not ({whole})" if operator == "none of" else whole
    found = f"({' or '.join(tests)})"
    return f"not {found}" if operator == "none of" else found


def _literal(field: FieldDef, given: str, read: ReadValue) -> str:
    """Write a value as the language does. What stands without quotes is read first, so that it is nothing else."""
    if field.value_type not in _BARE:
        return quote(given.lower() if field.value_type == "color" else given)
    value = read(field, given)
    if isinstance(value, Money):
        amount = f"{value.amount.normalize():f}"
        return f"{amount} {value.currency}" if value.currency in given.upper() else amount
    return value_literal(field, value)


def value_literal(field: FieldDef, value: object) -> str:
    """Write a value of a field, none of money, as the language does."""
    if field.value_type not in _BARE:
        return quote(str(value))
    match value:
        case Decimal():
            return f"{(value * 100).normalize():f}%" if field.value_type == "percent" else f"{value.normalize():f}"
        case Duration(length_seconds=seconds):
            return f"{seconds} seconds"
        case dt.time():
            return time_text(value)
        case _:
            return str(value)
