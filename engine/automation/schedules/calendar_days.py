"""Which days `every monday`, `every month on day 15, last day` and the like mean.

Without a day number a week means its Monday, a month, quarter or year its first day. A number beyond the end of a
period is its last day. Weekdays are Monday to Friday, business days those of a calendar.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable

from workflow_dsl.syntax import CalendarTimes, DayNumber

_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
Bounds = Callable[[dt.date], tuple[dt.date, dt.date]]
IsWorkday = Callable[[dt.date], bool]


def is_day_of(schedule: CalendarTimes, day: dt.date, is_workday: IsWorkday) -> bool:
    """Say whether the schedule has times on a day."""
    return any(_fits(name, schedule.day_numbers, day, is_workday) for name in schedule.days)


def _fits(name: str, numbers: tuple[DayNumber, ...], day: dt.date, is_workday: IsWorkday) -> bool:
    if name == "day":
        return True
    if name == "business day":
        return is_workday(day)
    if name == "weekday":
        return day.weekday() < 5
    if name in _WEEKDAYS:
        return day.weekday() == _WEEKDAYS[name]
    first, last = _PERIODS[name](day)
    return any(day == _numbered(number, first, last) for number in numbers or (DayNumber(number=1),))


def _numbered(number: DayNumber, first: dt.date, last: dt.date) -> dt.date:
    if number.number is None:
        return last
    return min(first + dt.timedelta(days=max(number.number, 1) - 1), last)


def _week(day: dt.date) -> tuple[dt.date, dt.date]:
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=6)


def _month(day: dt.date) -> tuple[dt.date, dt.date]:
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _quarter(day: dt.date) -> tuple[dt.date, dt.date]:
    month = (day.month - 1) // 3 * 3 + 1
    return dt.date(day.year, month, 1), _month(dt.date(day.year, month + 2, 1))[1]


def _year(day: dt.date) -> tuple[dt.date, dt.date]:
    return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)


_PERIODS: dict[str, Bounds] = {"week": _week, "month": _month, "quarter": _quarter, "year": _year}
