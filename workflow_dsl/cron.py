"""Cron expressions of five fields: minute, hour, day of month, month, day of week; lists, ranges, steps and names.

As in every cron, where both day fields are restricted a day that fits one of them counts. It knows no zone: which
instants the local times are is not its to say.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAYS = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


class CronWrong(ValueError):
    """A cron expression is wrong; the text says which part and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CronTimes:
    """The times of a cron expression."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def on(self, day: dt.date) -> tuple[dt.time, ...]:
        """Give the local times of a day, ascending; none where the day does not fit."""
        if not self._fits(day):
            return ()
        return tuple(dt.time(hour, minute) for hour in self.hours for minute in self.minutes)

    def _fits(self, day: dt.date) -> bool:
        if day.month not in self.months:
            return False
        by_number, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_number or by_weekday if self.either_day else by_number and by_weekday


def parse_cron(text: str) -> CronTimes:
    """Read a cron expression.

    Raises:
        CronWrong: it has not five fields, or one of them is out of its bounds.
    """
    fields = _SHORTHANDS.get(text.strip().lower(), text).lower().split()
    if len(fields) != 5:
        raise CronWrong(f"a cron expression has 5 fields (minute hour day month weekday), '{text}' has {len(fields)}")
    minute, hour, day, month, weekday = fields
    return CronTimes(
        minutes=tuple(sorted(_numbers(minute, 0, 59, "minute"))),
        hours=tuple(sorted(_numbers(hour, 0, 23, "hour"))),
        days=frozenset(_numbers(day, 1, 31, "day")),
        months=frozenset(_numbers(month, 1, 12, "month", _MONTHS)),
        weekdays=frozenset(number % 7 for number in _numbers(weekday, 0, 7, "weekday", _DAYS)),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
    )


def _numbers(text: str, low: int, high: int, name: str, names: dict[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, 1, high, name) if step_text else 1
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, low, high, name, names)
            last = _number(end, low, high, name, names) if dash else (high if step_text else first)
        if first > last:
            raise CronWrong(f"the {name} range '{part}' runs backwards")
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, low: int, high: int, name: str, names: dict[str, int] | None = None) -> int:
    number = (names or {}).get(text)
    if number is None:
        if not (text.isascii() and text.isdigit()):
            raise CronWrong(f"'{text}' is not a {name} of a cron expression")
        number = int(text)
    if not low <= number <= high:
        raise CronWrong(f"the {name} {number} is not between {low} and {high}")
    return number
