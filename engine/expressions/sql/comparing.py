"""Equality and order in SQL with the language's meaning: two empties are equal, an order with an empty is false.

`loose` asks for a condition that may be NULL where it means false: right for a WHERE, and it lets indexes be used.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Numeric, Text, and_, case, cast, false, func, literal, null, or_
from sqlalchemy.sql.elements import BindParameter

from engine.expressions.sql.merging import is_empty
from engine.expressions.sql.numbers import Numbers, compare_plain
from engine.expressions.sql.runtime import Computed
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlBoolean,
    SqlDate,
    SqlDatetime,
    SqlDuration,
    SqlEmpty,
    SqlItems,
    SqlMoney,
    SqlNumber,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlTime,
    SqlValue,
    duration_of,
)
from engine.storage.column_types import PgUuid
from workflow_dsl.syntax import BinaryOp


def same(left: SqlValue, right: SqlValue, numbers: Numbers, *, loose: bool = False) -> Sql:
    """Say `left = right`."""
    if isinstance(left, SqlEmpty):
        return is_empty(right)
    if isinstance(right, SqlEmpty):
        return is_empty(left)
    if isinstance(left, SqlMoney) and isinstance(right, SqlMoney):
        return _same_money(left, right, numbers)
    first, second = in_base(left), in_base(right)
    if isinstance(first, SqlNumber) and isinstance(second, SqlNumber):
        return _same_number(first, second, numbers, loose=loose)
    if isinstance(left, SqlDuration) and isinstance(right, SqlDuration):
        return length_of(left, numbers).expr.is_not_distinct_from(length_of(right, numbers).expr)
    if isinstance(left, SqlReference | SqlAnyReference) and isinstance(right, SqlReference | SqlAnyReference):
        return _same_record(left, right, loose=loose)
    return _same_plain(_only(left), _only(right), loose=loose)


def ordered(op: BinaryOp, left: SqlValue, right: SqlValue, numbers: Numbers, *, loose: bool = False) -> Sql:
    """Say `left < right` and the like."""
    if isinstance(left, SqlEmpty) or isinstance(right, SqlEmpty):
        return false()
    if isinstance(left, SqlMoney) and isinstance(right, SqlMoney):
        compared = _order_money(op, left, right, numbers)
    elif isinstance(left, SqlDuration) and isinstance(right, SqlDuration):
        compared = numbers.compare(op, length_of(left, numbers), length_of(right, numbers))
    else:
        first, second = in_base(left), in_base(right)
        if isinstance(first, SqlNumber) and isinstance(second, SqlNumber):
            compared = numbers.compare(op, first, second)
        else:
            compared = _order_plain(op, left, right, numbers)
    return compared if loose else func.coalesce(compared, false())


def in_base(value: SqlValue) -> SqlValue:
    """Give money as the number it is in base currency."""
    return value.base if isinstance(value, SqlMoney) else value


def length_of(value: SqlDuration, numbers: Numbers) -> SqlNumber:
    """Give a duration's length in seconds; a month counts 30 days."""
    if value.length is not None:
        return value.length
    months, days, business_days, seconds, business_seconds = (numbers.text(part) for part in value.parts)
    month_days = numbers.arithmetic(BinaryOp.MUL, months, numbers.number(30))
    all_days = numbers.arithmetic(BinaryOp.ADD, month_days, days)
    if value.timed:
        all_days = numbers.arithmetic(BinaryOp.ADD, all_days, business_days)
        seconds = numbers.arithmetic(BinaryOp.ADD, seconds, business_seconds)
    day_seconds = numbers.arithmetic(BinaryOp.MUL, all_days, numbers.number(86_400))
    return numbers.arithmetic(BinaryOp.ADD, day_seconds, seconds)


def of_seconds(column: Sql, numbers: Numbers) -> SqlDuration:
    """Give the duration that a column of seconds holds."""
    length = numbers.integer(column)
    zero: Sql = literal("0", Text()) if numbers.sqlite else literal(0, Numeric())
    seconds = cast(column, Text()) if numbers.sqlite else length.expr
    none = case((column.is_(None), null()), else_=zero)
    return replace(duration_of((none, none, none, seconds, none), timed=False), length=length)


