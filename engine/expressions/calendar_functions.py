"""Dates as SQL functions: calendar arithmetic in the app's zone, the same on both databases.

SQLite runs the Python of the language's own back end on its texts; PostgreSQL has functions of the same meaning.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.expressions.arithmetic import write_number
from engine.storage.column_types import instant_text
from engine.storage.functions import SqlFunction
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.periods import shift_day, shift_moment


def calendar_functions() -> tuple[SqlFunction, ...]:
    """Make the functions of dates and moments for both databases."""
    return (
        SqlFunction(name="fs_add_date", call=_add_date, arguments=3, postgresql=(_PG_ADD_DATE,)),
        SqlFunction(name="fs_add_moment", call=_add_moment, arguments=5, postgresql=(_PG_ADD_MOMENT,)),
        SqlFunction(name="fs_days", call=_days, arguments=2),
        SqlFunction(name="fs_seconds", call=_seconds, arguments=2),
        SqlFunction(name="fs_local_date", call=_local_date, arguments=2),
    )


def _add_date(day: str | None, months: str | None, days: str | None) -> str | None:
    if day is None or months is None or days is None:
        return None
    by = Duration(months=Decimal(months), days=Decimal(days))
    try:
        return shift_day(dt.date.fromisoformat(day), by, _no_calendar).isoformat()
    except NotComputable:
        return None


def _add_moment(moment: str | None, months: str | None, days: str | None, seconds: str | None, zone: str) -> str | None:
    if moment is None or months is None or days is None or seconds is None:
        return None
    by = Duration(months=Decimal(months), days=Decimal(days), seconds=Decimal(seconds))
    try:
        return instant_text(shift_moment(dt.datetime.fromisoformat(moment), by, ZoneInfo(zone), _no_calendar))
    except NotComputable:
        return None


def _no_calendar(day: dt.date) -> bool:
    """Count every day: business time is not computed in SQL."""
    return True


def _days(later: str | None, earlier: str | None) -> str | None:
    if later is None or earlier is None:
        return None
    return str((dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days)


def _seconds(later: str | None, earlier: str | None) -> str | None:
    if later is None or earlier is None:
        return None
    between = dt.datetime.fromisoformat(later) - dt.datetime.fromisoformat(earlier)
    whole = between.days * 86_400 + between.seconds
    return write_number(Decimal(whole) + Decimal(between.microseconds) / 1_000_000)


def _local_date(moment: str | None, zone: str) -> str | None:
    return None if moment is None else dt.datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat()


_PG_ADD_DATE = """
CREATE OR REPLACE FUNCTION fs_add_date(d date, months numeric, days numeric) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $add$
  SELECT (d + make_interval(months => trunc(months)::int))::date + trunc(days)::int
$add$"""

_PG_ADD_MOMENT = """
CREATE OR REPLACE FUNCTION fs_add_moment(m timestamptz, months numeric, days numeric, seconds numeric, zone text)
RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $add$
  SELECT CASE WHEN months = 0 AND days = 0 THEN m
         ELSE ((m AT TIME ZONE zone) + make_interval(months => trunc(months)::int, days => trunc(days)::int))
              AT TIME ZONE zone END
         + trunc(seconds * 1000000)::bigint * interval '1 microsecond'
$add$"""
