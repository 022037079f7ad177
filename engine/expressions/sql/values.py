"""What an expression is in SQL: one class a kind of value, each made of one or several SQL expressions.

A number on SQLite is an integer scaled by `places`, or a decimal text where `places` is None; on PostgreSQL it is
numeric and `places` says nothing. Every value may be NULL, which is `empty`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, null

Sql: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlEmpty:
    """`empty`, of no type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlText:
    """A text, the name of a choice's option, an id."""

    expr: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlNumber:
    """A number; integers have places 0. constant: its Python value where it is a literal."""

    expr: Sql
    places: int | None = None
    constant: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlBoolean:
    """A truth value; certain: it is never NULL."""

    expr: Sql
    certain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDate:
    """A day."""

    expr: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDatetime:
    """An instant."""

    expr: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTime:
    """A time of day."""

    expr: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDuration:
    """A duration: months, days and seconds are kept apart; NULL in `days` = empty.

    length: the column of its length in seconds, where it comes from a field.
    """

    months: Sql
    days: Sql
    seconds: Sql
    business: bool = False
    length: SqlNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlMoney:
    """An amount, its currency and the amount in base currency."""

    amount: SqlNumber
    currency: Sql
    base: SqlNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlReference:
    """A record: one id expression a possible target, at most one of them filled."""

    targets: tuple[tuple[str, Sql], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlAnyReference:
    """A record of any object: its id and its object's key."""

    id: Sql
    object: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlList:
    """Values written as a list."""

    items: tuple[SqlValue, ...]


SqlValue: TypeAlias = (
    SqlEmpty
    | SqlText
    | SqlNumber
    | SqlBoolean
    | SqlDate
    | SqlDatetime
    | SqlTime
    | SqlDuration
    | SqlMoney
    | SqlReference
    | SqlAnyReference
    | SqlList
)


def parts_of(value: SqlValue) -> tuple[Sql, ...]:
    """Give the SQL expressions a value is made of."""
    match value:
        case SqlEmpty():
            return (null(),)
        case SqlDuration():
            return (value.months, value.days, value.seconds)
        case SqlMoney():
            return (value.amount.expr, value.currency, value.base.expr)
        case SqlReference():
            return tuple(expr for _, expr in value.targets)
        case SqlAnyReference():
            return (value.id, value.object)
        case SqlList():
            return tuple(part for item in value.items for part in parts_of(item))
        case _:
            return (value.expr,)


def with_parts(value: SqlValue, parts: tuple[Sql, ...]) -> SqlValue:
    """Give a value of the same kind made of other SQL expressions (in the order of `parts_of`)."""
    match value:
        case SqlEmpty() | SqlList():
            return value
        case SqlDuration():
            return replace(value, months=parts[0], days=parts[1], seconds=parts[2], length=None)
        case SqlMoney():
            amount, base = replace(value.amount, expr=parts[0]), replace(value.base, expr=parts[2])
            return SqlMoney(amount=amount, currency=parts[1], base=base)
        case SqlReference():
            keys = (key for key, _ in value.targets)
            return SqlReference(targets=tuple(zip(keys, parts, strict=True)))
        case SqlAnyReference():
            return SqlAnyReference(id=parts[0], object=parts[1])
        case SqlNumber():
            return SqlNumber(expr=parts[0], places=value.places)
        case SqlBoolean():
            return SqlBoolean(expr=parts[0])
        case _:
            return replace(value, expr=parts[0])
