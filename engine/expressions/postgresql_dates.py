"""The language's functions on dates, moments and times for PostgreSQL, by the same calendar as in memory.

They never raise: a date that there is not, and what lies outside the years 1 to 9999, gives NULL.
"""

from __future__ import annotations

from engine.expressions.postgresql_texts import BLANK, PLPGSQL, SQL
from workflow_dsl.periods import MOST_BUSINESS_DAYS, MOST_IDLE_DAYS

_UNITS = "'day', 'week', 'month', 'quarter', 'year'"


def date_sources() -> dict[str, tuple[str, ...]]:
    """Give what creates each function, by name; what others use stands with the first that needs it."""
    return {
        "fs_make_date": (_MAKE_DATE,),
        "fs_read_date": (_READ_DATE,),
        "fs_read_time": (_READ_TIME,),
        "fs_midnight": (_WITHIN, _INSTANT_AT, _MIDNIGHT),
        "fs_instant": (_INSTANT,),
        "fs_read_moment": (_READ_MOMENT,),
        "fs_local_time": (_LOCAL_TIME,),
        "fs_start_of": (_START_OF,),
        "fs_end_of": (_END_OF,),
        "fs_months_between": (_MONTHS_BETWEEN,),
        "fs_workdays_between": (IS_WORKDAY, _WORKDAYS_BETWEEN),
        "fs_format_date": (_FORMAT, _FORMAT_DATE),
        "fs_format_time": (_FORMAT_TIME,),
        "fs_format_moment": (_FORMAT_MOMENT,),
    }


_MAKE_DATE = f"""
CREATE OR REPLACE FUNCTION fs_make_date(y int, m int, d int) RETURNS date {PLPGSQL} AS $f$
BEGIN
  IF y NOT BETWEEN 1 AND 9999 OR m NOT BETWEEN 1 AND 12 OR d NOT BETWEEN 1 AND 31 THEN RETURN NULL; END IF;
  IF d > extract(day FROM make_date(y, m, 1) + interval '1 month' - interval '1 day') THEN RETURN NULL; END IF;
  RETURN make_date(y, m, d);
END $f$"""

_READ_DATE = f"""
CREATE OR REPLACE FUNCTION fs_read_date(t text) RETURNS date {PLPGSQL} AS $f$
DECLARE parts text[];
BEGIN
  parts := regexp_match(btrim(t, {BLANK}), '^([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})$');
  RETURN fs_make_date(parts[1]::int, parts[2]::int, parts[3]::int);
END $f$"""

_READ_TIME = f"""
CREATE OR REPLACE FUNCTION fs_read_time(t text) RETURNS time {PLPGSQL} AS $f$
DECLARE parts text[];
BEGIN
  parts := regexp_match(btrim(t, {BLANK}), '^([0-9]{{2}}):([0-9]{{2}})(?::([0-9]{{2}})(?:[.]([0-9]{{1,6}}))?)?$');
  IF parts IS NULL OR parts[1] > '23' OR parts[2] > '59' OR parts[3] > '59' THEN RETURN NULL; END IF;
  RETURN (parts[1] || ':' || parts[2] || ':' || coalesce(parts[3], '00') || '.' || coalesce(parts[4], '0'))::time;
END $f$"""

_WITHIN = f"""
CREATE OR REPLACE FUNCTION fs_within(m timestamptz) RETURNS timestamptz {SQL} AS $f$
  SELECT CASE WHEN m >= '0001-01-01 00:00:00+00'::timestamptz AND m < '10000-01-01 00:00:00+00'::timestamptz
              THEN m END
$f$"""

# A local time that a clock change gives twice is the first of the two; PostgreSQL by itself takes the second.
_INSTANT_AT = f"""
CREATE OR REPLACE FUNCTION fs_instant_at(local_time timestamp, zone text) RETURNS timestamptz {PLPGSQL} AS $f$
DECLARE found timestamptz; before timestamptz; earlier timestamptz;
BEGIN
  found := local_time AT TIME ZONE zone;
  before := found - interval '24 hours';
  earlier := (local_time - ((before AT TIME ZONE zone) - (before AT TIME ZONE 'UTC'))) AT TIME ZONE 'UTC';
  RETURN fs_within(CASE WHEN earlier < found AND earlier AT TIME ZONE zone = local_time THEN earlier ELSE found END);
END $f$"""

_INSTANT = f"""
CREATE OR REPLACE FUNCTION fs_instant(d date, t time, zone text) RETURNS timestamptz {SQL} AS $f$
  SELECT fs_instant_at(d + t, zone)
$f$"""

_MIDNIGHT = f"""
CREATE OR REPLACE FUNCTION fs_midnight(d date, zone text) RETURNS timestamptz {SQL} AS $f$
  SELECT fs_instant_at(d::timestamp, zone)
$f$"""

_READ_MOMENT = f"""
CREATE OR REPLACE FUNCTION fs_read_moment(t text, zone text) RETURNS timestamptz {PLPGSQL} AS $f$
DECLARE parts text[]; day date; moment time; shift interval;
BEGIN
  parts := regexp_match(
    btrim(t, {BLANK}),
    '^([0-9-]{{10}})(?:[T ]([0-9:.]+)(Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?)?$');
  day := fs_read_date(parts[1]);
  moment := fs_read_time(coalesce(parts[2], '00:00'));
  IF day IS NULL OR moment IS NULL THEN RETURN NULL; END IF;
  IF parts[3] IS NULL THEN RETURN fs_instant_at(day + moment, zone); END IF;
  shift := CASE WHEN parts[3] = 'Z' THEN interval '0' ELSE substr(parts[3], 2)::interval END;
  IF left(parts[3], 1) = '-' THEN shift := -shift; END IF;
  RETURN fs_within((day + moment - shift) AT TIME ZONE 'UTC');
END $f$"""

