"""Conditions in SQL: and, or, not, comparisons, `in`, `between`, periods, `is empty`, `is a`, `has role`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, false, func, not_, or_, true

from engine.expressions.sql.comparing import is_filled, ordered, same
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.items import holds_item
from engine.expressions.sql.lists import as_texts, holds_text
from engine.expressions.sql.merging import is_empty
from engine.expressions.sql.people import role_of
from engine.expressions.sql.runtime import RunValues, computed
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlDatetime,
    SqlEmpty,
    SqlItems,
    SqlList,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlValue,
)
from engine.storage.column_types import ColumnKind
from workflow_dsl import typed as t
from workflow_dsl.periods import period_bounds
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def conjunction(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `a and b`."""
    assert isinstance(node, t.Conjunction)
    return and_(*(builder.condition(operand, environment, loose=loose) for operand in node.operands))


def disjunction(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `a or b`."""
    assert isinstance(node, t.Disjunction)
    return or_(*(builder.condition(operand, environment, loose=loose) for operand in node.operands))


def negation(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `not a`; what is negated is never NULL."""
    assert isinstance(node, t.Negation)
    return not_(builder.condition(node.operand, environment))


def comparison(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `= != < <= > >=`."""
    assert isinstance(node, t.Comparison)
    left, right = builder.value(node.left, environment), builder.value(node.right, environment)
    left, right = _alike(builder, left, right), _alike(builder, right, left)
    if node.op is BinaryOp.EQ:
        return same(left, right, builder.numbers, loose=loose)
    if node.op is BinaryOp.NE:
        return not_(same(left, right, builder.numbers))
    return ordered(node.op, left, right, builder.numbers, loose=loose)


def _alike(builder: SqlBuilder, value: SqlValue, beside: SqlValue) -> SqlValue:
    """Give a list that is written out in the form of the field it is compared with."""
    if isinstance(value, SqlList) and isinstance(beside, SqlTexts):
        return as_texts(builder, value) or SqlEmpty()
    return value


def between(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `value between low and high`."""
    assert isinstance(node, t.BetweenTest)
    value = builder.value(node.value, environment)
    low, high = builder.value(node.low, environment), builder.value(node.high, environment)
    return and_(
        ordered(BinaryOp.LE, low, value, builder.numbers, loose=loose),
        ordered(BinaryOp.LE, value, high, builder.numbers, loose=loose),
    )


def membership(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `value in [a, b]`: a chain of `=`."""
    assert isinstance(node, t.Membership)
    value, items = builder.value(node.value, environment), builder.value(node.items, environment)
    if isinstance(items, SqlEmpty):
        return true() if node.negated else false()
    if isinstance(items, SqlTexts) and isinstance(value, SqlText):
        among = func.coalesce(holds_text(builder, items, value.expr), false())
        return not_(among) if node.negated else among
    if isinstance(items, SqlItems):
        held = holds_item(builder, items, value, node)
        return not_(held) if node.negated else held
    if not isinstance(items, SqlList):
        raise NotInSql("a list that is not written out", node.items.at)
    found = _in_list(builder, value, items, loose=loose and not node.negated)
    return not_(found) if node.negated else found


def _in_list(builder: SqlBuilder, value: SqlValue, items: SqlList, *, loose: bool) -> Sql:
    # IN never holds for an empty on both sides, which is equal here: only values that are known may stand in it.
    texts = [item.expr for item in items.items if isinstance(item, SqlText) and is_filled(item.expr)]
    if loose and texts and len(texts) == len(items.items) and isinstance(value, SqlText):
        return value.expr.in_(texts)
    return or_(false(), *(same(value, item, builder.numbers, loose=loose) for item in items.items))


def period(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `value in last 30 days`; its bounds are computed from today at each run."""
    assert isinstance(node, t.PeriodTest)
    value = builder.value(node.value, environment)
    if isinstance(value, SqlEmpty):
        return true() if node.negated else false()
    low, high = _period_bounds(builder, node, value)
    expr: Any = value.expr  # type: ignore[union-attr]
    found = and_(expr >= low, expr < high)
    if node.negated:
        return not_(func.coalesce(found, false()))
    return found if loose else func.coalesce(found, false())


def _period_bounds(builder: SqlBuilder, node: t.PeriodTest, value: SqlValue) -> tuple[Sql, Sql]:
    """Give the first day or moment inside and the first one after the period."""
    zone = ZoneInfo(builder.metamodel.main.timezone)
    moments = isinstance(value, SqlDatetime)
    type_ = kind_type(builder, ColumnKind.DATETIME if moments else ColumnKind.DATE)

    def bound(run: RunValues, *, after: bool) -> object:
        first, last = period_bounds(node.period, run.today, run.context.calendar.is_workday)
        day = last + dt.timedelta(days=1) if after else first
        return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) if moments else day

    return (
        computed("since", lambda run: bound(run, after=False), type_),
        computed("until", lambda run: bound(run, after=True), type_),
    )


def empty(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `value is empty`."""
    assert isinstance(node, t.EmptyTest)
    found = is_empty(builder.value(node.value, environment))
    return not_(found) if node.negated else found


def object_test(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `about is a contact`."""
    assert isinstance(node, t.ObjectTest)
    value = builder.value(node.value, environment)
    if isinstance(value, SqlAnyReference):
        return func.coalesce(value.object == node.object, false())
    if isinstance(value, SqlReference):
        return next((expr.is_not(None) for key, expr in value.targets if key == node.object), false())
    return false()


def role_test(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `user has role "manager"`; the statement belongs to a set of roles, so of who acts the answer is known."""
    assert isinstance(node, t.RoleTest)
    asked, names = node.user, _role_names(node.roles)
    if not isinstance(asked, t.FieldPath) or asked.root.kind is not t.RootKind.USER or asked.steps or asked.field:
        return role_of(builder, builder.value(asked, environment), frozenset(names))
    return true() if names & builder.roles else false()


def _role_names(node: t.Typed) -> set[str]:
    if isinstance(node, t.ListValue):
        return set().union(*(_role_names(item) for item in node.items))
    if isinstance(node, t.NamedValue):
        return {node.name}
    if isinstance(node, t.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, t.Constant) and isinstance(node.value, tuple | list):
        return {str(item) for item in node.value}
    raise NotInSql("a role that is not written out", node.at)
