"""The next moments of a schedule after an instant.

Intervals count from a fixed origin (1970-01-01 00:00, of the zone where the unit is a day or longer), so that every
worker finds the same moments without a memory of the last one. Business hours count anew from the beginning of each
business day, business days from the origin.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from engine.automation.schedules.calendar_days import is_day_of
from engine.automation.schedules.moments import local_moment
from workflow_dsl.cron import parse_cron
from workflow_dsl.durations import add_months, duration_of_literal
from workflow_dsl.syntax import CalendarTimes, Cron, Interval, Schedule
from workflow_dsl.workdays import BusinessCalendar

_ORIGIN = dt.date(1970, 1, 1)
_MONDAY_ORIGIN = dt.date(1970, 1, 5)
# Eight years hold every 29 February, also over a century's end.
_HORIZON_DAYS = 8 * 366 + 1
_MIDNIGHT = dt.time(0, 0)
OFFICE_CALENDAR = BusinessCalendar()
"""Monday to Friday from nine to six."""


def next_times(
    schedule: Schedule,
    after: dt.datetime,
    zone: ZoneInfo,
    count: int = 1,
    calendar: BusinessCalendar = OFFICE_CALENDAR,
) -> tuple[dt.datetime, ...]:
    """Give the next `count` moments strictly after an instant; fewer where there are no more.

    after: aware. zone: of the app; a schedule may name its own. calendar: says which days and hours are business time.
    """
    match schedule:
        case Interval():
            moments = _interval(schedule, after, zone, calendar)
        case Cron(expression=expression):
            moments = _daily(parse_cron(expression).on, after, _zone(schedule.zone, zone))
        case CalendarTimes():
            times = tuple(sorted(time.value for time in schedule.times))
            moments = _daily(
                lambda day: times if is_day_of(schedule, day, calendar.is_workday) else (),
                after,
                _zone(schedule.zone, zone),
            )
        case _:
            raise AssertionError(f"no schedule: {schedule}")
    return tuple(itertools.islice(moments, count))


def _zone(name: str | None, default: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(name) if name else default


def _daily(
    times_of: Callable[[dt.date], tuple[dt.time, ...]], after: dt.datetime, zone: ZoneInfo
) -> Iterator[dt.datetime]:
    last = after
    # One day before: in a zone that skipped a day the clock may be further than the calendar.
    first_day = after.astimezone(zone).date() - dt.timedelta(days=1)
    for offset in range(_HORIZON_DAYS):
        day = first_day + dt.timedelta(days=offset)
        for time in times_of(day):
            moment = local_moment(day, time, zone)
            if moment > last:  # several times in one gap are one moment
                last = moment
                yield moment


def _interval(
    schedule: Interval, after: dt.datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> Iterator[dt.datetime]:
    duration = duration_of_literal(schedule.duration)
    if duration.months:
        yield from _by_months(int(duration.months), after, zone)
    elif duration.business_days:
        yield from _by_business_days(int(duration.business_days), after, zone, calendar)
    elif duration.days:
        yield from _by_days(int(duration.days), after, zone)
    elif duration.business_seconds:
        yield from _by_business_seconds(int(duration.business_seconds), after, zone, calendar)
    else:
        yield from _by_seconds(max(int(duration.seconds), 1), after)


def _by_seconds(seconds: int, after: dt.datetime) -> Iterator[dt.datetime]:
    number = int(after.timestamp()) // seconds
    for step in itertools.count(1):
        yield dt.datetime.fromtimestamp((number + step) * seconds, dt.UTC)


def _by_days(days: int, after: dt.datetime, zone: ZoneInfo) -> Iterator[dt.datetime]:
    def times_of(day: dt.date) -> tuple[dt.time, ...]:
        return (_MIDNIGHT,) if (day - _MONDAY_ORIGIN).days % max(days, 1) == 0 else ()

    yield from _daily(times_of, after, zone)


def _by_business_days(
    days: int, after: dt.datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> Iterator[dt.datetime]:
    def times_of(day: dt.date) -> tuple[dt.time, ...]:
        fits = calendar.is_workday(day) and _number_of_workday(day, calendar) % max(days, 1) == 0
        return (_MIDNIGHT,) if fits else ()

    yield from _daily(times_of, after, zone)


def _number_of_workday(day: dt.date, calendar: BusinessCalendar) -> int:
    """Count the workdays before a day from the origin on, without going through them."""
    weeks, rest = divmod((day - _MONDAY_ORIGIN).days, 7)
    count = weeks * len(calendar.hours) + sum(number + 1 in calendar.hours for number in range(rest))
    free = (each for each in calendar.holidays - calendar.workdays if each.isoweekday() in calendar.hours)
    added = (each for each in calendar.workdays if each.isoweekday() not in calendar.hours)
    return count + _between(added, day) - _between(free, day)


def _between(days: Iterable[dt.date], end: dt.date) -> int:
    return sum(_MONDAY_ORIGIN <= day < end for day in days)


def _by_business_seconds(
    seconds: int, after: dt.datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> Iterator[dt.datetime]:
    own = zone if calendar.zone is None else ZoneInfo(calendar.zone)
    first_day = after.astimezone(own).date() - dt.timedelta(days=1)
    for offset in range(_HORIZON_DAYS):
        to_go = dt.timedelta()
        for begin, end in calendar.spans(first_day + dt.timedelta(days=offset), zone):
            moment = begin + to_go
            while moment < end:
                if moment > after:
                    yield moment
                moment += dt.timedelta(seconds=seconds)
            # What is left of a step goes on after the break.
            to_go = moment - end


def _by_months(months: int, after: dt.datetime, zone: ZoneInfo) -> Iterator[dt.datetime]:
    local = after.astimezone(zone).date()
    number = ((local.year - _ORIGIN.year) * 12 + local.month - 1) // months
    for step in itertools.count(0):
        moment = local_moment(add_months(_ORIGIN, (number + step) * months), _MIDNIGHT, zone)
        if moment > after:
            yield moment
