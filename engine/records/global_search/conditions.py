"""Where the words of a search may stand in a record, as conditions judged by what the reader may read.

A path of `search:` leads to a text of the record itself, or over lookups and lists of parts to one of another record;
the records on the way and the field at its end must be readable in clear. Fields of other databases have no words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, any_, cast, column, func, literal, or_, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

from engine.access.compiler import Access
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import Eyes, RowScope
from engine.expressions.sql.values import Sql
from engine.records.parts import ReleaseParts
from engine.storage.dialect import Dialect
from engine.storage.tables import word_vector
from metamodel.objects import ObjectDef

_MOST_BESIDE = 200
"""How many records of another object may match before those that point at further ones are passed over."""


class WordConditions:
    """Makes the conditions for one reader."""

    def __init__(self, parts: ReleaseParts, access: Access, builder: SqlBuilder, eyes: Eyes | None) -> None:
        self._parts, self._access, self._builder, self._eyes = parts, access, builder, eyes
        self.sqlite = parts.tables.dialect is Dialect.SQLITE

    def scope(self, key: str) -> RowScope:
        """Give a scope of an object's records with an alias of its own."""
        alias = self._parts.tables.of(key).table.alias()
        return RowScope(self._builder, Frame(alias), key, alias, False, self._eyes)

    def readable(self, scope: RowScope) -> list[Sql]:
        """Give the conditions under which a record is there and may be read."""
        condition = self._eyes.record_condition(scope) if self._eyes is not None else None
        return [scope.alias.c["deleted_at"].is_(None), *([] if condition is None else [condition])]

    def own_fields(self, object_def: ObjectDef) -> tuple[str, ...]:
        """Give the record's own fields that are searched and may be read in any record."""
        words = self._parts.tables.of(object_def.key).words
        named = dict.fromkeys(path.text for path in object_def.search)
        return tuple(name for name in named if name in words and self._access.may_read(object_def.key, name))

    def are_read_alike(self, object_def: ObjectDef, scope: RowScope, fields: Sequence[str]) -> bool:
        """Say whether the search asks for texts of the record alone, all readable wherever the record is."""
        named = {path.text for path in object_def.search}
        return {*fields} == named and all(self._right(scope, name) is True for name in fields)

    def at_once(self, scope: RowScope, fields: Sequence[str], name: str) -> tuple[Any, Sql] | None:
        """Give SQLite's full-text table and the condition by which it is asked and joined with the records."""
        if not self.sqlite:
            return None
        key = scope.object_key
        index = self._full_text(key)
        row: ColumnElement[int] = column("rowid", _selectable=scope.alias)
        return index, and_(self._matched(index, key, fields, name), index.c["rowid"] == row)

    def in_path(self, scope: RowScope, steps: Sequence[str], name: str) -> Sql | None:
        """Give the condition that a word, parameter `name`, stands where a path leads; None where none may be read."""
        object_def = self._parts.metamodel.objects[scope.object_key]
        if object_def.source is not None:
            return None
        if len(steps) == 1:
            return self.in_field(scope, steps[0], name)
        field = object_def.fields.get(steps[0])
        if field is not None:
            return self._over_lookup(scope, field.name, steps, name)
        inverse = object_def.inverses.get(steps[0])
        if inverse is None or not self._access.may_read(inverse.object, inverse.field):
            return None
        there = self.scope(inverse.object)
        test = self.in_path(there, steps[1:], name)
        if test is None:
            return None
        above = there.reference_to(inverse.field, object_def.key)
        return self._one_of(scope.id, select(above), there, test)

    def in_field(self, scope: RowScope, field: str, name: str) -> Sql | None:
        """Give the condition that a word stands in a field of the record itself."""
        column_of = self._parts.tables.of(scope.object_key).words.get(field)
        right = self._right(scope, field)
        if column_of is None or right is False:
            return None
        if self.sqlite:
            index = self._full_text(scope.object_key)
            found = select(index.c["rowid"]).where(self._matched(index, scope.object_key, (field,), name))
            test: Sql = column("rowid", _selectable=scope.alias).in_(found)
        else:
            test = word_vector(scope.alias.c[column_of.name]).op("@@")(cast(runtime(name, Text()), TSQUERY))
        return test if right is True else and_(right, test)

    def _right(self, scope: RowScope, field: str) -> Sql | bool:
        if not self._access.may_read(scope.object_key, field):
            return False
        return True if self._eyes is None else self._eyes.field_condition(scope, field)

    def _over_lookup(self, scope: RowScope, field: str, steps: Sequence[str], name: str) -> Sql | None:
        relation = self._parts.metamodel.objects[scope.object_key].fields[field].relation
        if relation is None or not self._access.may_read(scope.object_key, field):
            return None
        found: list[Sql] = []
        for target in relation.targets:
            there = self.scope(target)
            test = self.in_path(there, steps[1:], name)
            if test is not None:
                found.append(self._one_of(scope.reference_to(field, target), select(there.id), there, test))
        return or_(*found) if found else None

    def _one_of(self, own: Sql, ids: Any, there: RowScope, test: Sql) -> Sql:
        conditions = (*self.readable(there), test)
        asked = ids.select_from(there.frame.source).where(*conditions).limit(_MOST_BESIDE)
        if self.sqlite:
            return own.in_(asked)
        # An index is asked for the values of an array, which it is not for those of a subquery among alternatives.
        return own == any_(func.array(asked.scalar_subquery()))

    def _full_text(self, key: str) -> Any:
        spec = next(each for each in self._parts.tables.of(key).spec.indexes.values() if each.words)
        index = table(spec.name, column("rowid"), column(spec.name))
        return index.alias()

    def _matched(self, index: Any, key: str, fields: Sequence[str], name: str) -> Sql:
        columns = self._parts.tables.of(key).words
        asked: Sql = runtime(name, Text())
        if len(fields) < len(columns):
            inside = " ".join(f'"{columns[field].name}"' for field in fields)
            asked = literal("{" + inside + "} : (", Text()).concat(asked).concat(literal(")", Text()))
        whole: Sql = next(each for each in index.c if each.name != "rowid")
        return whole.op("MATCH")(asked)
