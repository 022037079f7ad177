"""Turns values of definitions into the plain data that YAML is written from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from metamodel.field_types.number import decimal_text
from metamodel.field_types.spans import iso_text
from metamodel.texts import Label
from metamodel.values import Duration, Money

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


def trimmed(**keys: Plain) -> dict[str, Plain]:
    """Make a mapping of what is not None."""
    return {key: value for key, value in keys.items() if value is not None}


def label(text: Label | None) -> Plain:
    """Write a label as its texts by language."""
    return {code: located.text for code, located in text.texts} if text is not None and text.texts else None


def plain_value(value: object) -> Plain:
    """Write a field's value as `FieldType.parse` reads it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Money):
        return f"{decimal_text(value.amount)} {value.currency}"
    if isinstance(value, Duration):
        return iso_text(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int):
        return value
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    return str(value)
