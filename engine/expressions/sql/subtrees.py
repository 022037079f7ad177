"""`in_subtree(record, root)` in SQL: the records below a root are found once, going down the tree from it.

With an actor's eyes the way down ends where a record, or the lookup that names what is above it, may not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import case, false, func, null, or_, select

from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql, SqlAnyReference, SqlBoolean, SqlReference, SqlValue
from metamodel.trees import tree_field
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def in_subtree(
    builder: SqlBuilder, args: Sequence[SqlValue], node: t.FunctionCall, environment: Environment
) -> SqlValue:
    """Give whether a record is another one of its tree or stands below it.

    Raises: NotInSql.
    """
    key = node.args[1].type.objects[0]
    record, root = (_id_of(value, key, node) for value in args)
    given = [_is_given(value) for value in args]
    below = _below(builder, key, root, environment)
    found = func.coalesce(record.in_(below), false())
    return SqlBoolean(expr=case((given[0] & given[1], found), else_=null()))


def _below(builder: SqlBuilder, key: str, root: Sql, environment: Environment) -> Sql:
    table = builder.tables.of(key).table
    upper, lower = table.alias(), table.alias()
    start = select(upper.c["id"].label("id")).where(upper.c["id"] == root, *_seen(builder, key, upper, environment))
    # Inside the condition itself, since the root may be a column of the row that is asked about.
    down = start.correlate_except(upper).cte(recursive=True, nesting=True)
    definition = tree_field(builder.metamodel.objects[key])
    assert definition is not None
    row = RowScope(builder, Frame(lower), key, lower, False, environment.eyes)
    above = row.reference_to(definition.name, key)
    step = select(lower.c["id"]).select_from(row.frame.source).where(*_seen(builder, key, lower, environment))
    whole = down.union(step.where(above == down.c["id"]).correlate_except(lower, *row.frame.aliases, down))
    return select(whole.c["id"])  # type: ignore[return-value]


def _seen(builder: SqlBuilder, key: str, alias: object, environment: Environment) -> list[Sql]:
    conditions: list[Sql] = [alias.c["deleted_at"].is_(None)]  # type: ignore[attr-defined]
    if environment.eyes is not None:
        scope = RowScope(builder, Frame(alias), key, alias, False, environment.eyes)  # type: ignore[arg-type]
        readable = environment.eyes.record_condition(scope)
        conditions += [] if readable is None else [readable]
    return conditions


def _id_of(value: SqlValue, key: str, node: t.FunctionCall) -> Sql:
    if isinstance(value, SqlAnyReference):
        return case((value.object == key, value.id), else_=null())
    if isinstance(value, SqlReference):
        return next((expr for target, expr in value.targets if target == key), null())
    raise NotInSql(f"'{node.function.name}(…)' of these values", node.at)


def _is_given(value: SqlValue) -> Sql:
    exprs = [value.id] if isinstance(value, SqlAnyReference) else []
    exprs += [expr for _, expr in value.targets] if isinstance(value, SqlReference) else []
    return or_(false(), *(expr.is_not(None) for expr in exprs))
