"""What records are called, in SQL: by the joins of the path to them, or by a small select of their object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Text, case, func, literal, null, select

from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.paths import path_holders
from engine.expressions.sql.scopes import Eyes, RowScope
from engine.expressions.sql.values import Sql, SqlAnyReference, SqlReference, SqlValue
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def record_title(builder: SqlBuilder, node: t.Typed, value: SqlValue, environment: Environment) -> Sql:
    """Give the title of the record that a value points at; NULL where it points at none that may be seen."""
    if isinstance(value, SqlAnyReference):
        return any_title(builder, value, environment.eyes)
    if not isinstance(value, SqlReference):
        return null()
    titles = list(_by_path(builder, node, value, environment)) if isinstance(node, t.FieldPath) else []
    if not titles:
        titles = [_selected(builder, key, expr, environment.eyes) for key, expr in value.targets]
    return func.coalesce(*titles) if len(titles) > 1 else titles[0]


def _by_path(builder: SqlBuilder, node: t.FieldPath, value: SqlReference, environment: Environment) -> Iterator[Sql]:
    if node.root.kind is t.RootKind.USER and not node.steps and node.field is None:
        return
    for holder in path_holders(builder, node, environment):
        if node.field is None:
            if isinstance(holder, RowScope):
                yield holder.title()
            continue
        definition = builder.field_def(holder.object_key, node.field.name)
        targets = definition.relation.targets if definition.relation is not None else ()
        for target, _ in value.targets:
            if target in targets:
                yield holder.follow(definition, target).title()


def any_title(builder: SqlBuilder, value: SqlAnyReference, eyes: Eyes | None) -> Sql:
    """Give the title of a record of any object: one small select, of the object it is."""
    whens = [
        (value.object == literal(key, Text()), _selected(builder, key, value.id, eyes))
        for key, object_def in builder.metamodel.objects.items()
        if object_def.source is None
    ]
    return case(*whens, else_=null())


def _selected(builder: SqlBuilder, object_key: str, record_id: Sql, eyes: Eyes | None) -> Sql:
    alias = builder.tables.of(object_key).table.alias()
    scope = RowScope(builder, Frame(alias), object_key, alias, False, eyes)
    conditions = [alias.c["id"] == record_id]
    if eyes is not None and (readable := eyes.record_condition(scope)) is not None:
        conditions.append(readable)
    title = scope.title()
    if scope.frame.leads:
        # A title that reads records of another database is not known within such a select.
        return null()
    query = select(title).select_from(scope.frame.source).where(*conditions)
    return query.correlate_except(*scope.frame.aliases).scalar_subquery()
