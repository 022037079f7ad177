"""Lists that an expression makes, in SQL: written out, or a JSON array of texts (what `split` gives)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Boolean, Text, cast, false, func, or_

from engine.expressions.sql.comparing import same
from engine.expressions.sql.environment import NotInSql
from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import Sql, SqlEmpty, SqlItems, SqlList, SqlText, SqlValue
from engine.storage.functions import SqlFunction
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def holds_item(builder: SqlBuilder, value: SqlItems | SqlList, item: SqlValue, node: t.Typed) -> Sql:
    """Say that a list has an item; never NULL.

    Raises: NotInSql.
    """
    if isinstance(value, SqlList):
        return or_(false(), *(same(item, each, builder.numbers) for each in value.items))
    if isinstance(item, SqlEmpty):
        return false()
    if not isinstance(item, SqlText):
        raise NotInSql("a list of other values than texts", node.at)
    found = call("fs_has_item", Boolean(), value.expr, cast(item.expr, Text()))
    return func.coalesce(found, false())


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
