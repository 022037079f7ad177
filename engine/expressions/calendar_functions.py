"""Dates, moments and times moved by durations, as SQL functions: calendar arithmetic in the app's zone.

SQLite runs the Python of the language's own back end on its texts; PostgreSQL has functions of the same meaning. A
result outside the years 1 to 9999, which memory refuses, is NULL.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.expressions.arithmetic import write_number
from engine.expressions.postgresql_dates import MOVE_WORKDAYS
from engine.expressions.postgresql_texts import PLPGSQL
from engine.storage.column_types import instant_text
from engine.storage.functions import SqlFunction
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.periods import MOST_IDLE_DAYS, shift_day, shift_moment
from workflow_dsl.workdays import BusinessCalendar, read_calendar

_DAY_SECONDS = 86_400


def calendar_functions() -> tuple[SqlFunction, ...]:
    """Make the functions of dates and moments for both databases."""
    return (
        SqlFunction(name="fs_add_date", call=_add_date, arguments=6, postgresql=(MOVE_WORKDAYS, _PG_ADD_DATE)),
        SqlFunction(
            name="fs_add_moment",
            call=_add_moment,
            arguments=8,
            postgresql=(_PG_HOURS, _PG_ADD_BUSINESS_TIME, _PG_ADD_MOMENT),
        ),
        SqlFunction(name="fs_add_time", call=_add_time, arguments=2, postgresql=(_PG_ADD_TIME,)),
        SqlFunction(name="fs_time_between", call=_time_between, arguments=2, postgresql=(_PG_TIME_BETWEEN,)),
        SqlFunction(name="fs_days", call=_days, arguments=2),
        SqlFunction(name="fs_seconds", call=_seconds, arguments=2),
        SqlFunction(name="fs_local_date", call=_local_date, arguments=2),
    )


def _add_date(
    day: str | None,
    months: str | None,
    days: str | None,
    business: str | None,
    seconds: str | None,
    calendar: str | None,
) -> str | None:
    if day is None or months is None or days is None or business is None or seconds is None:
        return None
    by = Duration(Decimal(months), Decimal(days), Decimal(business), Decimal(seconds))
    try:
        return shift_day(dt.date.fromisoformat(day), by, _calendar(calendar).is_workday).isoformat()
    except NotComputable:
        return None


def _add_moment(
    moment: str | None,
    months: str | None,
    days: str | None,
    business: str | None,
    seconds: str | None,
    hours: str | None,
    calendar: str | None,
    zone: str,
) -> str | None:
    if moment is None or months is None or days is None or business is None or seconds is None or hours is None:
        return None
    by = Duration(Decimal(months), Decimal(days), Decimal(business), Decimal(seconds), Decimal(hours))
    try:
        moved = shift_moment(dt.datetime.fromisoformat(moment), by, ZoneInfo(zone), _calendar(calendar))
        return instant_text(moved)
    except (NotComputable, OverflowError):
        return None


def _calendar(written: str | None) -> BusinessCalendar:
    return read_calendar(written) if written else BusinessCalendar()


def _add_time(time: str | None, seconds: str | None) -> str | None:
    if time is None or seconds is None:
        return None
    started = dt.datetime.combine(dt.date(2000, 1, 1), dt.time.fromisoformat(time))
    moved = started + dt.timedelta(seconds=int(Decimal(seconds)) % _DAY_SECONDS)
    return moved.time().isoformat(timespec="microseconds")


def _time_between(later: str | None, earlier: str | None) -> str | None:
    if later is None or earlier is None:
        return None
    return _seconds(f"2000-01-01T{later}", f"2000-01-01T{earlier}")


def _days(later: str | None, earlier: str | None) -> str | None:
    if later is None or earlier is None:
        return None
    return str((dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days)


def _seconds(later: str | None, earlier: str | None) -> str | None:
    if later is None or earlier is None:
        return None
    between = dt.datetime.fromisoformat(later) - dt.datetime.fromisoformat(earlier)
    whole = between.days * _DAY_SECONDS + between.seconds
    return write_number(Decimal(whole) + Decimal(between.microseconds) / 1_000_000)


def _local_date(moment: str | None, zone: str) -> str | None:
    return None if moment is None else dt.datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat()


_PG_ADD_DATE = f"""
CREATE OR REPLACE FUNCTION fs_add_date(
  d date, months numeric, days numeric, business numeric, seconds numeric, calendar text
) RETURNS date {PLPGSQL} AS $f$
DECLARE passed numeric := trunc((days * 86400 + seconds) / 86400);
BEGIN
  IF months <> trunc(months) OR abs(months) > 120000 OR abs(passed) > 4000000 THEN RETURN NULL; END IF;
  d := (d + make_interval(months => months::int))::date;
  IF d NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date THEN RETURN NULL; END IF;
  d := d + passed::int;
  IF d NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date THEN RETURN NULL; END IF;
  RETURN CASE WHEN business = 0 THEN d ELSE fs_move_workdays(d, business, calendar) END;
