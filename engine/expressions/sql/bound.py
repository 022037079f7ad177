"""A record whose values are in memory, as an expression in SQL sees it: each field is a bound value.

Bound at once for a statement that is built for one run (`BoundRecord`), or at each run of one that is kept
(`given_scope`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Table, literal, null

from engine.expressions.sql.frames import Frame
from engine.expressions.sql.literals import stored_literal
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql, SqlReference, SqlValue
from metamodel.fields import FieldDef

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


@dataclass(frozen=True, slots=True)
class BoundRecord:
    """One record in memory; `values` as in memory, absent ones are empty."""

    builder: SqlBuilder
    frame: Frame
    object_key: str
    values: Mapping[str, Any]

    @property
    def reference(self) -> SqlReference:
        """The record itself as a value."""
        table = self.builder.tables.of(self.object_key).table
        return SqlReference(targets=((self.object_key, _id(self.values.get("id"), table.c["id"].type)),))

    def value(self, name: str) -> SqlValue:
        """Give a field's value."""
        return stored_literal(self.builder, self.object_key, name, self.values.get(name))

    def follow(self, definition: FieldDef, target: str) -> RowScope:
        """Give the record of `target` that a lookup points at."""
        value = self.value(definition.name)
        own = (
            next((expr for key, expr in value.targets if key == target), null())
            if isinstance(value, SqlReference)
            else null()
        )
        table = self.builder.tables.of(target).table
        alias = self.frame.join(("bound", definition.name, target), table, lambda joined, _: joined.c["id"] == own)
        return RowScope(self.builder, self.frame, target, alias, True)


class GivenColumns(dict[str, BindParameter[Any]]):
    """Column → parameter, of the columns that were asked for; each parameter is called as `name` says.

    empty: parameters that are NULL at each run of the statement; the others never are.
    """

    def __init__(self, table: Table, prefix: str, empty: Collection[str]) -> None:
        super().__init__()
        self._table = table
        self._prefix = prefix
        self._empty = empty

    def __missing__(self, column: str) -> BindParameter[Any]:
        type_, name = self._table.c[column].type, self.name(column)
        found = self[column] = literal(None, type_) if name in self._empty else runtime(name, type_)
        return found

    def name(self, column: str) -> str:
        """Give the name of a column's parameter."""
        return f"{self._prefix}{column}"


@dataclass(frozen=True, slots=True)
class _GivenRow:
    """Stands where a scope has the alias of its table."""

    c: GivenColumns


def given_scope(builder: SqlBuilder, frame: Frame, object_key: str, columns: GivenColumns) -> RowScope:
    """Give the scope of a record whose columns are given at each run of a kept statement."""
    row: Any = _GivenRow(columns)
    return RowScope(builder, frame, object_key, row, True)


def _id(value: object, type_: Any) -> Sql:
    return null() if value is None else literal(value, type_)
