"""When `7 days after quote.sent_at at 09:00` comes due for a value of the field."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from engine.automation.schedules.moments import local_moment
from workflow_dsl.durations import Duration, add_months, duration_of_literal
from workflow_dsl.syntax import Moment

_MIDNIGHT = dt.time(0, 0)


def due_moment(moment: Moment, value: dt.date | dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    """Give the instant (aware UTC) at which a moment comes due; None where the field is empty or out of the calendar.

    A date comes due at 00:00 of the zone or at the time given. A datetime keeps its time of day through days and
    months, unless a time is given.
    """
    if value is None:
        return None
    duration = duration_of_literal(moment.offset) if moment.offset is not None else Duration()
    if moment.before:
        duration = duration.times(-1)
    time = moment.time.value if moment.time is not None else None
    try:
        if isinstance(value, dt.datetime):
            return _from_instant(value, duration, time, zone)
        return _from_day(value, _MIDNIGHT, duration, time, zone)
    except OverflowError:
        return None


def _from_instant(value: dt.datetime, duration: Duration, time: dt.time | None, zone: ZoneInfo) -> dt.datetime:
    if time is None and not (duration.months or duration.days or duration.business_days):
        return (value + _clock_part(duration)).astimezone(dt.UTC)
    local = value.astimezone(zone)
    return _from_day(local.date(), local.time(), duration, time, zone)


def _from_day(day: dt.date, own_time: dt.time, duration: Duration, time: dt.time | None, zone: ZoneInfo) -> dt.datetime:
    moved = add_months(day, int(duration.months)) + dt.timedelta(days=float(duration.days))
    moved = _add_business_days(moved, int(duration.business_days))
    if time is None:
        return local_moment(moved, own_time, zone) + _clock_part(duration)
    shifted = (local_moment(moved, own_time, zone) + _clock_part(duration)).astimezone(zone)
    return local_moment(shifted.date(), time, zone)


def _clock_part(duration: Duration) -> dt.timedelta:
    return dt.timedelta(seconds=float(duration.seconds + duration.business_seconds))


def _add_business_days(day: dt.date, count: int) -> dt.date:
    step = dt.timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while day.weekday() >= 5:
            day += step
    return day
