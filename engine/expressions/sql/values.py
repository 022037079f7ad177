"""What an expression is in SQL: one class a kind of value, each made of one or several SQL expressions.

A number on SQLite is an integer scaled by `places`, or a decimal text where `places` is None; on PostgreSQL it is
numeric and `places` says nothing. Every value may be NULL, which is `empty`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """A duration, its parts kept apart; NULL in `days` = empty.

    timed: by which calendar business time counts may matter. length: the column of its length in seconds, where it
    comes from a field.
    """

    months: Sql
    days: Sql
    business_days: Sql
    seconds: Sql
    business_seconds: Sql
    timed: bool = False
    length: SqlNumber | None = None

    @property
    def parts(self) -> tuple[Sql, Sql, Sql, Sql, Sql]:
        """The parts in the order of `Duration`."""
        return self.months, self.days, self.business_days, self.seconds, self.business_seconds


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
class SqlTexts:
    """The several texts of a field: an array on PostgreSQL, lines of one text on SQLite; never without one."""

    expr: Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlParts:
    """A compound value by its parts, texts or numbers; empty where all are NULL. field_type: such as `address`."""

    field_type: str
    parts: tuple[SqlText | SqlNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFiles:
    """Several files by their names, types, sizes and ids; a path makes the texts of one of these of it."""

    lists: tuple[Sql, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlList:
    """Values written as a list."""

    items: tuple[SqlValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlItems:
    """A list that the database has: a JSON array of texts."""

    expr: Sql


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
    | SqlTexts
    | SqlParts
    | SqlFiles
    | SqlList
    | SqlItems
)


def parts_of(value: SqlValue) -> tuple[Sql, ...]:
    """Give the SQL expressions a value is made of."""
    match value:
        case SqlEmpty():
            return (null(),)
        case SqlDuration():
            return value.parts
        case SqlMoney():
            return (value.amount.expr, value.currency, value.base.expr)
        case SqlParts():
            return tuple(part.expr for part in value.parts)
        case SqlFiles():
            return value.lists
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
            return duration_of(parts, timed=value.timed)
        case SqlMoney():
            # What was a literal is one no longer: a comparison would take the literal for it.
            amount = SqlNumber(expr=parts[0], places=value.amount.places)
            base = SqlNumber(expr=parts[2], places=value.base.places)
            return SqlMoney(amount=amount, currency=parts[1], base=base)
        case SqlParts():
            pairs = zip(value.parts, parts, strict=True)
            return replace(value, parts=tuple(replace(part, expr=expr) for part, expr in pairs))
        case SqlFiles():
            return SqlFiles(lists=parts)
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


def duration_of(parts: Sequence[Sql], *, timed: bool) -> SqlDuration:
    """Make a duration of its parts, in the order of `Duration`."""
    months, days, business_days, seconds, business_seconds = parts
    return SqlDuration(
        months=months,
        days=days,
        business_days=business_days,
        seconds=seconds,
        business_seconds=business_seconds,
        timed=timed,
    )
