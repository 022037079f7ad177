"""Lists that an expression makes, in SQL: written out, or a JSON array of texts (what `split` gives)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Boolean, Text, cast, false, func, or_

from engine.expressions.sql.comparing import same
from engine.expressions.sql.constants import json_type
from engine.expressions.sql.environment import NotInSql
from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import Sql, SqlItems, SqlList, SqlText, SqlTexts, SqlValue
from engine.storage.functions import SqlFunction
from workflow_dsl import typed as t
from workflow_dsl.syntax import NO_SPAN

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def as_items(builder: SqlBuilder, value: SqlItems | SqlList | SqlTexts) -> SqlItems:
    """Give a list of texts as a JSON array; empties in it stay out of what is made of it.

    Raises: NotInSql.
    """
    if isinstance(value, SqlItems):
        return value
    if isinstance(value, SqlTexts):
        name = "fs_lines" if builder.numbers.sqlite else "to_jsonb"
        return SqlItems(expr=call(name, json_type(builder), value.expr))
    texts = [item.expr for item in value.items if isinstance(item, SqlText)]
    if len(texts) != len(value.items):
        raise NotInSql("a list of other values than texts", NO_SPAN)
    name = "json_array" if builder.numbers.sqlite else "jsonb_build_array"
    return SqlItems(expr=call(name, json_type(builder), *(cast(text, Text()) for text in texts)))


def holds_item(builder: SqlBuilder, value: SqlItems | SqlList, item: SqlValue, node: t.Typed) -> Sql:
    """Say that a list has an item; never NULL.

    Raises: NotInSql.
    """
    if isinstance(value, SqlList):
        return or_(false(), *(same(item, each, builder.numbers) for each in value.items))
    if not isinstance(item, SqlText):
        raise NotInSql("a list of other values than texts", node.at)
    found = call("fs_has_item", Boolean(), value.expr, cast(item.expr, Text()))
    return func.coalesce(found, false())


def in_one_form(builder: SqlBuilder, values: Sequence[SqlValue]) -> list[SqlValue]:
    """Give values that lists are among with every list as a JSON array."""
    return [as_items(builder, value) if isinstance(value, SqlItems | SqlList | SqlTexts) else value for value in values]


def list_functions() -> tuple[SqlFunction, ...]:
    """Make the functions of lists for both databases."""
    return (
        SqlFunction(name="fs_has_item", call=_has_item, arguments=2, postgresql=(_PG_HAS_ITEM,)),
        SqlFunction(name="fs_lines", call=_lines, arguments=1),
    )


def _has_item(items: str | None, item: str | None) -> bool | None:
    return None if items is None or item is None else item in orjson.loads(items)


def _lines(text: str | None) -> str | None:
    return None if text is None else orjson.dumps(text.split("\n")).decode()


_PG_HAS_ITEM = """
CREATE OR REPLACE FUNCTION fs_has_item(items jsonb, item text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
  SELECT jsonb_exists(items, item)
$f$"""
