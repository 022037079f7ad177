"""The functions on texts, and the conversions to and from text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from metamodel.values import Money
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import checked_text
from workflow_dsl.functions import Example, Function, signature
from workflow_dsl.letter_cases import lower_text, title_text, upper_text
from workflow_dsl.limits import MAX_NUMBER_DIGITS, MAX_VALUE_BYTES
from workflow_dsl.phone_formats import format_phone
from workflow_dsl.shown_values import format_moment, format_number, text_of
from workflow_dsl.types import BOOLEAN, DECIMAL, INTEGER, TEXT, list_of


def _left(text: str, count: int) -> str | None:
    return text[: max(count, 0)] or None


def _right(text: str, count: int) -> str | None:
    return (text[-count:] if count > 0 else "") or None


def _mid(text: str, start: int, count: int | None = None) -> str | None:
    first = max(start, 1) - 1
    return text[first : None if count is None else first + max(count, 0)] or None


def _find(text: str, part: str, start: int = 1) -> int:
    return text.find(part, max(start, 1) - 1) + 1


def _replace(text: str | None, part: str | None, by: str | None) -> str | None:
    # An empty third argument takes the part out, so this function is called with empties too.
    if text is None or part is None:
        return text
    by = by or ""
    if len(text) + text.count(part) * (len(by) - len(part)) > MAX_VALUE_BYTES:
        return checked_text("x" * (MAX_VALUE_BYTES + 1))
    return checked_text(text.replace(part, by))


def _pad(text: str, length: int, character: str = " ") -> str | None:
    missing = length - len(text)
    if missing <= 0:
        return text
    return checked_text(character[0] * min(missing, MAX_VALUE_BYTES + 1) + text)


def _split(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.split(separator)) if part)


def _join(items: Sequence[Any] | None, separator: str | None = ", ") -> str | None:
    # A separator of no characters is an empty, so this function is called with empties too.
    if items is None:
        return None
    return checked_text((separator or "").join(str(item) for item in items if item is not None))


def _format(context: Context, value: Any, pattern: str) -> str | None:
    if isinstance(value, dt.date | dt.time):
        return checked_text(format_moment(value, pattern, context.zone))
    if isinstance(value, Money):
        return checked_text(format_number(value.amount, pattern))
    return checked_text(format_number(value, pattern))


def _text(context: Context, value: Any) -> str | None:
    return checked_text(text_of(value, context.zone))


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)


def _number(text: str) -> Decimal | None:
    plain = text.strip().replace(",", "").replace("_", "")
    if not _NUMBER.match(plain) or len(plain) > MAX_NUMBER_DIGITS + 2:
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _amount(money: Money) -> Decimal:
    return money.amount


def _is_number(text: str | None) -> bool:
    return text is not None and _number(text) is not None


def text_functions() -> tuple[Function, ...]:
    """Make the functions on texts."""
    return (
        Function(name="len", group="text", sql=True, doc="How many characters a text has.",
                 example=Example(expression='len("abc")', value="3"),
                 signatures=(signature("t: text", INTEGER, len),)),
        Function(name="lower", group="text", sql=True, doc="The text in small letters.",
                 example=Example(expression='lower("ACME Ltd")', value='"acme ltd"'),
                 signatures=(signature("t: text", TEXT, lower_text),)),
        Function(name="upper", group="text", sql=True, doc="The text in capitals.",
                 example=Example(expression='upper("acme")', value='"ACME"'),
                 signatures=(signature("t: text", TEXT, upper_text),)),
        Function(name="trim", group="text", sql=True, doc="The text without white space at its ends.",
                 example=Example(expression='trim("  a b ")', value='"a b"'),
                 signatures=(signature("t: text", TEXT, lambda text: text.strip() or None),)),
        Function(name="left", group="text", sql=True, doc="The first n characters.",
                 example=Example(expression='left("abcdef", 2)', value='"ab"'),
                 signatures=(signature("t: text, n: whole", TEXT, _left),)),
        Function(name="right", group="text", sql=True, doc="The last n characters.",
                 example=Example(expression='right("abcdef", 2)', value='"ef"'),
                 signatures=(signature("t: text, n: whole", TEXT, _right),)),
        Function(name="mid", group="text", sql=True, doc="n characters from the one at start (the first is 1).",
                 example=Example(expression='mid("abcdef", 2, 3)', value='"bcd"'),
                 signatures=(signature("t: text, start: whole, [n: whole]", TEXT, _mid),)),
        Function(name="find", group="text", sql=True,
                 doc="The place (from 1) of a part in a text, at or after start; 0 if it is absent.",
                 example=Example(expression='find("abcdef", "cd")', value="3"),
                 signatures=(signature("t: text, part: text, [start: whole]", INTEGER, _find),)),
        Function(name="replace", group="text", sql=True, doc="The text with every occurrence of a part replaced.",
                 example=Example(expression='replace("a-b-c", "-", "/")', value='"a/b/c"'),
                 signatures=(signature("t: text, part: text, by: text", TEXT, _replace, takes_empty=True),)),
        Function(name="split", group="text", sql=True,
                 doc="The parts of a text between separators, trimmed, empties left out.",
                 example=Example(expression='split("a, b, c", ",")', value='["a", "b", "c"]'),
                 signatures=(signature("t: text, separator: text", list_of(TEXT), _split),)),
        Function(name="format", group="text", sql=True,
                 doc="A number by 0, 00, 0.00, #,##0.00, or a date, moment or time by YYYY MM DD hh mm.",
                 example=Example(expression='format(1234.5, "#,##0.00")', value='"1,234.50"'),
                 signatures=(
                     signature("value: amount, pattern: text", TEXT, _format, needs_context=True),
                     signature("value: moment|time, pattern: text", TEXT, _format, needs_context=True),
                 )),
        Function(name="pad", group="text", sql=True, doc="The text filled up on its left to n characters.",
                 example=Example(expression='pad("7", 3, "0")', value='"007"'),
                 signatures=(signature("t: text, n: whole, [c: text]", TEXT, _pad),)),
        Function(name="title", group="text", sql=True, doc="The text with each word's first letter a capital.",
                 example=Example(expression='title("zhang SAN")', value='"Zhang San"'),
                 signatures=(signature("t: text", TEXT, title_text),)),
        Function(name="format_phone", group="text", sql=True,
                 doc="A phone number in international form; what is no phone number of that country is left as it is.",
                 example=Example(expression='format_phone("138 0013 8000", "CN")', value='"+8613800138000"'),
                 signatures=(signature("t: text, country: text", TEXT, format_phone),)),
    )  # fmt: skip


def conversion_functions() -> tuple[Function, ...]:
    """Make the conversions to and from text."""
    return (
        Function(name="text", group="conversion", sql=True,
                 doc="Any value as a text: numbers plain, dates in ISO form, a choice by its option's name.",
                 example=Example(expression="text(2026-11-21)", value='"2026-11-21"'),
                 signatures=(signature("value: any", TEXT, _text, takes_empty=True, needs_context=True),)),
        Function(name="number", group="conversion", sql=True,
                 doc="The number a text spells, empty where it spells none; the amount of money.",
                 example=Example(expression='number("1,234.5")', value="1234.5"),
                 signatures=(signature("t: text", DECIMAL, _number), signature("m: money", DECIMAL, _amount))),
        Function(name="is_number", group="logic", sql=True, doc="Whether a text spells a number.",
                 example=Example(expression='is_number("12a")', value="false"),
                 signatures=(signature("t: text", BOOLEAN, _is_number, takes_empty=True),)),
    )  # fmt: skip


JOIN_OF_LIST = signature("items: list, [separator: text]", TEXT, _join, takes_empty=True)
