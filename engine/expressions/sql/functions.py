"""Calls of the language's functions in SQL: those that a database can compute with the same meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Integer, Numeric, Text, case, cast, extract, false, func, literal, null, or_

from engine.expressions.sql import people
from engine.expressions.sql.called import CALLED, called, whole_integer
from engine.expressions.sql.comparing import ordered
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.dates import add_duration, days_between, local_date, plain_duration, zone_of
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.merging import choose, is_empty
from engine.expressions.sql.numbers import call
from engine.expressions.sql.subtrees import in_subtree
from engine.expressions.sql.values import (
    Sql,
    SqlBoolean,
    SqlDate,
    SqlDatetime,
    SqlEmpty,
    SqlMoney,
    SqlNumber,
    SqlText,
    SqlValue,
)
from engine.expressions.sql.written import exact_text
from engine.storage.column_types import ColumnKind
from workflow_dsl import typed as t
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_MOST_DIGITS = 28
Make = Callable[["SqlBuilder", Sequence[SqlValue], t.FunctionCall], SqlValue]


def function_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give the value of a call; with an empty argument it is empty, save where the function takes empties.

    Raises: NotInSql where the function has no SQL.
    """
    assert isinstance(node, t.FunctionCall)
    name = node.function.name
    if name not in FUNCTIONS_IN_SQL:
        raise NotInSql(f"'{name}(…)'", node.at)
    args = [builder.value(arg, environment) for arg in node.args]
    if name in ("min", "max"):
        return _extreme(builder, args, node)
    if name in _OF_EMPTIES:
        return _OF_EMPTIES[name](builder, args, node)
    if any(isinstance(arg, SqlEmpty) for arg in args):
        return SqlEmpty()
    if name == "in_subtree":
        return in_subtree(builder, args, node, environment)
    make = _MAKERS.get(name)
    return make(builder, args, node) if make is not None else called(builder, args, node)


def _text(value: SqlValue, node: t.FunctionCall) -> Sql:
    if not isinstance(value, SqlText):
        raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)
    return cast(value.expr, Text())


def _whole(builder: SqlBuilder, value: SqlValue, node: t.FunctionCall) -> Sql:
    """Give a whole number as the database's own integer, at most a thousand million either way."""
    if not isinstance(value, SqlNumber):
        raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)
    return whole_integer(builder, builder.numbers.plain(value))


def _filled(text: Sql) -> SqlText:
    return SqlText(expr=func.nullif(text, ""))


