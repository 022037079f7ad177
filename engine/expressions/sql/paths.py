"""Paths in SQL: fields of the record, of rows, of who acts, and of records that lookups lead to, by outer joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Text, case, func, literal, null

from engine.expressions.sql.constants import kind_type, python_value
from engine.expressions.sql.environment import Environment, Holder, NotInSql
from engine.expressions.sql.merging import choose, first_filled
from engine.expressions.sql.runtime import acting_user
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import (
    Sql,
    SqlBoolean,
    SqlEmpty,
    SqlFiles,
    SqlList,
    SqlParts,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlValue,
)
from engine.storage.column_types import ColumnKind
from metamodel.field_types.compound import PARTS
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_USER = "user"


def path_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give what a path leads to."""
    assert isinstance(node, t.FieldPath)
    if node.root.kind is t.RootKind.USER and not node.steps and node.field is None:
        return acting_reference(builder)
    holders = path_holders(builder, node, environment)
    if node.field is None:
        return first_filled([holder.reference for holder in holders], builder.numbers)
    name = node.field.name
    values = [holder.value(name) for holder in holders if holder.object_key in node.holders]
    if not values:
        return SqlEmpty()
    if isinstance(values[0], SqlFiles):
        return _files(values, node)
    found = first_filled(values, builder.numbers)
    return _attribute(builder, node, found) if node.attribute is not None else found


def _files(values: Sequence[SqlValue], node: t.FieldPath) -> SqlTexts:
    """Give the names of several files, or another of their parts where the path asks for it."""
    at = [part.name for part in PARTS["file"]].index(node.attribute or "name")
    lists = [value.lists[at] for value in values if isinstance(value, SqlFiles)]
    return SqlTexts(expr=lists[0] if len(lists) == 1 else func.coalesce(*lists, type_=lists[0].type))


def list_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `[a, b]`."""
    assert isinstance(node, t.ListValue)
    return SqlList(items=tuple(builder.value(item, environment) for item in node.items))


def acting_reference(builder: SqlBuilder) -> SqlReference:
    """Give who acts."""
    found = builder.metamodel.find_object(_USER)
    assert found is not None, "core has users"
    return SqlReference(targets=((found.key, acting_user(kind_type(builder, ColumnKind.ID))),))


def path_holders(builder: SqlBuilder, node: t.FieldPath, environment: Environment) -> Sequence[Holder]:
    """Give the records that have the last field of a path, one a possible object."""
    holders: list[Holder] = [_root(builder, node, environment)]
    for step in node.steps:
        holders = [
            holder.follow(step.field, target)
            for holder in holders
            if step.field.name in builder.metamodel.objects[holder.object_key].fields
            for target in _targets(builder, holder, step)
        ]
    return holders


def _targets(builder: SqlBuilder, holder: Holder, step: t.PathStep) -> Sequence[str]:
    # The step's field may be another one on another holder (two objects with a lookup of the same name).
    own = builder.metamodel.objects[holder.object_key].fields[step.field.name]
    possible = own.relation.targets if own.relation is not None else ()
    return [target for target in step.targets if not possible or target in possible]


def _root(builder: SqlBuilder, node: t.FieldPath, environment: Environment) -> Holder:
    match node.root.kind:
        case t.RootKind.THIS if environment.this is not None:
            return environment.this
        case t.RootKind.ROW if node.root.level < len(environment.rows):
            return environment.rows[node.root.level]
        case t.RootKind.USER:
            return _acting_scope(builder, environment)
        case t.RootKind.OLD:
            raise NotInSql("'old'", node.at)
        case _:
            raise NotInSql(f"'{node.root.name or node.root.kind.value}'", node.at)


def _acting_scope(builder: SqlBuilder, environment: Environment) -> RowScope:
    found = builder.metamodel.find_object(_USER)
    assert found is not None, "core has users"
    actor = acting_user(kind_type(builder, ColumnKind.ID))
    table = builder.tables.of(found.key).table
    alias = environment.frame.join((_USER,), table, lambda joined, _: joined.c["id"] == actor)
    return RowScope(builder, environment.frame, found.key, alias, True, environment.eyes)


def _attribute(builder: SqlBuilder, node: t.FieldPath, option: SqlValue) -> SqlValue:
    """Give an attribute of a choice's option: the options are known, so it is a CASE."""
    assert node.field is not None
    if isinstance(option, SqlParts):
        names = [part.name for part in PARTS[option.field_type]]
        return option.parts[names.index(str(node.attribute))]
    choice = node.field.choice
    if choice is None or not isinstance(option, SqlText):
        raise NotInSql(f"'{node.attribute}'", node.at)
    assert node.attribute is not None
    values = [python_value(builder, item.attribute(node.attribute), node) for item in choice.options]
    names = [item.name for item in choice.options]

    def pick(parts: tuple[Sql, ...]) -> Sql:
        whens = [(option.expr == literal(name, Text()), part) for name, part in zip(names, parts, strict=True)]
        return case(*whens, else_=null())

    if all(isinstance(value, SqlEmpty) for value in values):
        return SqlEmpty()
    found = choose(values, builder.numbers, pick)
    return SqlBoolean(expr=found.expr) if isinstance(found, SqlBoolean) else found