_LOCAL_TIME = f"""
CREATE OR REPLACE FUNCTION fs_local_time(m timestamptz, zone text) RETURNS time {SQL} AS $f$
  SELECT (m AT TIME ZONE zone)::time
$f$"""

_START_OF = f"""
CREATE OR REPLACE FUNCTION fs_start_of(d date, unit text) RETURNS date {SQL} AS $f$
  SELECT CASE WHEN unit IN ({_UNITS}) AND date_trunc(unit, d::timestamp) >= '0001-01-01'::timestamp
              THEN date_trunc(unit, d::timestamp)::date END
$f$"""

_END_OF = f"""
CREATE OR REPLACE FUNCTION fs_end_of(d date, unit text) RETURNS date {SQL} AS $f$
  SELECT CASE WHEN unit IN ({_UNITS}) THEN least(
    (date_trunc(unit, d::timestamp)
     + CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END)::date - 1,
    '9999-12-31'::date) END
$f$"""

_MONTHS_BETWEEN = f"""
CREATE OR REPLACE FUNCTION fs_months_between(a date, b date) RETURNS int {PLPGSQL} AS $f$
DECLARE months int;
BEGIN
  IF b < a THEN RETURN -fs_months_between(b, a); END IF;
  months := (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a);
  RETURN CASE WHEN (a + make_interval(months => months))::date > b THEN months - 1 ELSE months END;
END $f$"""

# A calendar is written as weekdays|holidays|workdays|hours|zone, see workflow_dsl.workdays.
IS_WORKDAY = """
CREATE OR REPLACE FUNCTION fs_is_workday(d date, calendar text) RETURNS boolean @0@ AS $f$
  SELECT strpos(split_part(calendar, '|', 3), to_char(d, 'YYYY-MM-DD')) > 0
      OR (strpos(split_part(calendar, '|', 1), extract(isodow FROM d)::int::text) > 0
          AND strpos(split_part(calendar, '|', 2), to_char(d, 'YYYY-MM-DD')) = 0)
$f$""".replace("@0@", SQL)

_WORKDAYS_BETWEEN = """
CREATE OR REPLACE FUNCTION fs_workdays_between(a date, b date, calendar text) RETURNS int @1@ AS $f$
DECLARE found int;
BEGIN
  IF b < a THEN RETURN -fs_workdays_between(b, a, calendar); END IF;
  IF b - a > @0@ THEN RETURN NULL; END IF;
  SELECT count(*) INTO found FROM generate_series(1, b - a) AS n WHERE fs_is_workday(a + n, calendar);
  RETURN found;
END $f$""".replace("@0@", str(MOST_BUSINESS_DAYS)).replace("@1@", PLPGSQL)

MOVE_WORKDAYS = f"""
CREATE OR REPLACE FUNCTION fs_move_workdays(d date, n numeric, calendar text) RETURNS date {PLPGSQL} AS $f$
DECLARE remaining int; idle int := 0; step int := CASE WHEN n > 0 THEN 1 ELSE -1 END;
BEGIN
  IF n = 0 THEN RETURN d; END IF;
  IF abs(n) > {MOST_BUSINESS_DAYS} OR n <> trunc(n) THEN RETURN NULL; END IF;
  remaining := abs(n)::int;
  WHILE remaining > 0 LOOP
    d := d + step;
    IF idle > {MOST_IDLE_DAYS} OR d > '9999-12-31'::date OR d < '0001-01-01'::date THEN RETURN NULL; END IF;
    IF fs_is_workday(d, calendar) THEN remaining := remaining - 1; idle := 0; ELSE idle := idle + 1; END IF;
  END LOOP;
  RETURN d;
END $f$"""

_FORMAT = f"""
CREATE OR REPLACE FUNCTION fs_format_parts(local_time timestamp, pattern text) RETURNS text {SQL} AS $f$
  SELECT nullif(replace(replace(replace(replace(replace(replace(pattern,
    'YYYY', to_char(local_time, 'YYYY')), 'MM', to_char(local_time, 'MM')), 'DD', to_char(local_time, 'DD')),
    'hh', to_char(local_time, 'HH24')), 'mm', to_char(local_time, 'MI')), 'ss', to_char(local_time, 'SS')), '')
$f$"""

_FORMAT_DATE = f"""
CREATE OR REPLACE FUNCTION fs_format_date(d date, pattern text) RETURNS text {SQL} AS $f$
  SELECT fs_format_parts(d::timestamp, pattern)
$f$"""

_FORMAT_TIME = f"""
CREATE OR REPLACE FUNCTION fs_format_time(t time, pattern text) RETURNS text {SQL} AS $f$
  SELECT CASE WHEN pattern !~ 'YYYY|MM|DD' THEN fs_format_parts('2000-01-01'::date + t, pattern) END
$f$"""

_FORMAT_MOMENT = f"""
CREATE OR REPLACE FUNCTION fs_format_moment(m timestamptz, pattern text, zone text) RETURNS text {SQL} AS $f$
  SELECT fs_format_parts(m AT TIME ZONE zone, pattern)
$f$"""
