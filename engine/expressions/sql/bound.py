"""A record whose values are in memory, as an expression in SQL sees it: each field is a bound value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import null

from engine.expressions.sql.frames import Frame
from engine.expressions.sql.literals import stored_literal
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


def _id(value: object, type_: Any) -> Sql:
    from sqlalchemy import literal

    return null() if value is None else literal(value, type_)
