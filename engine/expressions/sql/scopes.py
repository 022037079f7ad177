"""A record in SQL: what its fields and title are, and where its lookups lead.

A scope stands for one record of a FROM (the record itself, a joined one, a row of an aggregate). With `eyes` it shows
only what an actor may read: unreadable records are empty, conditionally readable fields are empty where the condition
fails. What formulas compute is their author's: they see everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import FromClause, Text, and_, case, cast, func, null

from engine.expressions.sql.comparing import of_seconds
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.merging import null_like
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlBoolean,
    SqlDate,
    SqlDatetime,
    SqlFiles,
    SqlMoney,
    SqlNumber,
    SqlParts,
    SqlReference,
    SqlText,
    SqlTexts,
    SqlTime,
    SqlValue,
    parts_of,
    with_parts,
)
from engine.storage.codecs import AnyCodec, DurationCodec, FilesCodec, MoneyCodec, PartsCodec, TargetsCodec
from engine.storage.column_types import ColumnKind
from engine.storage.dialect import Dialect
from engine.storage.sealing import placed
from metamodel.field_types.compound import GEO_DIGITS, parts_of_field
from metamodel.fields import FieldDef

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


class Eyes(Protocol):
    """What an actor may read, as conditions on scopes."""

    def record_condition(self, scope: RowScope) -> Sql | None:
        """Give the condition under which the scope's record may be read; None = always."""
        ...

    def field_condition(self, scope: RowScope, name: str) -> Sql | bool:
        """Give the condition under which a field of a readable record may be read."""
        ...


