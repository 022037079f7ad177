"""`count`, `sum`, `exists`, `first` … over related records, as correlated subqueries; and `lookup(…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Numeric, Select, Text, and_, case, cast, exists, func, literal, not_, null, select

from engine.expressions.sql.comparing import by_code_point, in_base, length_of, same
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.merging import is_empty
from engine.expressions.sql.numbers import call
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import (
    Sql,
    SqlBoolean,
    SqlDuration,
    SqlEmpty,
    SqlMoney,
    SqlNumber,
    SqlReference,
    SqlText,
    SqlValue,
    duration_of,
    parts_of,
    with_parts,
)
from engine.expressions.sql.written import shown_text
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_KIND = t.AggregateKind


def aggregate_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give what an aggregate computes over its rows."""
    assert isinstance(node, t.Aggregate)
    rows = AggregateRows(builder, node, environment)
    match node.function:
        case _KIND.COUNT:
            return builder.numbers.integer(rows.scalar(func.count()))
        case _KIND.EXISTS:
            return SqlBoolean(expr=exists(rows.select(literal(1, Integer()))), certain=True)
        case _KIND.FIRST | _KIND.LAST:
            return _picked(rows)
        case _KIND.JOIN:
            return _joined(rows)
        case _:
            return _figure(rows)


class AggregateRows:
    """The rows of one aggregate: their FROM, their conditions, and the environment of what is said of a row."""

    def __init__(self, builder: SqlBuilder, node: t.Aggregate, environment: Environment) -> None:
        self.builder = builder
        self.node = node
        source = node.source
        if builder.metamodel.objects[source.object].source is not None:
            raise NotInSql(f"records of '{source.object}', which lie in another database,", node.at)
        if isinstance(source, t.ObjectSource) and source.given is not None:
            raise NotInSql(f"'{source.given}', a list that a rule is given,", node.at)
        self.table = builder.tables.of(source.object).table
        self.alias = self.table.alias()
        self.row = RowScope(builder, Frame(self.alias), source.object, self.alias, False, environment.eyes)
        self.inside = environment.with_row(self.row)
        conditions: list[Sql] = [self.alias.c["deleted_at"].is_(None)]
        if isinstance(source, t.InverseSource):
            conditions.append(_points_at(builder, self.row, source, environment))
        if environment.eyes is not None:
            readable = environment.eyes.record_condition(self.row)
            conditions += [] if readable is None else [readable]
        if node.where is not None:
            conditions.append(builder.condition(node.where, self.inside, loose=True))
        self.conditions = conditions
        self.inner = builder.value(node.inner, self.inside) if node.inner is not None else None
        self.order = self._order()

    def select(self, *columns: Any) -> Select[Any]:
        frame = self.row.frame
        if frame.leads:
            raise NotInSql(f"what '{frame.leads[0][0]}' has, which lies in another database,", self.node.at)
        query = select(*columns).select_from(frame.source).where(*self.conditions)
        return query.correlate_except(*frame.aliases)

    def scalar(self, column: Any) -> Any:
        return self.select(column).scalar_subquery()

    def _order(self) -> list[Any]:
        path = self.node.sorted_by
        if path is None:
            return [self.alias.c["id"]]
        parts = [self._key(self.builder.value(path.path, self.inside))]
        flipped = self.node.function is _KIND.LAST
        found: list[Any] = [parts[0].is_(None).asc() if not flipped else parts[0].is_(None).desc()]
        descending = path.descending != flipped
        found.append(parts[0].desc() if descending else parts[0].asc())
        found.append(self.alias.c["id"].desc() if flipped else self.alias.c["id"].asc())
        return found

    def _key(self, value: SqlValue) -> Sql:
        """Give what a value is sorted by: money in base currency, a duration by its length."""
        if isinstance(value, SqlDuration):
            return length_of(value, self.builder.numbers).expr
        part = parts_of(in_base(value))[0]
        return by_code_point(part, self.builder.numbers) if isinstance(value, SqlText) else part


def _points_at(builder: SqlBuilder, row: RowScope, source: t.InverseSource, environment: Environment) -> Sql:
    base = builder.value(source.base, environment)
    if not isinstance(base, SqlReference):
        raise NotInSql("a list of a record of any object", source.base.at)
    for key, expr in base.targets:
        if key == source.holder:
            return row.reference_to(source.inverse.field, key) == expr
    raise NotInSql(f"'{source.inverse.name}'", source.base.at)


def _figure(rows: AggregateRows) -> SqlValue:
    inner = rows.inner
    numbers = rows.builder.numbers
    if isinstance(inner, SqlMoney):
        return _money_figure(rows, inner)
    if isinstance(inner, SqlDuration):
        return _duration_figure(rows, inner)
    if isinstance(inner, SqlNumber):
        return _number_figure(rows, inner)
    if inner is None or isinstance(inner, SqlEmpty) or len(parts_of(inner)) != 1:
        raise NotInSql(f"'{rows.node.function}' of these values", rows.node.at)
    expr = parts_of(inner)[0]
    if isinstance(inner, SqlText):
        expr = by_code_point(expr, numbers)
    made = func.min(expr) if rows.node.function is _KIND.MIN else func.max(expr)
    return with_parts(inner, (rows.scalar(made),))


