"""Calls of functions that run in a database under a name of their own: see `database_calls`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Numeric, Text, case, cast, literal

from engine.expressions.database_calls import DATABASE_CALLS, DatabaseCall
from engine.expressions.sql.constants import json_type, kind_type
from engine.expressions.sql.dates import calendar_in_force, local_date, zone_of
from engine.expressions.sql.environment import NotInSql
from engine.expressions.sql.making_items import as_items
from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import (
    Sql,
    SqlDate,
    SqlDatetime,
    SqlItems,
    SqlList,
    SqlMoney,
    SqlNumber,
    SqlText,
    SqlTexts,
    SqlTime,
    SqlValue,
)
from engine.storage.column_types import ColumnKind
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_MOST = 1_000_000_000
_LETTERS: Mapping[str, tuple[type[Any], ...]] = MappingProxyType(
    {
        "t": (SqlText,),
        "n": (SqlNumber, SqlMoney),
        "i": (SqlNumber,),
        "d": (SqlDate,),
        "D": (SqlDate, SqlDatetime),
        "m": (SqlDatetime,),
        "h": (SqlTime,),
        "l": (SqlItems, SqlList, SqlTexts),
    }
)


def _by_function() -> Mapping[str, Sequence[DatabaseCall]]:
    found: dict[str, list[DatabaseCall]] = defaultdict(list)
    for each in DATABASE_CALLS:
        found[each.of[0]].append(each)
    return MappingProxyType(found)


CALLED = _by_function()


def called(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give the call of the function that takes these arguments.

    Raises: NotInSql.
    """
    for found in CALLED.get(node.function.name, ()):
        missing = len(found.takes) - len(args)
        if 0 <= missing <= len(found.defaults) and _takes(found, args):
            return _emitted(builder, found, args, missing)
    raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)


def _takes(found: DatabaseCall, args: Sequence[SqlValue]) -> bool:
    return all(isinstance(arg, _LETTERS[letter]) for letter, arg in zip(found.takes, args, strict=False))


def _emitted(builder: SqlBuilder, found: DatabaseCall, args: Sequence[SqlValue], missing: int) -> SqlValue:
    parts: list[Sql] = []
    for letter, arg in zip(found.takes, args, strict=False):
        parts += _argument(builder, letter, arg)
    for letter, default in zip(found.takes[len(args) :], found.defaults[len(found.defaults) - missing :], strict=True):
        value = SqlText(expr=literal(default, Text())) if isinstance(default, str) else _whole_number(builder, default)
        parts += _argument(builder, letter, value)
    if found.extra:
        parts.append(zone_of(builder) if found.extra == "z" else calendar_in_force())
    return _result(builder, found, parts)


def _whole_number(builder: SqlBuilder, value: object) -> SqlNumber:
    assert isinstance(value, int)
    return builder.numbers.number(value)


def _argument(builder: SqlBuilder, letter: str, arg: SqlValue) -> tuple[Sql, ...]:
    """Give an argument in the form of its letter."""
    numbers = builder.numbers
    match arg:
        case SqlMoney() | SqlNumber() if letter == "n":
            number = arg.amount if isinstance(arg, SqlMoney) else arg
            return numbers.pair(number) if numbers.sqlite else (cast(number.expr, Numeric()),)
        case SqlNumber():
            return (whole_integer(builder, numbers.plain(arg)),)
        case SqlDatetime() if letter == "D":
            return (local_date(builder, arg.expr),)
        case SqlItems() | SqlList() | SqlTexts():
            return (as_items(builder.numbers, arg).expr,)
        case SqlText():
            return (cast(arg.expr, Text()),)
        case _:
            return (arg.expr,)  # type: ignore[union-attr]


def whole_integer(builder: SqlBuilder, plain: Sql) -> Sql:
    """Give a whole number as the database's own integer, at most a thousand million either way."""
    if not builder.numbers.sqlite:
        plain = case((plain > _MOST, literal(_MOST)), (plain < -_MOST, literal(-_MOST)), else_=plain)
    return cast(plain, Integer())


def _result(builder: SqlBuilder, found: DatabaseCall, parts: Sequence[Sql]) -> SqlValue:
    numbers = builder.numbers
    match found.gives:
        case "t":
            return SqlText(expr=call(found.name, Text(), *parts))
        case "n":
            return SqlNumber(expr=call(found.name, Text() if numbers.sqlite else Numeric(), *parts))
        case "i":
            return numbers.integer(call(found.name, Integer(), *parts))
        case "l":
            return SqlItems(expr=call(found.name, json_type(builder), *parts))
        case "d":
            return SqlDate(expr=call(found.name, kind_type(builder, ColumnKind.DATE), *parts))
        case "h":
            return SqlTime(expr=call(found.name, kind_type(builder, ColumnKind.TIME), *parts))
        case _:
            return SqlDatetime(expr=call(found.name, kind_type(builder, ColumnKind.DATETIME), *parts))
