"""Values as text: the exact form of `text(…)`, the form inside a text for people, and `format` by a pattern."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

from metamodel.values import Money, Ref
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import NotComputable

_CENT = Decimal("0.01")


def number_text(value: int | Decimal) -> str:
    """Write a number without exponent and without zeros that say nothing."""
    if isinstance(value, int):
        return str(value)
    # A zero has no sign, whatever it was multiplied by.
    text = format(value, "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration_text(value: Duration) -> str:
    """Write a duration as `2 months 3 days`."""
    words = (
        (value.months, "month"),
        (value.days, "day"),
        (value.business_days, "business day"),
        (value.seconds, "second"),
        (value.business_seconds, "business second"),
    )
    parts = [f"{number_text(n)} {word}{'' if n == 1 else 's'}" for n, word in words if n]
    return " ".join(parts) or "0 days"


def text_of(value: object, zone: dt.tzinfo) -> str:
    """Write a value exactly: numbers plain, dates and moments in ISO form (moments in the app's zone)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return number_text(value)
    if isinstance(value, Money):
        return f"{number_text(value.amount)} {value.currency}"
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, dt.time):
        return value.isoformat(timespec="seconds" if value.second else "minutes")
    if isinstance(value, Duration):
        return duration_text(value)
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item, zone) for item in value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def shown_text(value: object, zone: dt.tzinfo) -> str:
    """Write a value for people inside a text: money with two digits, moments without seconds."""
    if isinstance(value, Money):
        return f"{value.amount.quantize(_CENT, ROUND_HALF_UP):,f} {value.currency}"
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple) and not isinstance(value, Ref | Duration):
        return ", ".join(shown_text(item, zone) for item in value if item is not None)
    return text_of(value, zone)


_NUMBER_PATTERN = re.compile(r"(#,##)?(0+)(?:\.(0+))?(%)?\Z")
_MOMENT_PARTS = {
    "YYYY": lambda moment: f"{moment.year:04d}",
    "MM": lambda moment: f"{moment.month:02d}",
    "DD": lambda moment: f"{moment.day:02d}",
    "hh": lambda moment: f"{getattr(moment, 'hour', 0):02d}",
    "mm": lambda moment: f"{getattr(moment, 'minute', 0):02d}",
    "ss": lambda moment: f"{getattr(moment, 'second', 0):02d}",
}


def format_number(value: int | Decimal, pattern: str) -> str:
    """Write a number by `0`, `00`, `0.00`, `#,##0.00`, each with `%` at its end if wanted."""
    found = _NUMBER_PATTERN.match(pattern)
    if found is None:
        raise NotComputable(f"'{pattern}' is not a number format; they are like 0, 00, 0.00, #,##0.00")
    digits = len(found[3] or "")
    number = Decimal(value) * (100 if found[4] else 1)
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    sign = "-" if rounded < 0 else ""
    whole, _, fraction = format(abs(rounded), ",f" if found[1] else "f").partition(".")
    whole = whole.rjust(len(found[2]), "0")
    return f"{sign}{whole}{'.' + fraction if fraction else ''}{found[4] or ''}"


def format_moment(value: dt.date | dt.time, pattern: str, zone: dt.tzinfo) -> str:
    """Write a date, moment or time with `YYYY MM DD hh mm ss` in a pattern."""
    moment = value.astimezone(zone) if isinstance(value, dt.datetime) else value
    if isinstance(moment, dt.time) and re.search("YYYY|MM|DD", pattern):
        raise NotComputable(f"a time has no date to show as '{pattern}'")
    return re.sub("YYYY|MM|DD|hh|mm|ss", lambda match: _MOMENT_PARTS[match[0]](moment), pattern)
