"""Dates and moments in SQL: adding durations, differences, durations among themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Numeric, Text, case, cast, func, literal, null

from engine.expressions.sql.comparing import length_of
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.numbers import call
from engine.expressions.sql.runtime import computed
from engine.expressions.sql.values import (
    Sql,
    SqlDate,
    SqlDatetime,
    SqlDuration,
    SqlNumber,
    SqlTime,
    SqlValue,
    duration_of,
)
from engine.storage.column_types import ColumnKind
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def add_duration(
    builder: SqlBuilder, moment: SqlDate | SqlDatetime | SqlTime, duration: SqlDuration, sign: int
) -> SqlValue:
    """Add (or with sign -1 take away) a duration; months clamp to the last day of the month."""
    if isinstance(moment, SqlTime):
        length = _signed(builder, length_of(duration, builder.numbers).expr, sign)
        return SqlTime(expr=call("fs_add_time", kind_type(builder, ColumnKind.TIME), moment.expr, length))
    months, days, business, seconds, hours = (_signed(builder, part, sign) for part in duration.parts)
    calendar = calendar_in_force() if duration.timed else literal("", Text())
    if isinstance(moment, SqlDate):
        type_ = kind_type(builder, ColumnKind.DATE)
        return SqlDate(expr=call("fs_add_date", type_, moment.expr, months, days, business, seconds, calendar))
    type_ = kind_type(builder, ColumnKind.DATETIME)
    parts = (months, days, business, seconds, hours, calendar, zone_of(builder))
    return SqlDatetime(expr=call("fs_add_moment", type_, moment.expr, *parts))


def zone_of(builder: SqlBuilder) -> Sql:
    """Give the app's zone as a text."""
    return literal(builder.metamodel.main.timezone, Text())


def calendar_in_force() -> Sql:
    """Give the calendar that business time counts by, as the database takes it."""
    return computed("calendar", lambda run: run.context.calendar.written, Text())


def difference(
    builder: SqlBuilder, left: SqlDate | SqlDatetime | SqlTime, right: SqlDate | SqlDatetime | SqlTime
) -> SqlValue:
    """Give the duration from right to left: days between dates, seconds between moments and times."""
    zero = zero_part(builder)
    if isinstance(left, SqlDate) and isinstance(right, SqlDate):
        return plain_duration(builder, days=days_between(builder, left.expr, right.expr))
    sqlite = builder.numbers.sqlite
    if isinstance(left, SqlTime):
        seconds: Sql = call("fs_time_between", Text() if sqlite else Numeric(), left.expr, right.expr)
    elif sqlite:
        seconds = call("fs_seconds", Text(), left.expr, right.expr)
    else:
        seconds = cast(func.extract("epoch", left.expr - right.expr), Numeric())
    return plain_duration(builder, days=case((seconds.is_(None), null()), else_=zero), seconds=seconds)


def plain_duration(
    builder: SqlBuilder, *, months: Sql | None = None, days: Sql | None = None, seconds: Sql | None = None
) -> SqlDuration:
    """Make a duration without business time; parts that are not given are 0."""
    zero = zero_part(builder)
    given = [zero if part is None else part for part in (months, days, None, seconds, None)]
    return duration_of(given, timed=False)


def days_between(builder: SqlBuilder, later: Sql, earlier: Sql) -> Sql:
    """Give the days from one date to another, in the form durations keep their parts."""
    if builder.numbers.sqlite:
        return call("fs_days", Text(), later, earlier)
    return cast(later - earlier, Numeric())


def duration_arithmetic(builder: SqlBuilder, op: BinaryOp, left: SqlValue, right: SqlValue) -> SqlValue | None:
    """Compute with durations; None where the operands are of other kinds."""
    numbers = builder.numbers
    if isinstance(left, SqlDuration) and isinstance(right, SqlDuration):
        if op is BinaryOp.DIV:
            return numbers.arithmetic(op, length_of(left, numbers), length_of(right, numbers))
        pairs = zip(left.parts, right.parts, strict=True)
        parts = [numbers.arithmetic(op, numbers.text(a), numbers.text(b)).expr for a, b in pairs]
        return duration_of(parts, timed=left.timed or right.timed)
    if isinstance(left, SqlNumber) and isinstance(right, SqlDuration):
        left, right = right, left
    if isinstance(left, SqlDuration) and isinstance(right, SqlNumber):
        parts = [numbers.arithmetic(op, numbers.text(part), right).expr for part in left.parts]
        return duration_of(parts, timed=left.timed)
    return None


def negative_duration(builder: SqlBuilder, value: SqlDuration) -> SqlDuration:
    """Negate every part."""
    return duration_of([_signed(builder, part, -1) for part in value.parts], timed=value.timed)


def local_date(builder: SqlBuilder, moment: Sql) -> Sql:
    """Give the day of a moment in the app's zone."""
    zone = zone_of(builder)
    if builder.numbers.sqlite:
        return call("fs_local_date", kind_type(builder, ColumnKind.DATE), moment, zone)
    return cast(func.timezone(zone, moment), kind_type(builder, ColumnKind.DATE))


def _signed(builder: SqlBuilder, part: Sql, sign: int) -> Sql:
    return part if sign == 1 else builder.numbers.negative(builder.numbers.text(part)).expr


def zero_part(builder: SqlBuilder) -> Sql:
    """Give 0 as durations keep their parts."""
    return literal("0", Text()) if builder.numbers.sqlite else literal(0, Numeric())
