"""Operations on dates, moments, times and durations that compiled expressions call; an empty operand gives empty."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from workflow_dsl.context import Context
from workflow_dsl.durations import Duration
from workflow_dsl.operations import divide
from workflow_dsl.periods import period_bounds, shift_day, shift_moment
from workflow_dsl.syntax import Period, Span


def shift(context: Context, moment: Any, by: Any, sign: int) -> Any:
    """Move a date, moment or time by a duration."""
    if moment is None or by is None:
        return None
    duration = by if sign > 0 else by.times(-1)
    if isinstance(moment, dt.datetime):
        return shift_moment(moment, duration, context.zone, context.calendar)
    if isinstance(moment, dt.time):
        seconds = int(duration.length_seconds)
        return (dt.datetime.combine(dt.date(2000, 1, 1), moment) + dt.timedelta(seconds=seconds % 86_400)).time()
    return shift_day(moment, duration, context.calendar.is_workday)


def difference(left: Any, right: Any) -> Duration | None:
    """Subtract dates (days), moments or times (seconds)."""
    if left is None or right is None:
        return None
    if isinstance(left, dt.time):
        day = dt.date(2000, 1, 1)
        span = dt.datetime.combine(day, left) - dt.datetime.combine(day, right)
    else:
        span = left - right
        if not isinstance(left, dt.datetime):
            return Duration(days=Decimal(span.days))
    return Duration(seconds=Decimal(span.days * 86_400 + span.seconds) + Decimal(span.microseconds) / 1_000_000)


def duration_add(left: Any, right: Any, sign: int) -> Duration | None:
    """Add durations part by part."""
    if left is None or right is None:
        return None
    added: Duration = left.plus(right, sign)
    return added


def duration_times(left: Any, right: Any) -> Duration | None:
    """Multiply a duration by a number, in either order."""
    if left is None or right is None:
        return None
    duration, factor = (left, right) if isinstance(left, Duration) else (right, left)
    scaled: Duration = duration.times(factor)
    return scaled


def duration_divide(context: Context, left: Any, right: Any, at: Span) -> Duration | Decimal | None:
    """Divide a duration by a number (a duration) or by a duration (a number)."""
    if left is None or right is None:
        return None
    if isinstance(right, Duration):
        return divide(context, left.length_seconds, right.length_seconds, at)
    if right == 0:
        context.note("division by zero", at)
        return None
    # Each part by itself: times the reciprocal would round twice.
    return Duration(*(part / right for part in left))


def length(value: Any) -> Any:
    """Give what durations are compared by."""
    return None if value is None else value.length_seconds


def in_period(context: Context, value: Any, period: Period) -> bool:
    """Say whether a date, or the local day of a moment, lies in a period."""
    if value is None:
        return False
    first, last = period_bounds(period, context.today, context.calendar.is_workday)
    day = value.astimezone(context.zone).date() if isinstance(value, dt.datetime) else value
    return bool(first <= day <= last)
