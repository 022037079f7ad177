"""The days that a calendar shows: a month or week from its first weekday on, or the days of a month one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from babel.dates import format_date, format_skeleton, get_day_names

from ui.formats import Formats

Mode = Literal["month", "week", "agenda"]
MODES: tuple[Mode, ...] = ("month", "week", "agenda")
_FIRST, _LAST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is shown: `mode` around the day `on`. first, end: its days, the second not among them."""

    mode: Mode
    on: dt.date
    first: dt.date
    end: dt.date

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Give its days in order."""
        return tuple(self.first + dt.timedelta(days=index) for index in range((self.end - self.first).days))

    @property
    def before(self) -> dt.date:
        """Give a day of the period before it."""
        if self.mode == "week":
            return self.on - _WEEK
        return (self.on.replace(day=1) - dt.timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> dt.date:
        """Give a day of the period after it."""
        return self.on + _WEEK if self.mode == "week" else _next_month(self.on)


def read_period(given: Mapping[str, str], today: dt.date, formats: Formats) -> Period:
    """Read `shown` and `on` of an address; what is none of ours counts as not given."""
    asked = given.get("shown", "")
    mode: Mode = asked if asked in MODES else "month"
    on = _day(given.get("on", ""), today)
    if mode == "week":
        first = _week_start(on, formats)
        return Period(mode=mode, on=on, first=first, end=first + _WEEK)
    first, end = on.replace(day=1), _next_month(on)
    if mode == "month":
        first, end = _week_start(first, formats), _week_start(end - dt.timedelta(days=1), formats) + _WEEK
    return Period(mode=mode, on=on, first=first, end=end)


def period_words(period: Period, formats: Formats) -> str:
    """Write a period as the head over it: its month, or the first and last day of a week."""
    if period.mode == "week":
        return f"{formats.date(period.first)} – {formats.date(period.end - dt.timedelta(days=1))}"
    return format_skeleton("yMMMM", period.on, locale=formats.locale)


def weekday_words(formats: Formats) -> tuple[tuple[str, str], ...]:
    """Give the names of the weekdays from the first on, short and whole."""
    short = get_day_names("abbreviated", locale=formats.locale)
    whole = get_day_names("wide", locale=formats.locale)
    order = [(formats.locale.first_week_day + index) % 7 for index in range(7)]
    return tuple((short[day], whole[day]) for day in order)


def day_words(day: dt.date, formats: Formats) -> str:
    """Write a day with its weekday, short."""
    return format_date(day, "EEE, MMM d" if formats.language != "zh" else "M月d日 EEE", locale=formats.locale)


def _day(text: str, today: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return today
    return min(max(found, _FIRST), _LAST)


def _week_start(day: dt.date, formats: Formats) -> dt.date:
    return day - dt.timedelta(days=(day.weekday() - formats.locale.first_week_day) % 7)


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