END $f$"""

_PG_ADD_MOMENT = f"""
CREATE OR REPLACE FUNCTION fs_add_moment(
  m timestamptz, months numeric, days numeric, business numeric, seconds numeric, hours numeric,
  calendar text, zone text
) RETURNS timestamptz {PLPGSQL} AS $f$
DECLARE local_time timestamp; d date; passed numeric := seconds;
BEGIN
  IF months <> 0 OR days <> 0 OR business <> 0 THEN
    local_time := m AT TIME ZONE zone;
    d := fs_add_date(local_time::date, months, floor(days), business, 0, calendar);
    IF d IS NULL THEN RETURN NULL; END IF;
    m := fs_instant_at(d + local_time::time, zone);
    passed := passed + (days - floor(days)) * 86400;
  END IF;
  IF abs(passed) > 400000000000 THEN RETURN NULL; END IF;
  m := fs_within(m + floor(passed * 1000000)::bigint * interval '1 microsecond');
  RETURN CASE WHEN hours = 0 THEN m
              ELSE fs_within(fs_add_business_time(m, floor(hours * 1000000), calendar, zone)) END;
END $f$"""

# The hours of a day: its weekday's, else those of the first weekday that has some (a weekend that is worked).
_PG_HOURS = f"""
CREATE OR REPLACE FUNCTION fs_hours(d date, calendar text) RETURNS text {PLPGSQL} AS $f$
DECLARE hours text := split_part(calendar, '|', 4);
BEGIN
  IF NOT fs_is_workday(d, calendar) THEN RETURN ''; END IF;
  RETURN coalesce(substring(hours FROM '(?:^|;)' || extract(isodow FROM d)::int || '@([^;]*)'),
                  substring(hours FROM '@([^;]*)'), '09:00-18:00');
END $f$"""

_PG_ADD_BUSINESS_TIME = """
CREATE OR REPLACE FUNCTION fs_add_business_time(m timestamptz, by_microseconds numeric, calendar text, app_zone text)
RETURNS timestamptz @1@ AS $f$
DECLARE
  zone text := coalesce(nullif(split_part(calendar, '|', 5), ''), app_zone);
  forward boolean := by_microseconds > 0;
  remaining interval := abs(by_microseconds)::bigint * interval '1 microsecond';
  d date := (m AT TIME ZONE zone)::date;
  idle int := 0; hours text; span text; first timestamptz; last timestamptz;
BEGIN
  WHILE idle <= @0@ LOOP
    IF d NOT BETWEEN '0001-01-02'::date AND '9999-12-30'::date THEN RETURN NULL; END IF;
    hours := fs_hours(d, calendar);
    idle := CASE WHEN hours = '' THEN idle + 1 ELSE 0 END;
    FOR span IN SELECT x FROM unnest(string_to_array(hours, ',')) WITH ORDINALITY AS u(x, n)
                ORDER BY CASE WHEN forward THEN n ELSE -n END LOOP
      first := fs_instant_at(d + split_part(span, '-', 1)::time, zone);
      last := fs_instant_at(d + split_part(span, '-', 2)::time, zone);
      IF forward THEN first := greatest(first, m); ELSE last := least(last, m); END IF;
      IF last - first >= remaining THEN
        RETURN CASE WHEN forward THEN first + remaining ELSE last - remaining END;
      END IF;
      remaining := remaining - greatest(last - first, interval '0');
    END LOOP;
    d := d + CASE WHEN forward THEN 1 ELSE -1 END;
  END LOOP;
  RETURN NULL;
END $f$""".replace("@0@", str(MOST_IDLE_DAYS)).replace("@1@", PLPGSQL)

_PG_ADD_TIME = f"""
CREATE OR REPLACE FUNCTION fs_add_time(t time, seconds numeric) RETURNS time {PLPGSQL} AS $f$
BEGIN
  RETURN t + mod(trunc(seconds), 86400)::int * interval '1 second';
END $f$"""

_PG_TIME_BETWEEN = f"""
CREATE OR REPLACE FUNCTION fs_time_between(later time, earlier time) RETURNS numeric {PLPGSQL} AS $f$
BEGIN
  RETURN extract(epoch FROM later - earlier)::numeric;
END $f$"""
