"""Values that no record gives: literals, settings, `today`, `now`, `queue "x"`; and parts evaluated before each run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Text, literal, select
from sqlalchemy.types import TypeEngine

from engine.expressions.arithmetic import write_number
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.runtime import RunValues, computed
from engine.expressions.sql.values import (
    SqlBoolean,
    SqlDate,
    SqlDatetime,
    SqlEmpty,
    SqlItems,
    SqlList,
    SqlMoney,
    SqlNumber,
    SqlReference,
    SqlText,
    SqlTime,
    SqlValue,
    duration_of,
)
from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from metamodel.values import Money
from workflow_dsl import typed as t
from workflow_dsl.durations import Duration
from workflow_dsl.syntax import NamedKind
from workflow_dsl.types import Kind, Type

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_RUN_KINDS = frozenset(
    (Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT, Kind.BOOLEAN, Kind.LIST)
)


def constant_value(builder: SqlBuilder, node: t.Typed, _environment: Environment) -> SqlValue:
    """Give a literal."""
    assert isinstance(node, t.Constant)
    return python_value(builder, node.value, node)


def setting_value(builder: SqlBuilder, node: t.Typed, _environment: Environment) -> SqlValue:
    """Give a setting's value."""
    assert isinstance(node, t.SettingValue)
    return python_value(builder, builder.source.setting(node.name), node)


def context_value(builder: SqlBuilder, node: t.Typed, _environment: Environment) -> SqlValue:
    """Give `today` or `now`."""
    assert isinstance(node, t.ContextValue)
    if node.name is t.ContextName.TODAY:
        return SqlDate(expr=computed("today", lambda run: run.today, kind_type(builder, ColumnKind.DATE), filled=True))
    return SqlDatetime(expr=computed("now", lambda run: run.now, kind_type(builder, ColumnKind.DATETIME), filled=True))


def named_value(builder: SqlBuilder, node: t.Typed, _environment: Environment) -> SqlValue:
    """Give `queue "x"` or `team "x"` as the record of that name, `role "x"` as its name."""
    assert isinstance(node, t.NamedValue)
    if node.kind is NamedKind.ROLE:
        return SqlText(expr=literal(node.name, Text()))
    found = builder.metamodel.find_object(node.kind.value)
    if found is None:
        raise NotInSql(f'{node.kind.value} "{node.name}"', node.at)
    table = builder.tables.of(found.key).table
    query = select(table.c["id"]).where(table.c["name"] == node.name, table.c["deleted_at"].is_(None)).limit(1)
    return SqlReference(targets=((found.key, query.scalar_subquery()),))


def run_constant(builder: SqlBuilder, node: t.Typed) -> SqlValue | None:
    """Give a compound part that reads no record as a parameter computed at each run; None where it reads one."""
    if isinstance(node, t.Constant | t.ContextValue) or node.type.kind not in _RUN_KINDS:
        return None
    if not isinstance(node, t.Arithmetic | t.FunctionCall) or not _reads_nothing(node):
        return None
    return _computed_part(builder, node, builder.source.evaluate(node))


def _computed_part(builder: SqlBuilder, node: t.Typed, evaluate: Callable[[Any], object]) -> SqlValue:
    kind = node.type.kind

    def compute(run: RunValues) -> object:
        return evaluate(run.context)

    def compute_number(run: RunValues) -> object:
        value = evaluate(run.context)
        if builder.tables.dialect is Dialect.POSTGRESQL or value is None:
            return value
        return write_number(Decimal(str(value)))

    if kind is Kind.TEXT:
        return SqlText(expr=computed("part", compute, Text()))
    if kind is Kind.BOOLEAN:
        return SqlBoolean(expr=computed("part", compute, Boolean()))
    if kind is Kind.LIST:
        return SqlItems(expr=computed("part", lambda run: _listed(evaluate(run.context)), json_type(builder)))
    moments = _MOMENTS.get(kind)
    if moments is None:
        return SqlNumber(expr=computed("part", compute_number, _number_type(builder)))
    column, make = moments
    # `today - 1 year` is never empty, so that an index may serve it.
    return make(expr=computed("part", compute, kind_type(builder, column), filled=_is_shifted_today(node)))


def _is_shifted_today(node: t.Typed) -> bool:
    if not isinstance(node, t.Arithmetic) or not isinstance(node.right, t.Constant):
        return False
    return isinstance(node.left, t.ContextValue) and node.right.value is not None