def _length(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    return builder.numbers.integer(func.length(_text(args[0], node)))


def _left(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    count = _at_least(builder, _whole(builder, args[1], node), 0)
    return _filled(func.substr(_text(args[0], node), 1, count))


def _right(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    text, count = _text(args[0], node), _whole(builder, args[1], node)
    start = _at_least(builder, func.length(text) - count + 1, 1)
    tail = func.substr(text, start)
    return _filled(case((count <= 0, null()), else_=tail))


def _mid(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    text, start = _text(args[0], node), _at_least(builder, _whole(builder, args[1], node), 1)
    if len(args) < 3:
        return _filled(func.substr(text, start))
    return _filled(func.substr(text, start, _at_least(builder, _whole(builder, args[2], node), 0)))


def _at_least(builder: SqlBuilder, expr: Sql, least: int) -> Sql:
    # Not greatest(): it passes over NULL, and an empty count must give an empty text.
    return case((expr < least, literal(least, Integer())), else_=expr)


def _date(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    match args:
        case [SqlDatetime() as moment]:
            return SqlDate(expr=local_date(builder, moment.expr))
        case [SqlDate() as day]:
            return day
    return called(builder, args, node)


def _number(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    return args[0].amount if isinstance(args[0], SqlMoney) else called(builder, args, node)


def _is_number(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    if isinstance(args[0], SqlEmpty):
        return SqlBoolean(expr=false(), certain=True)
    read = call("fs_read_number", Text() if builder.numbers.sqlite else Numeric(), _text(args[0], node))
    return SqlBoolean(expr=read.is_not(None), certain=True)


def _replace(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give `replace`; an empty third argument takes the part out."""
    if isinstance(args[0], SqlEmpty) or isinstance(args[1], SqlEmpty):
        return args[0]
    text, part = _text(args[0], node), _text(args[1], node)
    by = literal("", Text()) if isinstance(args[2], SqlEmpty) else func.coalesce(_text(args[2], node), "")
    return SqlText(expr=case((part.is_(None), text), else_=call("fs_replace", Text(), text, part, by)))


def _join(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give `join` of a list: an empty separator joins the texts without one."""
    if isinstance(args[0], SqlEmpty) or len(args) == 1:
        return args[0] if isinstance(args[0], SqlEmpty) else called(builder, args, node)
    between = "" if isinstance(args[1], SqlEmpty) else _text(args[1], node)
    return called(builder, [args[0], SqlText(expr=func.coalesce(between, literal("", Text())))], node)


def _as_text(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    return SqlText(expr=func.nullif(exact_text(builder, args[0], node.args[0]), ""))


def _day_of(builder: SqlBuilder, value: SqlValue, node: t.FunctionCall) -> Sql:
    if isinstance(value, SqlDatetime):
        return local_date(builder, value.expr)
    if isinstance(value, SqlDate):
        return value.expr
    raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)


def _part(sqlite_format: str, field: str) -> Make:
    def make(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
        day = _day_of(builder, args[0], node)
        if builder.numbers.sqlite:
            return builder.numbers.integer(cast(func.strftime(sqlite_format, day), Integer()))
        return builder.numbers.integer(extract(field, day))

    return make


def _quarter(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    day = _day_of(builder, args[0], node)
    if builder.numbers.sqlite:
        month = cast(func.strftime("%m", day), Integer())
        return builder.numbers.integer((month + 2) // literal(3, Integer()))
    return builder.numbers.integer(extract("quarter", day))


def _clock(sqlite_start: int, field: str) -> Make:
    """Make the hour or minute of a moment or time of day."""

    def make(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
        time = args[0].expr  # type: ignore[union-attr]
        if isinstance(args[0], SqlDatetime):
            time = call("fs_local_time", kind_type(builder, ColumnKind.TIME), time, zone_of(builder))
        if builder.numbers.sqlite:
            return builder.numbers.integer(cast(func.substr(cast(time, Text()), sqlite_start, 2), Integer()))
        return builder.numbers.integer(extract(field, time))

    return make


def _moved(unit: str) -> Make:
    """Make `add_days` and `add_months`."""

    def make(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
        moment, count = args
        if not isinstance(moment, SqlDate | SqlDatetime) or not isinstance(count, SqlNumber):
            raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)
        exact = cast(builder.numbers.plain(count), Text() if builder.numbers.sqlite else Numeric())
        return add_duration(builder, moment, plain_duration(builder, **{unit: exact}), 1)

    return make


def _weekday(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    day = _day_of(builder, args[0], node)
    if builder.numbers.sqlite:
        number = cast(func.strftime("%w", day), Integer())
        return builder.numbers.integer((number + 6) % literal(7, Integer()) + 1)
    return builder.numbers.integer(extract("isodow", day))


def _days_between(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    first, last = (_day_of(builder, arg, node) for arg in args)
    days = days_between(builder, last, first)
    return builder.numbers.integer(cast(days, Integer()))


def _on_amount(name: str) -> Make:
    """Make a function of a number that keeps the currency of money."""

    def make(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
        digits = _whole(builder, args[1], node) if len(args) > 1 else literal(0, Integer())
        match args[0]:
            case SqlMoney() as money:
                amount, base = _apply(builder, name, money.amount, digits), _apply(builder, name, money.base, digits)
                return SqlMoney(amount=amount, currency=money.currency, base=base)
            case SqlNumber() as number:
                return _apply(builder, name, number, digits)
        raise NotInSql(f"'{name}(…)' of these values", node.at)

    return make


def _apply(builder: SqlBuilder, name: str, number: SqlNumber, digits: Sql) -> SqlNumber:
    numbers = builder.numbers
    if name == "round":
        # Beyond these memory refuses; what fails in SQL is empty.
        digits = case((digits.between(-_MOST_DIGITS, _MOST_DIGITS), digits), else_=null())
    if numbers.sqlite:
        extra = (digits,) if name == "round" else ()
        return SqlNumber(expr=call(f"fs_{name}", Text(), *numbers.pair(number), *extra))
    exact = cast(number.expr, Numeric())
    made = {
        "abs": func.abs(exact),
        "floor": func.floor(exact),
        "ceil": func.ceil(exact),
        "round": func.round(exact, cast(digits, Integer())),
    }[name]
    return SqlNumber(expr=cast(made, Numeric()))


def _extreme(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give the least or greatest argument that is not empty."""
    filled = [arg for arg in args if not isinstance(arg, SqlEmpty)]
    if not filled:
        return SqlEmpty()
    op = BinaryOp.LT if node.function.name == "min" else BinaryOp.GT
    best: SqlValue = filled[0]
    for other in filled[1:]:
        take_other = or_(is_empty(best), ordered(op, other, best, builder.numbers))
        best = choose([best, other], builder.numbers, partial(_pick, take_other))
    return best


def _pick(take_other: Sql, parts: tuple[Sql, ...]) -> Sql:
    return case((take_other, parts[1]), else_=parts[0])


_MAKERS: Mapping[str, Make] = {
    "len": _length,
    "left": _left,
    "right": _right,
    "mid": _mid,
    "date": _date,
    "year": _part("%Y", "year"),
    "month": _part("%m", "month"),
    "day": _part("%d", "day"),
    "quarter": _quarter,
    "weekday": _weekday,
    "hour": _clock(1, "hour"),
    "minute": _clock(4, "minute"),
    "add_days": _moved("days"),
    "add_months": _moved("months"),
    "days_between": _days_between,
    "abs": _on_amount("abs"),
    "round": _on_amount("round"),
    "floor": _on_amount("floor"),
    "ceil": _on_amount("ceil"),
    "number": _number,
    "url": people.url,
    "token": people.token,
    "in_team": people.in_team,
    "is_subordinate": people.is_subordinate,
    "has_permission": people.has_permission,
}
_OF_EMPTIES: Mapping[str, Make] = {"join": _join, "replace": _replace, "text": _as_text, "is_number": _is_number}

FUNCTIONS_IN_SQL = frozenset((*_MAKERS, *_OF_EMPTIES, *CALLED, "min", "max", "in_subtree"))
