"""Business time between two moments, and the moment at which so much of it has passed; without a calendar, all time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from metamodel.values import Duration
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.periods import shift_moment
from workflow_dsl.workdays import BusinessCalendar

_DAY = dt.timedelta(days=1)


def worked_seconds(start: dt.datetime, end: dt.datetime, calendar: BusinessCalendar | None, zone: dt.tzinfo) -> Decimal:
    """Give how many seconds count between two moments.

    >>> monday = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
    >>> worked_seconds(monday, monday + dt.timedelta(hours=3), BusinessCalendar(), dt.UTC)
    Decimal('7200')
    """
    if end <= start:
        return Decimal(0)
    if calendar is None:
        return _seconds(end - start)
    own = zone if calendar.zone is None else ZoneInfo(calendar.zone)
    day, last, counted = start.astimezone(own).date(), end.astimezone(own).date(), dt.timedelta()
    while day <= last:
        for begin, finish in calendar.spans(day, zone):
            counted += max(min(finish, end) - max(begin, start), dt.timedelta())
        day += _DAY
    return _seconds(counted)


def moment_after(
    start: dt.datetime, seconds: Decimal, calendar: BusinessCalendar | None, zone: dt.tzinfo
) -> dt.datetime | None:
    """Give when so many seconds have passed; None beyond the years there are, or where no day counts.

    What is used up already was due at `start`.
    """
    left = max(seconds, Decimal(0))
    span = Duration(seconds=left) if calendar is None else Duration(business_seconds=left)
    try:
        return shift_moment(start, span, zone, calendar or BusinessCalendar())
    except EvaluationError:
        return None


def allowed_seconds(target: Duration, calendar: BusinessCalendar | None, zone: dt.tzinfo) -> Decimal:
    """Give how long a clock may run; with a calendar, a day of a target is a working day."""
    if calendar is None:
        return target.length_seconds
    days = target.months * 30 + target.days + target.business_days
    return days * _working_day(calendar, zone) + target.seconds + target.business_seconds


def _working_day(calendar: BusinessCalendar, zone: dt.tzinfo) -> Decimal:
    """Give the hours of the first weekday that has some, on a day without a clock change."""
    for number in range(7):
        day = dt.date(2026, 1, 12) + number * _DAY
        if day.isoweekday() in calendar.hours:
            plain = BusinessCalendar(hours=calendar.hours, zone=calendar.zone)
            return _seconds(sum((last - first for first, last in plain.spans(day, zone)), dt.timedelta()))
    return Decimal(0)


def _seconds(span: dt.timedelta) -> Decimal:
    return Decimal(span.days * 86_400 + span.seconds) + Decimal(span.microseconds) / 1_000_000
