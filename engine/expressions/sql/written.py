"""Values as texts in SQL: as `text(…)` writes them, and as people read them inside a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Numeric, Text, case, cast, func, literal, null

from engine.expressions.sql.dates import zone_of
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.making_items import as_items
from engine.expressions.sql.numbers import call
from engine.expressions.sql.titles import record_title
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlBoolean,
    SqlDate,
    SqlDatetime,
    SqlDuration,
    SqlEmpty,
    SqlItems,
    SqlList,
    SqlMoney,
    SqlNumber,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlTime,
    SqlValue,
)
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

Write = Callable[["SqlBuilder", Any], Sql]


def shown_text(builder: SqlBuilder, value: SqlValue, node: t.Typed, environment: Environment) -> Sql:
    """Give a value as people read it in a text; NULL or "" where it is empty.

    Raises: NotInSql.
    """
    match value:
        case SqlMoney():
            amount = value.amount
            parts = builder.numbers.pair(amount) if builder.numbers.sqlite else (cast(amount.expr, Numeric()),)
            return call("fs_shown_amount", Text(), *parts).concat(" ").concat(value.currency)
        case SqlDatetime():
            return call("fs_shown_moment", Text(), value.expr, zone_of(builder))
        case SqlReference() | SqlAnyReference():
            return func.coalesce(record_title(builder, node, value, environment), "")
    return exact_text(builder, value, node)


def exact_text(builder: SqlBuilder, value: SqlValue, node: t.Typed) -> Sql:
    """Give a value as `text(…)` writes it; NULL or "" where it is empty.

    Raises: NotInSql.
    """
    write = _WRITERS.get(type(value))
    if write is None:
        raise NotInSql(f"a {node.type} within a text", node.at)
    return write(builder, value)


def number_text(builder: SqlBuilder, value: SqlNumber) -> Sql:
    """Give a number as text: no more digits than it needs."""
    if builder.numbers.sqlite:
        return cast(builder.numbers.plain(value), Text())
    return cast(func.trim_scale(value.expr), Text())


def _truth(builder: SqlBuilder, value: SqlBoolean) -> Sql:
    return case((value.expr.is_(True), "true"), (value.expr.is_(False), "false"), else_=null())


def _moment(builder: SqlBuilder, value: SqlDatetime) -> Sql:
    return call("fs_text_moment", Text(), value.expr, zone_of(builder))


def _items(builder: SqlBuilder, value: SqlItems | SqlList | SqlTexts) -> Sql:
    return call("fs_join", Text(), as_items(builder.numbers, value).expr, literal(", ", Text()))


def _ids(builder: SqlBuilder, value: SqlReference) -> Sql:
    ids = [cast(expr, Text()) for _, expr in value.targets]
    return func.coalesce(*ids) if len(ids) > 1 else ids[0]


_WRITERS: Mapping[type[Any], Write] = MappingProxyType(
    {
        SqlEmpty: lambda builder, value: literal("", Text()),
        SqlText: lambda builder, value: cast(value.expr, Text()),
        SqlNumber: number_text,
        SqlDate: lambda builder, value: cast(value.expr, Text()),
        SqlBoolean: _truth,
        SqlMoney: lambda builder, value: number_text(builder, value.amount).concat(" ").concat(value.currency),
        SqlDatetime: _moment,
        SqlTime: lambda builder, value: call("fs_text_time", Text(), value.expr),
        SqlDuration: lambda builder, value: call("fs_text_duration", Text(), *value.parts),
        SqlItems: _items,
        SqlList: _items,
        SqlTexts: _items,
        SqlReference: _ids,
        SqlAnyReference: lambda builder, value: cast(value.id, Text()),
    }
)
