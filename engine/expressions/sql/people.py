"""Functions about who acts, and addresses of records, in SQL: roles, teams, managers, permissions, url, token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    table,
    true,
)

from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.environment import NotInSql
from engine.expressions.sql.numbers import call
from engine.expressions.sql.runtime import RunValues, acting_team, acting_user, computed
from engine.expressions.sql.values import Sql, SqlAnyReference, SqlBoolean, SqlReference, SqlText, SqlValue
from engine.expressions.token_functions import pads
from engine.storage.column_types import ColumnKind
from metamodel.system_rights import known_rights
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_USER, _TEAM = "user", "team"


def in_team(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give whether who acts is in the team of a name."""
    teams = builder.tables.of(_TEAM).table
    name = _text(args[0], node)
    found = select(teams.c["id"]).where(
        teams.c[name_column(builder, _TEAM)] == name,
        teams.c["id"] == acting_team(kind_type(builder, ColumnKind.ID)),
        teams.c["deleted_at"].is_(None),
    )
    return _where_filled(name, exists(found.correlate_except(teams)))


def is_subordinate(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give whether a user reports to who acts, over any number of managers."""
    person = _user_id(args[0])
    if person is None:
        return SqlBoolean(expr=false())
    users = builder.tables.of(_USER).table.alias()
    actor = acting_user(kind_type(builder, ColumnKind.ID))
    reports = select(users.c["id"]).where(users.c["manager"] == actor).cte(recursive=True)
    below = users.alias()
    everyone = reports.union(select(below.c["id"]).where(below.c["manager"] == reports.c["id"]))
    given = _is_given(args[0])
    return SqlBoolean(expr=case((given, func.coalesce(person.in_(select(everyone.c["id"])), false())), else_=null()))


def has_permission(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give whether who acts has the permission of a name."""
    name = _text(args[0], node)
    known = known_rights(builder.metamodel)
    held = [
        and_(name == literal(right, Text()), computed("right", _asked(right), Boolean()).is_(True)) for right in known
    ]
    return _where_filled(name, or_(false(), *held))


def _asked(right: str) -> Callable[[RunValues], object]:
    return lambda run: run.context.has_permission(right)


def role_of(builder: SqlBuilder, user: SqlValue, roles: frozenset[str]) -> Sql:
    """Say that a user holds one of these roles, by itself or through another role that includes it; never NULL.

    Who acts holds the roles it acts with, as in memory (a statement belongs to a set of them); others what is stored.
    """
    person = _user_id(user)
    if person is None:
        return false()
    instant = kind_type(builder, ColumnKind.DATETIME)
    columns = column("user_id", kind_type(builder, ColumnKind.ID)), column("role", Text()), column("until", instant)
    held = table("fs_role", *columns)
    wanted = [name for name in builder.metamodel.roles if roles & _with_included(builder, name)]
    one_of_them = or_(false(), *(held.c.role == literal(name, Text()) for name in wanted))
    now = computed("now", lambda values: values.now, instant, filled=True)
    living = or_(held.c.until.is_(None), held.c.until > now)
    stored = exists(select(held.c.role).where(held.c.user_id == person, one_of_them, living).correlate_except(held))
    is_acting = person == acting_user(kind_type(builder, ColumnKind.ID))
    return case((is_acting, true() if roles & builder.roles else false()), else_=stored)


def _with_included(builder: SqlBuilder, name: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        role = builder.metamodel.roles.get(waiting.pop())
        if role is not None and role.name not in found:
            found.add(role.name)
            waiting += role.includes
    return frozenset(found)


def name_column(builder: SqlBuilder, object_key: str) -> str:
    """Give the column that rules call teams and queues by."""
    return "key" if "key" in builder.tables.of(object_key).table.c else "name"


def url(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give the path of a record's page."""
    object_key, record_id = _named(args[0], node)
    return SqlText(expr=literal("/o/", Text()).concat(object_key).concat("/").concat(record_id))


def token(builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall) -> SqlValue:
    """Give the text that a public link names a record by."""
    object_key, record_id = _named(args[0], node)
    padded = (computed("pad", lambda run, at=at: pads(run.context.token_key)[at], Text()) for at in (0, 1))  # type: ignore[misc]
    return SqlText(expr=call("fs_token", Text(), object_key, record_id, *padded))


def _named(value: SqlValue, node: t.FunctionCall) -> tuple[Sql, Sql]:
    """Give a record's object key and id as texts."""
    if isinstance(value, SqlAnyReference):
        return cast(value.object, Text()), cast(value.id, Text())
    if not isinstance(value, SqlReference):
        raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)
    if len(value.targets) == 1:
        key, expr = value.targets[0]
        return literal(key, Text()), cast(expr, Text())
    keys = [(expr.is_not(None), literal(key, Text())) for key, expr in value.targets]
    return case(*keys, else_=null()), func.coalesce(*(cast(expr, Text()) for _, expr in value.targets))


def _user_id(value: SqlValue) -> Sql | None:
    if isinstance(value, SqlAnyReference):
        return case((value.object == _USER, value.id), else_=null())
    if isinstance(value, SqlReference):
        return next((expr for key, expr in value.targets if key == _USER), None)
    return None


def _is_given(value: SqlValue) -> Sql:
    exprs = [value.id] if isinstance(value, SqlAnyReference) else []
    exprs += [expr for _, expr in value.targets] if isinstance(value, SqlReference) else []
    return or_(false(), *(expr.is_not(None) for expr in exprs))


def _text(value: SqlValue, node: t.FunctionCall) -> Sql:
    if not isinstance(value, SqlText):
        raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)
    return cast(value.expr, Text())


def _where_filled(name: Sql, found: Sql) -> SqlBoolean:
    """Give a truth value that is empty where the name asked for is."""
    return SqlBoolean(expr=case((name.is_(None), null()), else_=found))
