"""Calls of the language's functions in SQL: those that a database can compute with the same meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.values import SqlValue
from workflow_dsl import typed as t

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def function_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give the value of a call.

    Raises: NotInSql where the function has no SQL.
    """
    assert isinstance(node, t.FunctionCall)
    raise NotInSql(f"'{node.function.name}(…)'", node.at)