_MOMENTS: Mapping[Kind, tuple[ColumnKind, Callable[..., SqlValue]]] = MappingProxyType(
    {
        Kind.DATE: (ColumnKind.DATE, SqlDate),
        Kind.DATETIME: (ColumnKind.DATETIME, SqlDatetime),
        Kind.TIME: (ColumnKind.TIME, SqlTime),
    }
)


def _reads_nothing(node: t.Typed) -> bool:
    if isinstance(node, t.Constant | t.ContextValue | t.SettingValue):
        return True
    if isinstance(node, t.Arithmetic):
        return _reads_nothing(node.left) and _reads_nothing(node.right)
    if isinstance(node, t.FunctionCall):
        return all(_reads_nothing(arg) for arg in node.args)
    return False


def python_value(builder: SqlBuilder, value: object, node: t.Typed) -> SqlValue:
    """Give a Python value as SQL."""
    if value is None:
        return SqlEmpty()
    if isinstance(value, bool):
        return SqlBoolean(expr=literal(value, Boolean()), certain=True)
    if isinstance(value, int | Decimal):
        return builder.numbers.number(value)
    if isinstance(value, Money):
        return _money(builder, value)
    if isinstance(value, Duration):
        return _duration(builder, value)
    if isinstance(value, tuple | list):
        return SqlList(items=tuple(python_value(builder, item, node) for item in value))
    return _plain(builder, value, node)


def _plain(builder: SqlBuilder, value: object, node: t.Typed) -> SqlValue:
    if isinstance(value, dt.datetime):
        return SqlDatetime(expr=literal(value, kind_type(builder, ColumnKind.DATETIME)))
    if isinstance(value, dt.date):
        return SqlDate(expr=literal(value, kind_type(builder, ColumnKind.DATE)))
    if isinstance(value, dt.time):
        return SqlTime(expr=literal(value, kind_type(builder, ColumnKind.TIME)))
    if isinstance(value, str):
        return _text(builder, value, node.type)
    raise NotInSql(f"a value of type {node.type}", node.at)


def _text(builder: SqlBuilder, value: str, type_: Type) -> SqlValue:
    if type_.kind is Kind.RECORD and len(type_.objects) == 1:
        return SqlReference(targets=((type_.objects[0], literal(value, kind_type(builder, ColumnKind.ID))),))
    return SqlText(expr=literal(value, Text()))


def _money(builder: SqlBuilder, value: Money) -> SqlValue:
    amount = builder.numbers.number(value.amount)
    if value.currency == builder.metamodel.main.currency:
        return SqlMoney(amount=amount, currency=literal(value.currency, Text()), base=amount)
    base = computed("base", _in_base(builder, value), _number_type(builder))
    return SqlMoney(amount=amount, currency=literal(value.currency, Text()), base=SqlNumber(expr=base))


def _in_base(builder: SqlBuilder, value: Money) -> Callable[[RunValues], object]:
    """Give what converts an amount at each run: rates are of the day, not of the release."""

    def compute(run: RunValues) -> object:
        in_base = run.context.to_base(value)
        return in_base if builder.tables.dialect is Dialect.POSTGRESQL else write_number(in_base)

    return compute


def _duration(builder: SqlBuilder, value: Duration) -> SqlValue:
    timed = bool(value.business_days or value.business_seconds)
    return duration_of([exact(builder, part) for part in value], timed=timed)


def exact(builder: SqlBuilder, value: Decimal) -> Any:
    """Give a number as durations keep their parts: decimal text on SQLite, numeric on PostgreSQL."""
    if builder.tables.dialect is Dialect.SQLITE:
        return literal(write_number(value), Text())
    return builder.numbers.number(value).expr


def json_type(builder: SqlBuilder) -> TypeEngine[Any]:
    """Give the column type of lists."""
    return kind_type(builder, ColumnKind.JSON)


def _listed(value: Any) -> list[object] | None:
    return None if value is None else list(value)


def kind_type(builder: SqlBuilder, kind: ColumnKind) -> TypeEngine[Any]:
    """Give the column type of a kind on the builder's database."""
    return column_type(kind, builder.tables.dialect)


def _number_type(builder: SqlBuilder) -> TypeEngine[Any]:
    from sqlalchemy import Numeric

    return Text() if builder.tables.dialect is Dialect.SQLITE else Numeric()
