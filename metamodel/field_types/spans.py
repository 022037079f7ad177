"""Times of day and lengths of time: time and duration. Neither knows a time zone."""

from __future__ import annotations

import re
from datetime import time
from decimal import ROUND_HALF_UP, Decimal

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm
from metamodel.fields import FieldDef
from metamodel.values import Duration

_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?\Z", re.ASCII)
_CLOCK = re.compile(r"(-?)([0-9]{1,7}):([0-5][0-9])(?::([0-5][0-9]))?\Z", re.ASCII)
_ISO = re.compile(
    r"(-?)P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,11})S)?)?\Z",
    re.ASCII,
)
_WORDS = re.compile(
    r"(-?)(?:([0-9]{1,6}(?:\.[0-9]+)?)\s*(?:weeks?|w)\b\s*)?(?:([0-9]{1,6}(?:\.[0-9]+)?)\s*(?:days?|d|天)\s*)?"
    r"(?:([0-9]{1,7}(?:\.[0-9]+)?)\s*(?:hours?|h|小时)\s*)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]+)?)\s*(?:minutes?|min|m|分钟|分)\s*)?"
    r"(?:([0-9]{1,11}(?:\.[0-9]+)?)\s*(?:seconds?|s|秒)\s*)?\Z"
)
_LENGTHS = (604_800, 86_400, 3_600, 60, 1)
_LONGEST = 10**11


class TimeType(FieldType):
    """A time of day, the same in every zone."""

    name: str = "time"
    dsl_type: str = "time"
    widget: str = "time"
    keys = frozenset(("min", "max"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.TIME

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, time) and raw.tzinfo is None:
            return raw
        if not isinstance(raw, str) or not _TIME.match(raw.strip()):
            raise FieldValueError("not_time")
        try:
            return time.fromisoformat(raw.strip())
        except ValueError as error:
            raise FieldValueError("not_time") from error

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, time) or value.tzinfo is not None:
            raise FieldValueError("not_time")
        if isinstance(field.minimum, time) and value < field.minimum:
            raise FieldValueError("below_minimum", minimum=time_text(field.minimum))
        if isinstance(field.maximum, time) and value > field.maximum:
            raise FieldValueError("above_maximum", maximum=time_text(field.maximum))

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, time)
        return time_text(value)


class DurationType(FieldType):
    """A length of time in whole seconds; a day counts 24 hours, a week seven days, months have no fixed length."""

    name: str = "duration"
    dsl_type: str = "duration"
    widget: str = "duration"
    keys = frozenset(("min", "max"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.DURATION

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, Duration):
            return self.keep(raw, field)
        seconds = _seconds_of(raw.strip()) if isinstance(raw, str) else None
        if seconds is None:
            raise FieldValueError("not_duration")
        return of_seconds(seconds)

    def keep(self, value: object, field: FieldDef) -> object:
        """Give the length in seconds of what a rule or formula gives; what has no fixed one stays for `check`."""
        if not isinstance(value, Duration) or not _is_fixed(value):
            return value
        return of_seconds(value.length_seconds)

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, Duration):
            raise FieldValueError("not_duration")
        if not _is_fixed(value):
            raise FieldValueError("no_fixed_length")
        if abs(value.length_seconds) > _LONGEST:
            raise FieldValueError("too_large")
        low, high = field.minimum, field.maximum
        if isinstance(low, Duration) and value.length_seconds < low.length_seconds:
            raise FieldValueError("below_minimum", minimum=clock_text(low))
        if isinstance(high, Duration) and value.length_seconds > high.length_seconds:
            raise FieldValueError("above_maximum", maximum=clock_text(high))

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, Duration)
        return iso_text(value)

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        assert isinstance(value, Duration)
        return (clock_text(value) if form.labelled else iso_text(value),)


def of_seconds(seconds: Decimal | int) -> Duration:
    """Make the duration of so many seconds, whole ones."""
    return Duration(seconds=Decimal(seconds).quantize(Decimal(1), ROUND_HALF_UP))


def time_text(value: time) -> str:
    """Write a time of day: `09:00`, with seconds where it has some."""
    if value.microsecond:
        return value.isoformat()
    return value.isoformat(timespec="seconds" if value.second else "minutes")


def iso_text(value: Duration) -> str:
    """Write a length of time as ISO 8601 does.

    >>> iso_text(of_seconds(5400))
    'PT1H30M'
    """
    sign, hours, minutes, seconds = _clock_parts(value)
    parts = [f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number]
    return f"{sign}PT{''.join(parts) or '0S'}"


def clock_text(value: Duration) -> str:
    """Write a length of time as hours and minutes, with seconds where it has some.

    >>> clock_text(of_seconds(5400))
    '1:30'
    """
    sign, hours, minutes, seconds = _clock_parts(value)
    return f"{sign}{hours}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def _is_fixed(value: Duration) -> bool:
    return not (value.months or value.business_days or value.business_seconds)


def _clock_parts(value: Duration) -> tuple[str, int, int, int]:
    whole = int(value.length_seconds.quantize(Decimal(1), ROUND_HALF_UP))
    minutes, seconds = divmod(abs(whole), 60)
    return ("-" if whole < 0 else "", *divmod(minutes, 60), seconds)


def _seconds_of(text: str) -> Decimal | None:
    """Read `1:30`, `1:30:15`, `PT1H30M`, `1h 30m`, `90 minutes`."""
    if found := _CLOCK.match(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        return _signed(found[1], Decimal(hours * 3600 + minutes * 60 + seconds))
    for pattern in (_ISO, _WORDS):
        found = pattern.match(text if pattern is _ISO else text.lower())
        if found is not None and any(found.groups()[1:]):
            parts = zip(found.groups()[1:], _LENGTHS, strict=True)
            return _signed(found[1], sum((Decimal(part) * length for part, length in parts if part), Decimal(0)))
    return None


def _signed(sign: str, seconds: Decimal) -> Decimal:
    return -seconds if sign else seconds