def _same_number(left: SqlNumber, right: SqlNumber, numbers: Numbers, *, loose: bool) -> Sql:
    if loose and (left.constant is not None or right.constant is not None):
        return numbers.compare(BinaryOp.EQ, left, right)
    return numbers.same(left, right)


def _same_money(left: SqlMoney, right: SqlMoney, numbers: Numbers) -> Sql:
    if left.currency is right.currency:
        return numbers.same(left.amount, right.amount)
    in_currency = left.currency == right.currency
    return case((in_currency, numbers.same(left.amount, right.amount)), else_=numbers.same(left.base, right.base))


def _order_money(op: BinaryOp, left: SqlMoney, right: SqlMoney, numbers: Numbers) -> Sql:
    in_currency = left.currency == right.currency
    amounts = numbers.compare(op, left.amount, right.amount)
    return case((in_currency, amounts), else_=numbers.compare(op, left.base, right.base))


def _order_plain(op: BinaryOp, left: SqlValue, right: SqlValue, numbers: Numbers) -> Sql:
    first, second = _only(left), _only(right)
    if isinstance(left, SqlText):
        first, second = by_code_point(first, numbers), by_code_point(second, numbers)
    return compare_plain(op, first, second)


def by_code_point(expr: Sql, numbers: Numbers) -> Sql:
    """Let a text be ordered by code point, whatever the database's own order is."""
    return expr if numbers.sqlite else expr.collate("C")


def _same_plain(left: Sql, right: Sql, *, loose: bool) -> Sql:
    first, second = _same_type(left, right)
    if loose and (is_filled(first) or is_filled(second)):
        return first == second
    return first.is_not_distinct_from(second)


def _same_type(left: Sql, right: Sql) -> tuple[Sql, Sql]:
    # An id is uuid on PostgreSQL; compared with a text it is taken as text.
    if isinstance(left.type, PgUuid) != isinstance(right.type, PgUuid):
        return cast(left, Text()), cast(right, Text())
    return left, right


def is_filled(expr: Sql) -> bool:
    """Say that an expression is a value known to be filled."""
    if not isinstance(expr, BindParameter) or expr.value is None or expr.required:
        return False
    return not isinstance(expr.value, Computed) or expr.value.filled


def _same_record(left: SqlReference | SqlAnyReference, right: SqlReference | SqlAnyReference, *, loose: bool) -> Sql:
    if isinstance(left, SqlReference) and isinstance(right, SqlReference):
        return _same_reference(left, right, loose=loose)
    first, second = _id_of(left), _id_of(right)
    return first.is_not_distinct_from(second)


def _same_reference(left: SqlReference, right: SqlReference, *, loose: bool) -> Sql:
    mine, theirs = dict(left.targets), dict(right.targets)
    if len(mine) == 1 and mine.keys() == theirs.keys():
        (key,) = mine
        return _same_plain(mine[key], theirs[key], loose=loose)
    both_empty = and_(is_empty(left), is_empty(right))
    pairs = [func.coalesce(mine[key] == theirs[key], false()) for key in mine if key in theirs]
    return or_(both_empty, *pairs)


def _id_of(value: SqlReference | SqlAnyReference) -> Sql:
    if isinstance(value, SqlAnyReference):
        return value.id
    ids = [expr for _, expr in value.targets]
    return func.coalesce(*ids) if len(ids) > 1 else ids[0]


def _only(value: SqlValue) -> Sql:
    match value:
        case SqlBoolean() | SqlText() | SqlItems() | SqlTexts():
            return value.expr
        case SqlReference():
            return _id_of(value)
        case SqlAnyReference():
            return value.id
        case SqlNumber() | SqlDate() | SqlDatetime() | SqlTime():
            return value.expr
        case _:
            return null()
