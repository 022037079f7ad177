"""Spans of time that keep calendar parts apart: a month is no fixed number of days, a day no fixed number of hours.

Arithmetic on dates is here as well, free of any clock or zone; moments in a zone are in `builtins_time`.
"""

from __future__ import annotations

import calendar
import datetime as dt

from metamodel.values import Duration
from workflow_dsl.syntax import DurationLiteral, DurationUnit

__all__ = ["Duration", "add_months", "duration_of_literal"]

_SECONDS = {DurationUnit.SECOND: 1, DurationUnit.MINUTE: 60, DurationUnit.HOUR: 3600}
_MONTHS = {DurationUnit.MONTH: 1, DurationUnit.QUARTER: 3, DurationUnit.YEAR: 12}
_DAYS = {DurationUnit.DAY: 1, DurationUnit.WEEK: 7}


def duration_of_literal(literal: DurationLiteral) -> Duration:
    """Give the duration that was written."""
    amount, unit = literal.amount, literal.unit
    if unit in _MONTHS:
        return Duration(months=amount * _MONTHS[unit])
    if unit in _DAYS:
        days = amount * _DAYS[unit]
        return Duration(business_days=days) if literal.business else Duration(days=days)
    seconds = amount * _SECONDS[unit]
    return Duration(business_seconds=seconds) if literal.business else Duration(seconds=seconds)


def add_months(day: dt.date, months: int) -> dt.date:
    """Add calendar months; a day the month lacks becomes its last (31 January + 1 month is the last of February)."""
    index = day.year * 12 + day.month - 1 + months
    if not 12 <= index <= 9999 * 12 + 11:
        raise OverflowError("the date lies outside the years 1 to 9999")
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
