"""The order of a list and the condition that a page starts after a given row: keyset, empties last ascending.

Every order ends with the id, so that no two rows stand at the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, and_, case, cast, false, literal, or_
from sqlalchemy.types import TypeEngine

from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.comparing import by_code_point, length_of
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.paths import path_holders
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlDuration,
    SqlEmpty,
    SqlMoney,
    SqlNumber,
    SqlParts,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlValue,
    parts_of,
)
from metamodel.fields import FieldDef
from workflow_dsl import typed as t


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an order; never_empty: its column has no NULLs, so that an index serves the whole condition."""

    expr: Sql
    descending: bool
    never_empty: bool = False


def order_key(builder: SqlBuilder, node: t.Typed, environment: Environment, *, descending: bool) -> OrderKey:
    """Give the key that a checked path is sorted by: people's sort key of names, titles of records, options in order.

    Raises: NotInSql.
    """
    if isinstance(node, t.FieldPath) and node.field is not None and node.attribute is None:
        found = _field_key(builder, node, node.field, environment)
        if found is not None:
            never = not node.steps and node.field.name in ("id", "created_at", "modified_at", "version")
            return OrderKey(found, descending, never)
    value = builder.value(node, environment)
    return OrderKey(_plain_key(builder, value, node), descending)


def id_key(scope: RowScope, *, descending: bool) -> OrderKey:
    """Give the key that ends every order."""
    return OrderKey(scope.id, descending, True)


def order_by(keys: Sequence[OrderKey], *, sqlite: bool) -> list[Any]:
    """Give the ORDER BY; PostgreSQL's own place for NULLs is ours, and its indexes have it."""
    found: list[Any] = []
    for key in keys:
        ordered = key.expr.desc() if key.descending else key.expr.asc()
        if sqlite and not key.never_empty:
            ordered = ordered.nulls_first() if key.descending else ordered.nulls_last()
        found.append(ordered)
    return found


def after_row(keys: Sequence[OrderKey], empty: Sequence[bool], *, sqlite: bool) -> Sql:
    """Give the condition "stands after the cursor's row".

    empty: which of the cursor's values are empty; the others come as parameters `after_0`, `after_1` …
    """
    bounds = [_bound(key.expr.type, index, sqlite=sqlite) for index, key in enumerate(keys)]
    alternatives: list[Sql] = []
    for index, key in enumerate(keys):
        same = [_same(before.expr, bounds[at], empty[at]) for at, before in enumerate(keys[:index])]
        alternatives.append(and_(*same, _beyond(key, bounds[index], empty[index])))
    found = or_(*alternatives)
    first = keys[0]
    if first.never_empty and not empty[0]:
        # Says no more than the rest, but an index can start from it.
        start = first.expr <= bounds[0] if first.descending else first.expr >= bounds[0]
        return and_(start, found)
    return found


def _bound(type_: TypeEngine[Any], index: int, *, sqlite: bool) -> Sql:
    # The cursor holds what the driver gave; on SQLite it goes back as it is, PostgreSQL reads its text.
    if sqlite:
        return runtime(f"after_{index}", Text())
    return cast(runtime(f"after_{index}", Text()), type_)


def _same(expr: Sql, bound: Sql, is_empty: bool) -> Sql:
    return expr.is_(None) if is_empty else expr == bound


def _beyond(key: OrderKey, bound: Sql, is_empty: bool) -> Sql:
    if key.descending:
        return key.expr.is_not(None) if is_empty else key.expr < bound
    if is_empty:
        return false()
    return key.expr > bound if key.never_empty else or_(key.expr > bound, key.expr.is_(None))


def _field_key(builder: SqlBuilder, node: t.FieldPath, definition: FieldDef, environment: Environment) -> Sql | None:
    holders = path_holders(builder, node, environment)
    scopes = [holder for holder in holders if isinstance(holder, RowScope) and holder.object_key in node.holders]
    if len(scopes) != 1:
        return None
    scope = scopes[0]
    value = scope.value(definition.name)
    key = scope.sort_key(definition.name)
    if key is not None and environment.eyes is not None:
        condition = environment.eyes.field_condition(scope, definition.name)
        key = None if condition is not True else key
    if key is not None:
        return by_code_point(key, builder.numbers)
    if definition.choice is not None and isinstance(value, SqlText):
        names = definition.choice.names
        return case(*((value.expr == literal(name, Text()), position) for position, name in enumerate(names)))
    if isinstance(value, SqlReference):
        titles = [title_key(scope.follow(definition, target), builder) for target, _ in value.targets]
        return titles[0] if len(titles) == 1 else None
    return None


def title_key(scope: RowScope, builder: SqlBuilder) -> Sql:
    """Give what records are sorted by where their titles count: the sort key of the only field, which an index has."""
    keys = builder.tables.of(scope.object_key).sort_keys
    title = builder.metamodel.objects[scope.object_key].title.text.strip()
    for name in keys:
        key = scope.sort_key(name)
        if title == "{" + name + "}" and key is not None:
            return by_code_point(key, builder.numbers)
    return by_code_point(scope.title(), builder.numbers)


def _plain_key(builder: SqlBuilder, value: SqlValue, node: t.Typed) -> Sql:
    match value:
        case SqlMoney():
            return _number_key(builder, value.base)
        case SqlNumber():
            return _number_key(builder, value)
        case SqlText():
            return by_code_point(value.expr, builder.numbers)
        case SqlDuration():
            return _number_key(builder, length_of(value, builder.numbers))
        case SqlReference() | SqlAnyReference() | SqlTexts() | SqlParts() | SqlEmpty():
            raise NotInSql("sorting by these values", node.at)
        case _:
            return parts_of(value)[0]


def _number_key(builder: SqlBuilder, number: SqlNumber) -> Sql:
    if builder.numbers.sqlite and number.places is None:
        return builder.numbers.rounded(number, 6).expr
    return number.expr
