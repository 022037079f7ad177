"""Calendar arithmetic of the language: first and last days of periods, dates and moments moved by durations.

Both back ends use these, so that `in last 30 days` is one thing. No clock: `today` is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

from workflow_dsl.durations import Duration, add_months
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.syntax import Direction, DurationUnit, Period
from workflow_dsl.workdays import BusinessCalendar

IsWorkday = Callable[[dt.date], bool]
MOST_BUSINESS_DAYS = 40_000
MOST_IDLE_DAYS = 3_660
_DAY_SECONDS = 86_400


def start_of(day: dt.date, unit: DurationUnit) -> dt.date:
    """Give the first day of the calendar week (Monday), month, quarter or year that a day lies in."""
    if unit is DurationUnit.WEEK:
        return day - dt.timedelta(days=day.weekday())
    if unit is DurationUnit.MONTH:
        return day.replace(day=1)
    if unit is DurationUnit.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit is DurationUnit.YEAR else day


def move(day: dt.date, count: int, unit: DurationUnit) -> dt.date:
    """Add days, weeks, months, quarters or years; beyond the calendar's ends the end is given."""
    months = {DurationUnit.MONTH: 1, DurationUnit.QUARTER: 3, DurationUnit.YEAR: 12}.get(unit)
    try:
        if months:
            return add_months(day, count * months)
        return day + dt.timedelta(days=count * (7 if unit is DurationUnit.WEEK else 1))
    except OverflowError:
        return dt.date.max if count > 0 else dt.date.min


def end_of(day: dt.date, unit: DurationUnit) -> dt.date:
    """Give the last day of the calendar period that a day lies in."""
    first = start_of(day, unit)
    following = move(first, 1, unit)
    return dt.date.max if following == dt.date.max else following - dt.timedelta(days=1)


def period_bounds(period: Period, today: dt.date, is_workday: IsWorkday) -> tuple[dt.date, dt.date]:
    """Give the first and last day of a period, both included.

    `last 30 days` is today − 30 … today, `next 7 days` tomorrow … today + 7; without a number whole calendar periods.
    """
    sign = {Direction.LAST: -1, Direction.NEXT: 1, Direction.THIS: 0}[period.direction]
    if period.business:
        day = move_business_days(today, sign * (period.count or 1), is_workday)
        if period.count is None:
            return day, day
        return (day, today) if sign < 0 else (move(today, 1, DurationUnit.DAY), day)
    if period.count is None:
        inside = move(start_of(today, period.unit), sign, period.unit)
        return start_of(inside, period.unit), end_of(inside, period.unit)
    far = move(today, sign * period.count, period.unit)
    return (far, today) if sign < 0 else (move(today, 1, DurationUnit.DAY), far)


def move_business_days(day: dt.date, count: int, is_workday: IsWorkday) -> dt.date:
    """Step over days that don't count until `count` workdays have passed; 0 gives the day itself."""
    if abs(count) > MOST_BUSINESS_DAYS:
        raise NotComputable(f"at most {MOST_BUSINESS_DAYS} business days can be counted")
    step = dt.timedelta(days=1 if count > 0 else -1)
    left, idle = abs(count), 0
    while left:
        try:
            day += step
        except OverflowError as error:
            raise NotComputable("the date lies outside the years 1 to 9999") from error
        works = is_workday(day)
        left -= works
        idle = 0 if works else idle + 1
        if idle > MOST_IDLE_DAYS:
            raise NotComputable("the calendar in force has no workdays")
    return day


def business_days_between(first: dt.date, last: dt.date, is_workday: IsWorkday) -> int:
    """Count the workdays after `first` up to `last`; negative when `last` lies before `first`."""
    if last < first:
        return -business_days_between(last, first, is_workday)
    span = (last - first).days
    if span > MOST_BUSINESS_DAYS:
        raise NotComputable(f"business days are counted over at most {MOST_BUSINESS_DAYS} days")
    return sum(is_workday(first + dt.timedelta(days=offset)) for offset in range(1, span + 1))


def months_between(first: dt.date, last: dt.date) -> int:
    """Count the whole months from `first` to `last`; negative when `last` lies before `first`."""
    if last < first:
        return -months_between(last, first)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - 1 if add_months(first, months) > last else months


def _whole(value: Decimal, what: str) -> int:
    if value != value.to_integral_value():
        raise NotComputable(f"{what} are whole numbers")
    return int(value)


def shift_day(day: dt.date, by: Duration, is_workday: IsWorkday) -> dt.date:
    """Add a duration to a date: months, then days, then business days; parts of a day are dropped."""
    try:
        if by.months:
            day = add_months(day, _whole(by.months, "months added to a date"))
        seconds = by.days * _DAY_SECONDS + by.seconds
        if seconds:
            day += dt.timedelta(days=int(seconds / _DAY_SECONDS))
    except OverflowError as error:
        raise NotComputable("the date lies outside the years 1 to 9999") from error
    if by.business_days:
        day = move_business_days(day, _whole(by.business_days, "business days"), is_workday)
    return day


def shift_moment(moment: dt.datetime, by: Duration, zone: dt.tzinfo, calendar: BusinessCalendar) -> dt.datetime:
    """Add a duration to a moment: months and days keep the local time of day, seconds are absolute.

    Business hours come last, and count where the calendar in force has hours. A local time that a clock change gives
    twice is the first of the two.
    """
    try:
        seconds = by.seconds
        if by.months or by.days or by.business_days:
            local = moment.astimezone(zone)
            days = by.days.to_integral_value(rounding="ROUND_FLOOR")
            whole = Duration(months=by.months, days=days, business_days=by.business_days)
            day = shift_day(local.date(), whole, calendar.is_workday)
            moment = dt.datetime.combine(day, local.time().replace(fold=0), zone).astimezone(dt.UTC)
            seconds += (by.days - days) * _DAY_SECONDS
        moment += _microseconds(seconds)
        return _move_business_time(moment, _microseconds(by.business_seconds), zone, calendar)
    except OverflowError as error:
        raise NotComputable("the moment lies outside the years 1 to 9999") from error


def _microseconds(seconds: Decimal) -> dt.timedelta:
    return dt.timedelta(microseconds=int((seconds * 1_000_000).to_integral_value(rounding="ROUND_FLOOR")))


def _move_business_time(
    moment: dt.datetime, by: dt.timedelta, zone: dt.tzinfo, calendar: BusinessCalendar
) -> dt.datetime:
    """Go on (or back) until so much business time has passed."""
    if not by:
        return moment
    back, left, idle = by < dt.timedelta(), abs(by), 0
    day = moment.astimezone(zone if calendar.zone is None else ZoneInfo(calendar.zone)).date()
    while idle <= MOST_IDLE_DAYS:
        spans = list(calendar.spans(day, zone))
        idle = 0 if spans else idle + 1
        for first, last in reversed(spans) if back else spans:
            begin, end = (first, min(last, moment)) if back else (max(first, moment), last)
            if end - begin >= left:
                return end - left if back else begin + left
            left -= max(end - begin, dt.timedelta())
        day += dt.timedelta(days=-1 if back else 1)
    raise NotComputable("the calendar in force has no workdays")
