"""The calendar bounds of `in last 30 days`, `in this quarter`, `in next 7 days`, counted from today.

Source: product meaning, "`in last 30 days` is today − 30 up to today, both included; without a number whole calendar
periods; `in next 7 days` tomorrow up to today + 7".
"""

from __future__ import annotations

import datetime as dt

from metamodel.field_types.temporal import first_valid_instant
from workflow_dsl.durations import add_months
from workflow_dsl.syntax import Direction, DurationUnit, Period

_ONE_DAY = dt.timedelta(days=1)
_MONTHS = {DurationUnit.MONTH: 1, DurationUnit.QUARTER: 3, DurationUnit.YEAR: 12}


def first_day(period: Period, today: dt.date, *, after: bool) -> dt.date:
    """Give the first day of a period, or (`after`) the first day after it."""
    if period.count is None:
        start = _start_of(today, period.unit)
        offset = {Direction.LAST: -1, Direction.THIS: 0, Direction.NEXT: 1}[period.direction]
        return _move(start, period.unit, offset + (1 if after else 0))
    if period.direction is Direction.LAST:
        return today + _ONE_DAY if after else _move(today, period.unit, -period.count)
    return _move(today, period.unit, period.count) + _ONE_DAY if after else today + _ONE_DAY


def start_of_day(day: dt.date, zone: str) -> dt.datetime:
    """Give the instant at which a day begins in a zone."""
    return first_valid_instant(dt.datetime.combine(day, dt.time()), zone)


def _move(day: dt.date, unit: DurationUnit, count: int) -> dt.date:
    if unit in _MONTHS:
        return add_months(day, _MONTHS[unit] * count)
    return day + _ONE_DAY * (count * (7 if unit is DurationUnit.WEEK else 1))


def _start_of(day: dt.date, unit: DurationUnit) -> dt.date:
    match unit:
        case DurationUnit.WEEK:
            return day - _ONE_DAY * day.weekday()
        case DurationUnit.MONTH:
            return day.replace(day=1)
        case DurationUnit.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case DurationUnit.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day
