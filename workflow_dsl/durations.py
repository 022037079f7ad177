"""Spans of time that keep calendar parts apart: a month is no fixed number of days, a day no fixed number of hours.

Arithmetic on dates is here as well, free of any clock or zone; moments in a zone are in `builtins_time`.
"""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from workflow_dsl.syntax import DurationLiteral, DurationUnit

_SECONDS = {DurationUnit.SECOND: 1, DurationUnit.MINUTE: 60, DurationUnit.HOUR: 3600}
_MONTHS = {DurationUnit.MONTH: 1, DurationUnit.QUARTER: 3, DurationUnit.YEAR: 12}
_DAYS = {DurationUnit.DAY: 1, DurationUnit.WEEK: 7}
_DAY_SECONDS = 86_400
_MONTH_DAYS = 30


class Duration(NamedTuple):
    """A span of time; the parts are added one after the other: months, days, business days, seconds.

    Compared and divided by its length with a month of 30 days, a day of 24 hours, a business day as a day.
    """

    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    business_days: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)
    business_seconds: Decimal = Decimal(0)

    @property
    def length_seconds(self) -> Decimal:
        """How long it is, for comparing."""
        days = self.months * _MONTH_DAYS + self.days + self.business_days
        return days * _DAY_SECONDS + self.seconds + self.business_seconds

    def plus(self, other: Duration, sign: int = 1) -> Duration:
        """Add (or subtract) part by part."""
        return Duration(*(mine + sign * theirs for mine, theirs in zip(self, other, strict=True)))

    def times(self, factor: Decimal | int) -> Duration:
        """Multiply every part."""
        return Duration(*(part * factor for part in self))


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
