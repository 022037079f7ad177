"""Dates and moments in SQL: adding durations, differences, durations among themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Numeric, Text, cast, func, literal

from engine.expressions.sql.comparing import length_of
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import Sql, SqlDate, SqlDatetime, SqlDuration, SqlNumber, SqlValue
from engine.storage.column_types import ColumnKind
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def add_duration(builder: SqlBuilder, moment: SqlDate | SqlDatetime, duration: SqlDuration, sign: int) -> SqlValue:
    """Add (or with sign -1 take away) a duration; months clamp to the last day of the month."""
    months, days, seconds = (_signed(builder, part, sign) for part in _parts(duration))
    if isinstance(moment, SqlDate):
        type_ = kind_type(builder, ColumnKind.DATE)
        return SqlDate(expr=call("fs_add_date", type_, moment.expr, months, days))
    zone = literal(builder.metamodel.main.timezone, Text())
    type_ = kind_type(builder, ColumnKind.DATETIME)
    return SqlDatetime(expr=call("fs_add_moment", type_, moment.expr, months, days, seconds, zone))


def difference(builder: SqlBuilder, left: SqlDate | SqlDatetime, right: SqlDate | SqlDatetime) -> SqlValue:
    """Give the duration from right to left: days between dates, seconds between moments."""
    zero = _zero(builder)
    if isinstance(left, SqlDate) and isinstance(right, SqlDate):
        return SqlDuration(months=zero, days=days_between(builder, left.expr, right.expr), seconds=zero)
    if builder.numbers.sqlite:
        seconds: Sql = call("fs_seconds", Text(), left.expr, right.expr)
        return SqlDuration(months=zero, days=_null_with(seconds, zero), seconds=seconds)
    seconds = cast(func.extract("epoch", left.expr - right.expr), Numeric())
    return SqlDuration(months=zero, days=_null_with(seconds, zero), seconds=seconds)


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
        pairs = zip(_parts(left), _parts(right), strict=True)
        return _duration([numbers.arithmetic(op, numbers.text(a), numbers.text(b)).expr for a, b in pairs])
    if isinstance(left, SqlNumber) and isinstance(right, SqlDuration):
        left, right = right, left
    if isinstance(left, SqlDuration) and isinstance(right, SqlNumber):
        return _duration([numbers.arithmetic(op, numbers.text(part), right).expr for part in _parts(left)])
    return None


def local_date(builder: SqlBuilder, moment: Sql) -> Sql:
    """Give the day of a moment in the app's zone."""
    zone = literal(builder.metamodel.main.timezone, Text())
    if builder.numbers.sqlite:
        return call("fs_local_date", kind_type(builder, ColumnKind.DATE), moment, zone)
    return cast(func.timezone(zone, moment), kind_type(builder, ColumnKind.DATE))


def _parts(duration: SqlDuration) -> tuple[Sql, Sql, Sql]:
    return duration.months, duration.days, duration.seconds


def _duration(parts: list[Any]) -> SqlDuration:
    return SqlDuration(months=parts[0], days=parts[1], seconds=parts[2])


def _signed(builder: SqlBuilder, part: Sql, sign: int) -> Sql:
    return part if sign == 1 else builder.numbers.negative(builder.numbers.text(part)).expr


def _zero(builder: SqlBuilder) -> Sql:
    return literal("0", Text()) if builder.numbers.sqlite else literal(0, Numeric())


def _null_with(part: Sql, zero: Sql) -> Sql:
    from sqlalchemy import case, null

    return case((part.is_(None), null()), else_=zero)