@dataclass(frozen=True, slots=True)
class RowScope:
    """One record. alias: where its columns are. outer: it may be absent (an outer join). eyes: None = the author's."""

    builder: SqlBuilder
    frame: Frame
    object_key: str
    alias: FromClause
    outer: bool = False
    eyes: Eyes | None = None
    level: int = field(default=0)

    @property
    def id(self) -> Sql:
        """The record's id, as the column has it."""
        return self.alias.c["id"]

    @property
    def reference(self) -> SqlReference:
        """The record itself as a value."""
        return SqlReference(targets=((self.object_key, self.id),))

    def with_eyes(self, eyes: Eyes | None) -> RowScope:
        """Give the same record as another one sees it."""
        return (
            self
            if eyes is self.eyes
            else RowScope(self.builder, self.frame, self.object_key, self.alias, self.outer, eyes, self.level)
        )

    def value(self, name: str) -> SqlValue:
        """Give a field's value."""
        table = self.builder.tables.of(self.object_key)
        found = self._stored(name) if table.is_stored(name) else self.builder.formula(self.with_eyes(None), name)
        if self.eyes is None:
            return found
        condition = self.eyes.field_condition(self, name)
        if condition is True:
            return found
        if condition is False:
            # Typed, since PostgreSQL does not know which `sum` an untyped NULL asks for.
            return with_parts(found, tuple(null_like(part) for part in parts_of(found)))
        return with_parts(found, tuple(case((condition, part), else_=null()) for part in parts_of(found)))

    def title(self) -> Sql:
        """Give what the record is called."""
        kept = self.builder.tables.of(self.object_key).title
        if kept is not None:
            return self.alias.c[kept.name]
        title = self.builder.title(self.with_eyes(None))
        if self.outer and self.builder.tables.of(self.object_key).object.source is not None:
            # A title put together is a text also where there is no record; one that can't be read is the record's id.
            return case((self.id.is_not(None), func.coalesce(func.nullif(title, ""), self.id)), else_=null())
        return title

    def sort_key(self, name: str) -> Sql | None:
        """Give the column that people's lists sort a text field by, where there is one."""
        column = self.builder.tables.of(self.object_key).sort_keys.get(name)
        return self.alias.c[column.name] if column is not None else None

    def follow(self, definition: FieldDef, target: str) -> RowScope:
        """Give the record of `target` that a lookup points at."""
        own = self.reference_to(definition.name, target)
        table = self.builder.tables.of(target)
        eyes = self.eyes
        key = (id(self.alias), definition.name, target, id(eyes) if eyes is not None else None)

        def condition(alias: FromClause, inside: Frame) -> Sql:
            same = alias.c["id"] == own
            if eyes is None:
                return same
            seen = RowScope(self.builder, inside, target, alias, True, eyes, self.level)
            readable = eyes.record_condition(seen)
            return same if readable is None else and_(same, readable)

        alias = self.frame.join(key, table.joined, condition)
        if table.object.source is not None:
            self.frame.leads.append((target, own))
        return RowScope(self.builder, self.frame, target, alias, True, eyes, self.level)

    def reference_to(self, name: str, target: str) -> Sql:
        """Give the id that a lookup holds where it points at `target`, else NULL."""
        value = self.value(name)
        if isinstance(value, SqlAnyReference):
            return case((value.object == target, value.id), else_=null())
        if isinstance(value, SqlReference):
            return next((expr for key, expr in value.targets if key == target), null())
        return null()

    def _stored(self, name: str) -> SqlValue:
        table = self.builder.tables.of(self.object_key)
        codec = table.codecs[name]
        columns = [placed(self.alias.c[column_name]) for column_name in codec.names]
        if isinstance(codec, MoneyCodec):
            places = self._places(name)
            amount = SqlNumber(expr=columns[0], places=places)
            return SqlMoney(amount=amount, currency=columns[1], base=SqlNumber(expr=columns[2], places=places))
        if isinstance(codec, TargetsCodec):
            return SqlReference(targets=tuple(zip(codec.targets, columns, strict=True)))
        if isinstance(codec, AnyCodec):
            return SqlAnyReference(id=columns[0], object=columns[1])
        if isinstance(codec, PartsCodec):
            return self._compound(name, columns)
        if isinstance(codec, FilesCodec):
            return SqlFiles(lists=tuple(columns))
        if isinstance(codec, DurationCodec):
            return of_seconds(columns[0], self.builder.numbers)
        return self._plain(name, columns[0])

    def _compound(self, name: str, columns: Sequence[Sql]) -> SqlParts:
        definition = self.builder.field_def(self.object_key, name)
        places = GEO_DIGITS if self.builder.tables.dialect is Dialect.SQLITE else None
        parts = tuple(
            SqlText(expr=column)
            if part.type == "text"
            else SqlNumber(expr=column, places=places if part.type == "decimal" else 0)
            for part, column in zip(parts_of_field(definition), columns, strict=True)
        )
        return SqlParts(field_type=definition.value_type, parts=parts)

    def _plain(self, name: str, column: Sql) -> SqlValue:
        definition = self.builder.field_def(self.object_key, name)
        if definition.relation is not None:
            return SqlReference(targets=((definition.relation.targets[0], column),))
        kind = self.builder.tables.of(self.object_key).spec.columns[name].kind
        if kind is ColumnKind.BOOLEAN:
            certain = not self.outer and definition.formula is None and definition.rollup is None
            return SqlBoolean(expr=column, certain=certain)
        if kind is ColumnKind.INTEGER:
            return SqlNumber(expr=column, places=0)
        if kind is ColumnKind.DECIMAL:
            return SqlNumber(expr=column, places=self._places(name))
        if kind is ColumnKind.DATE:
            return SqlDate(expr=column)
        if kind is ColumnKind.ID and self.builder.tables.dialect is Dialect.POSTGRESQL:
            # An id is a text to expressions; its column is not one here.
            return SqlText(expr=cast(column, Text()))
        if kind is ColumnKind.TIME:
            return SqlTime(expr=column)
        if kind is ColumnKind.TEXTS:
            return SqlTexts(expr=column)
        return SqlDatetime(expr=column) if kind is ColumnKind.DATETIME else SqlText(expr=column)

    def _places(self, name: str) -> int | None:
        if self.builder.tables.dialect is Dialect.POSTGRESQL:
            return None
        return self.builder.tables.of(self.object_key).spec.columns[name].scale