def _money_figure(rows: AggregateRows, inner: SqlMoney) -> SqlValue:
    """Give a figure of money: in the currency that all rows have, else in the base currency."""
    numbers, function = rows.builder.numbers, rows.node.function
    if not rows.builder.metamodel.currencies:
        return numbers.money(_number_figure(rows, inner.base))
    if function in (_KIND.MIN, _KIND.MAX):
        return _extreme_of(rows, inner, inner.base.expr)
    one_currency = rows.scalar(func.min(inner.currency) == func.max(inner.currency))
    in_base, in_currency = _number_figure(rows, inner.base), _number_figure(rows, inner.amount)
    amounts = numbers.merged([in_currency, in_base])
    amount = SqlNumber(expr=case((one_currency, amounts[0].expr), else_=amounts[1].expr), places=amounts[0].places)
    base_currency = literal(rows.builder.metamodel.main.currency, Text())
    currency = case((one_currency, rows.scalar(func.min(inner.currency))), else_=base_currency)
    if function is _KIND.AVG:
        currency = case((in_base.expr.is_(None), null()), else_=currency)
    return SqlMoney(amount=amount, currency=currency, base=in_base)


def _duration_figure(rows: AggregateRows, inner: SqlDuration) -> SqlValue:
    """Give the sum of durations, part by part, or the shortest or longest."""
    numbers = rows.builder.numbers
    if rows.node.function is not _KIND.SUM:
        return _extreme_of(rows, inner, length_of(inner, numbers).expr)
    return duration_of([_number_figure(rows, numbers.text(part)).expr for part in inner.parts], timed=inner.timed)


def _extreme_of(rows: AggregateRows, inner: SqlValue, key: Sql) -> SqlValue:
    """Give the whole value of the row whose key is least or greatest; of equal ones that of the first by id."""
    if rows.builder.numbers.sqlite:
        key = cast(key, Numeric())
    order = [key.asc() if rows.node.function is _KIND.MIN else key.desc(), rows.alias.c["id"].asc()]
    parts = [
        rows.select(part).where(key.is_not(None)).order_by(*order).limit(1).scalar_subquery()
        for part in parts_of(inner)
    ]
    return with_parts(inner, tuple(parts))


def _number_figure(rows: AggregateRows, inner: SqlNumber) -> SqlNumber:
    numbers, function = rows.builder.numbers, rows.node.function
    if not numbers.sqlite:
        return SqlNumber(expr=rows.scalar(_native_figure(function, inner.expr)))
    if inner.places is not None and function is not _KIND.AVG:
        return SqlNumber(expr=rows.scalar(_scaled_figure(function, inner.expr)), places=inner.places)
    names = {
        _KIND.SUM: "fs_sum_of", _KIND.AVG: "fs_average_of", _KIND.MIN: "fs_least_of", _KIND.MAX: "fs_greatest_of",
    }  # fmt: skip
    collected = func.json_group_array(inner.expr)
    return SqlNumber(expr=rows.scalar(call(names[function], Text(), collected, numbers.pair(inner)[1])))


def _scaled_figure(function: t.AggregateKind, expr: Sql) -> Sql:
    match function:
        case _KIND.SUM:
            return func.coalesce(func.sum(expr), 0)
        case _KIND.MIN:
            return func.min(expr)
        case _:
            return func.max(expr)


def _native_figure(function: t.AggregateKind, expr: Sql) -> Sql:
    match function:
        case _KIND.SUM:
            return func.fs_sig(cast(func.coalesce(func.sum(expr), 0), Numeric()), type_=Numeric())
        case _KIND.AVG:
            total, count = cast(func.sum(expr), Numeric()), cast(func.count(expr), Numeric())
            return func.fs_div(total, count, type_=Numeric())
        case _KIND.MIN:
            return func.min(expr)
        case _:
            return func.max(expr)


def _picked(rows: AggregateRows) -> SqlValue:
    """Give `first` or `last`: every part of the value by the same order."""
    value = rows.inner if rows.inner is not None else rows.row.reference
    parts = [rows.select(part).order_by(*rows.order).limit(1).scalar_subquery() for part in parts_of(value)]
    return with_parts(value, tuple(parts))


def _joined(rows: AggregateRows) -> SqlValue:
    assert rows.inner is not None
    assert rows.node.inner is not None
    text = func.nullif(shown_text(rows.builder, rows.inner, rows.node.inner, rows.inside), "")
    inside = rows.select(text.label("value")).order_by(*rows.order)
    if rows.builder.numbers.sqlite:
        ordered = inside.subquery()
        joined = select(func.group_concat(ordered.c.value, rows.node.separator)).scalar_subquery()
        return SqlText(expr=func.nullif(joined, ""))
    from sqlalchemy.dialects.postgresql import aggregate_order_by

    made = func.string_agg(text, aggregate_order_by(literal(rows.node.separator, Text()), *rows.order))
    return SqlText(expr=func.nullif(rows.scalar(made), ""))


def lookup_record(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `lookup(object, field, value)`: the one record that has the value."""
    assert isinstance(node, t.LookupRecord)
    if builder.metamodel.objects[node.object].source is not None:
        raise NotInSql(f"records of '{node.object}', which lie in another database,", node.at)
    table = builder.tables.of(node.object).table
    alias = table.alias()
    row = RowScope(builder, Frame(alias), node.object, alias, False, environment.eyes)
    wanted = builder.value(node.value, environment)
    if isinstance(wanted, SqlEmpty):
        return SqlReference(targets=((node.object, null()),))
    # Two empties are equal, but nothing is looked up by an empty.
    found = and_(not_(is_empty(wanted)), same(row.value(node.field.name), wanted, builder.numbers))
    conditions = [alias.c["deleted_at"].is_(None), found]
    if environment.eyes is not None:
        readable = environment.eyes.record_condition(row)
        conditions += [] if readable is None else [readable]
    only = case((func.count() == 1, func.min(cast(alias.c["id"], Text()))), else_=null())
    query = select(only).select_from(row.frame.source).where(*conditions).correlate_except(*row.frame.aliases)
    return SqlReference(targets=((node.object, cast(query.scalar_subquery(), table.c["id"].type)),))
