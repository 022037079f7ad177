"""Lists of texts in SQL in one form: a JSON array, JSON text on SQLite and jsonb on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Text, cast

from engine.expressions.sql.numbers import Numbers, call
from engine.expressions.sql.values import SqlItems, SqlList, SqlText, SqlTexts
from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from workflow_dsl.syntax import NO_SPAN


def as_items(numbers: Numbers, value: SqlItems | SqlList | SqlTexts) -> SqlItems:
    """Give a list of texts as a JSON array; empties in it stay out of what is made of it.

    Raises: NotInSql.
    """
    if isinstance(value, SqlItems):
        return value
    type_ = column_type(ColumnKind.JSON, Dialect.SQLITE if numbers.sqlite else Dialect.POSTGRESQL)
    if isinstance(value, SqlTexts):
        return SqlItems(expr=call("fs_lines" if numbers.sqlite else "to_jsonb", type_, value.expr))
    texts = [item.expr for item in value.items if isinstance(item, SqlText)]
    if len(texts) != len(value.items):
        # Where an expression stands needs what values are made of, this module among it.
        from engine.expressions.sql.environment import NotInSql

        raise NotInSql("a list of other values than texts", NO_SPAN)
    name = "json_array" if numbers.sqlite else "jsonb_build_array"
    return SqlItems(expr=call(name, type_, *(cast(text, Text()) for text in texts)))
