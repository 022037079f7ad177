"""Values as texts, as SQL functions: as `text(…)` writes them, and amounts and moments as people read them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.expressions.arithmetic import read_number
from engine.expressions.postgresql_texts import PLPGSQL, SQL
from engine.storage.functions import SqlFunction
from metamodel.values import Money
from workflow_dsl.durations import Duration
from workflow_dsl.shown_values import shown_text, text_of


def shown_functions() -> tuple[SqlFunction, ...]:
    """Make the functions for both databases."""
    return (
        SqlFunction(name="fs_text_moment", call=_moment, arguments=2, postgresql=(_PG_MOMENT,)),
        SqlFunction(name="fs_shown_moment", call=_shown_moment, arguments=2, postgresql=(_PG_SHOWN_MOMENT,)),
        SqlFunction(name="fs_text_time", call=_time, arguments=1, postgresql=(_PG_TIME,)),
        SqlFunction(name="fs_text_duration", call=_duration, arguments=5, postgresql=(_PG_COUNTED, _PG_DURATION)),
        SqlFunction(name="fs_shown_amount", call=_amount, arguments=2, postgresql=(_PG_AMOUNT,)),
    )


def _moment(moment: str | None, zone: str) -> str | None:
    return None if moment is None else text_of(dt.datetime.fromisoformat(moment), ZoneInfo(zone))


def _shown_moment(moment: str | None, zone: str) -> str | None:
    return None if moment is None else shown_text(dt.datetime.fromisoformat(moment), ZoneInfo(zone))


def _time(time: str | None) -> str | None:
    return None if time is None else text_of(dt.time.fromisoformat(time), dt.UTC)


def _duration(*parts: str | None) -> str | None:
    if any(part is None for part in parts):
        return None
    return text_of(Duration(*(Decimal(str(part)) for part in parts)), dt.UTC)


def _amount(value: object, places: object) -> str | None:
    amount = read_number(value, places)
    return None if amount is None else shown_text(Money(amount, ""), dt.UTC).strip()


_PG_MOMENT = f"""
CREATE OR REPLACE FUNCTION fs_text_moment(m timestamptz, zone text) RETURNS text {PLPGSQL} AS $f$
DECLARE
  shift int := extract(epoch FROM (m AT TIME ZONE zone) - (m AT TIME ZONE 'UTC'))::int;
BEGIN
  RETURN to_char(m AT TIME ZONE zone, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN shift < 0 THEN '-' ELSE '+' END
         || to_char(abs(shift) * interval '1 second',
                    CASE WHEN abs(shift) % 60 = 0 THEN 'HH24:MI' ELSE 'HH24:MI:SS' END);
END $f$"""

_PG_SHOWN_MOMENT = f"""
CREATE OR REPLACE FUNCTION fs_shown_moment(m timestamptz, zone text) RETURNS text {SQL} AS $f$
  SELECT to_char(m AT TIME ZONE zone, 'YYYY-MM-DD HH24:MI')
$f$"""

_PG_TIME = """
CREATE OR REPLACE FUNCTION fs_text_time(t time) RETURNS text @0@ AS $f$
  SELECT CASE WHEN extract(second FROM t) >= 1 THEN to_char(t, 'HH24:MI:SS') ELSE to_char(t, 'HH24:MI') END
$f$""".replace("@0@", SQL)

_PG_COUNTED = f"""
CREATE OR REPLACE FUNCTION fs_counted(n numeric, word text) RETURNS text {SQL} AS $f$
  SELECT CASE WHEN n <> 0 THEN trim_scale(n)::text || ' ' || word || CASE WHEN n = 1 THEN '' ELSE 's' END END
$f$"""

_PG_DURATION = f"""
CREATE OR REPLACE FUNCTION fs_text_duration(
  months numeric, days numeric, business_days numeric, seconds numeric, business_seconds numeric
) RETURNS text {SQL} AS $f$
  SELECT coalesce(nullif(concat_ws(' ', fs_counted(months, 'month'), fs_counted(days, 'day'),
    fs_counted(business_days, 'business day'), fs_counted(seconds, 'second'),
    fs_counted(business_seconds, 'business second')), ''), '0 days')
$f$"""

_PG_AMOUNT = f"""
CREATE OR REPLACE FUNCTION fs_shown_amount(x numeric) RETURNS text {SQL} AS $f$
  SELECT fs_format_number(x, '#,##0.00')
$f$"""
