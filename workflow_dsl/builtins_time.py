"""The functions on dates, moments and times of day; what depends on a zone or calendar takes it from the context."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from workflow_dsl import periods
from workflow_dsl.context import Context
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.functions import Example, Function, Implementation, Signature, signature
from workflow_dsl.syntax import DurationUnit
from workflow_dsl.types import DATE, DATETIME, INTEGER, TIME, Type

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\Z", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?\Z", re.ASCII
)
_UNITS = ("day", "week", "month", "quarter", "year")


def _day(context: Context, value: dt.date) -> dt.date:
    """Give the local day of a moment, or the date itself."""
    return value.astimezone(context.zone).date() if isinstance(value, dt.datetime) else value


def _date_of_text(text: str) -> dt.date | None:
    found = _DATE.match(text.strip())
    return _date_of_parts(*map(int, found.groups())) if found else None


def _date_of_parts(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _midnight(context: Context, day: dt.date) -> dt.datetime:
    return _combined(context, day, dt.time())


def _combined(context: Context, day: dt.date, time: dt.time) -> dt.datetime:
    try:
        return dt.datetime.combine(day, time, context.zone).astimezone(dt.UTC)
    except OverflowError as error:
        raise NotComputable("the moment lies outside the years 1 to 9999") from error


def _moment_of_text(context: Context, text: str) -> dt.datetime | None:
    found = _MOMENT.match(text.strip())
    if found is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(found.group())
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=context.zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _time_of_moment(context: Context, moment: dt.datetime) -> dt.time:
    return moment.astimezone(context.zone).time().replace(tzinfo=None)


def _time_of_text(text: str) -> dt.time | None:
    found = _TIME.match(text.strip())
    try:
        return dt.time.fromisoformat(found.group()) if found else None
    except ValueError:
        return None


def _part(read: Callable[[Any], int]) -> Implementation:
    def read_part(context: Context, value: Any) -> int:
        local = value.astimezone(context.zone) if isinstance(value, dt.datetime) else value
        return read(local)

    return read_part


def _add_days(context: Context, value: Any, count: Any) -> Any:
    return _moved(context, value, Duration(days=Decimal(count)))


def _add_months(context: Context, value: Any, count: int) -> Any:
    return _moved(context, value, Duration(months=Decimal(count)))


def _moved(context: Context, value: Any, by: Duration) -> Any:
    if isinstance(value, dt.datetime):
        return periods.shift_moment(value, by, context.zone, context.calendar)
    return periods.shift_day(value, by, context.calendar.is_workday)


def _bound(find: Callable[[dt.date, DurationUnit], dt.date]) -> Implementation:
    def find_bound(context: Context, value: dt.date, unit: str) -> dt.date:
        if unit not in _UNITS:
            raise NotComputable(f"'{unit}' is not a unit of the calendar; they are {', '.join(_UNITS)}")
        return find(_day(context, value), DurationUnit(unit))

    return find_bound


def _between(count: Callable[[Context, dt.date, dt.date], int]) -> Implementation:
    def count_between(context: Context, first: dt.date, last: dt.date) -> int:
        return count(context, _day(context, first), _day(context, last))

    return count_between


def _same(types: tuple[Type, ...]) -> Type:
    return types[0]


def _in_context(params: str, returns: Any, implementation: Implementation) -> Signature:
    return signature(params, returns, implementation, needs_context=True)


def time_functions() -> tuple[Function, ...]:
    """Make the functions on dates and times."""
    return (*_conversions(), *_parts(), *_movements())


def _conversions() -> tuple[Function, ...]:
    return (
        Function(name="date", group="date", sql=True,
                 doc="The day of a moment in the app's zone; a date from year, month, day or from an ISO text.",
                 example=Example(expression="date(2026-11-21T09:30)", value="2026-11-21"),
                 signatures=(_in_context("moment: moment", DATE, _day), signature("t: text", DATE, _date_of_text),
                             signature("year: whole, month: whole, day: whole", DATE, _date_of_parts))),
        Function(name="datetime", group="date", sql=True,
                 doc="A moment: 00:00 of a date, a date at a time, or from an ISO text.",
                 example=Example(expression="datetime(2026-11-21)", value="2026-11-21T00:00"),
                 signatures=(_in_context("day: date", DATETIME, _midnight),
                             _in_context("day: date, time: time", DATETIME, _combined),
                             _in_context("t: text", DATETIME, _moment_of_text))),
        Function(name="time", group="date", sql=True,
                 doc="The time of day of a moment in the app's zone, or from a text.",
                 example=Example(expression="time(2026-11-21T09:30)", value="09:30"),
                 signatures=(_in_context("moment: datetime", TIME, _time_of_moment),
                             signature("t: text", TIME, _time_of_text))),
    )  # fmt: skip


def _parts() -> tuple[Function, ...]:
    return (
        Function(name="year", group="date", sql=True, doc="The year.",
                 example=Example(expression="year(2026-11-21)", value="2026"),
                 signatures=(_in_context("moment: moment", INTEGER, _part(lambda day: int(day.year))),)),
        Function(name="quarter", group="date", sql=True, doc="The quarter, 1 to 4.",
                 example=Example(expression="quarter(2026-11-21)", value="4"),
                 signatures=(_in_context("moment: moment", INTEGER, _part(lambda day: (day.month + 2) // 3)),)),
        Function(name="month", group="date", sql=True, doc="The month, 1 to 12.",
                 example=Example(expression="month(2026-11-21)", value="11"),
                 signatures=(_in_context("moment: moment", INTEGER, _part(lambda day: int(day.month))),)),
        Function(name="day", group="date", sql=True, doc="The day of the month.",
                 example=Example(expression="day(2026-11-21)", value="21"),
                 signatures=(_in_context("moment: moment", INTEGER, _part(lambda day: int(day.day))),)),
        Function(name="weekday", group="date", sql=True, doc="The day of the week: 1 is Monday, 7 is Sunday.",
                 example=Example(expression="weekday(2026-11-21)", value="6"),
                 signatures=(_in_context("moment: moment", INTEGER, _part(lambda day: int(day.isoweekday()))),)),
        Function(name="hour", group="date", sql=True, doc="The hour in the app's zone.",
                 example=Example(expression="hour(2026-11-21T09:30)", value="9"),
                 signatures=(_in_context("moment: datetime|time", INTEGER, _part(lambda time: int(time.hour))),)),
        Function(name="minute", group="date", sql=True, doc="The minute.",
                 example=Example(expression="minute(2026-11-21T09:30)", value="30"),
                 signatures=(_in_context("moment: datetime|time", INTEGER, _part(lambda time: int(time.minute))),)),
    )  # fmt: skip


def _movements() -> tuple[Function, ...]:
    return (
        Function(name="add_days", group="date", sql=True,
                 doc="The date or moment n days later (earlier, where n is below 0).",
                 example=Example(expression="add_days(2026-11-21, 10)", value="2026-12-01"),
                 signatures=(_in_context("moment: moment, n: whole", _same, _add_days),)),
        Function(name="add_months", group="date", sql=True,
                 doc="n months later; a day the month lacks becomes its last.",
                 example=Example(expression="add_months(2026-01-31, 1)", value="2026-02-28"),
                 signatures=(_in_context("moment: moment, n: whole", _same, _add_months),)),
        Function(name="start_of", group="date", sql=True,
                 doc='The first day of the "week", "month", "quarter" or "year".',
                 example=Example(expression='start_of(2026-11-21, "quarter")', value="2026-10-01"),
                 signatures=(_in_context("moment: moment, unit: text", DATE, _bound(periods.start_of)),)),
        Function(name="end_of", group="date", sql=True, doc='The last day of the "week", "month", "quarter" or "year".',
                 example=Example(expression='end_of(2026-11-21, "month")', value="2026-11-30"),
                 signatures=(_in_context("moment: moment, unit: text", DATE, _bound(periods.end_of)),)),
        Function(name="days_between", group="date", sql=True, doc="b − a in calendar days of the app's zone.",
                 example=Example(expression="days_between(2026-11-21, 2026-12-01)", value="10"),
                 signatures=(_in_context("a: moment, b: moment", INTEGER,
                                         _between(lambda context, a, b: (b - a).days)),)),
        Function(name="months_between", group="date", sql=True, doc="Whole months from a to b.",
                 example=Example(expression="months_between(2026-01-31, 2026-03-30)", value="1"),
                 signatures=(_in_context("a: moment, b: moment", INTEGER,
                                         _between(lambda context, a, b: periods.months_between(a, b))),)),
        Function(name="business_days_between", group="date", sql=True,
                 doc="Workdays after a up to b, by the calendar in force.",
                 example=Example(expression="business_days_between(2026-11-13, 2026-11-16)", value="1"),
                 signatures=(_in_context("a: moment, b: moment", INTEGER, _between(
                     lambda context, a, b: periods.business_days_between(a, b, context.calendar.is_workday))),)),
    )  # fmt: skip
