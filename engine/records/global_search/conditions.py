"""Where the words of a search may stand in a record, as conditions judged by what the reader may read.

A path of `search:` leads to a text of the record itself, or over lookups and lists of parts to one of another record;
the records on the way and the field at its end must be readable in clear. Fields of other databases have no words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    column,
    exists,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from engine.access.compiler import Access
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.numbers import call
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import Eyes, RowScope
from engine.expressions.sql.values import Sql
from engine.records.parts import ReleaseParts
from engine.storage.dialect import Dialect
from metamodel.objects import InverseDef, ObjectDef

_MOST_SORTED = 5_000
"""Of how many that match the newest are found on PostgreSQL; SQLite reads its index from the newest on."""
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

    def rights(self, scope: RowScope, fields: Sequence[str]) -> tuple[list[str], list[tuple[str, Sql]]]:
        """Part fields: those readable wherever the record is, and others with the condition under which they are."""
        rights = [(name, self._right(scope, name)) for name in fields]
        plain = [name for name, right in rights if right is True]
        return plain, [(name, right) for name, right in rights if not isinstance(right, bool)]

    def few(self, query: Select[Any], most: int) -> Select[Any]:
        """Cut a select of ids; PostgreSQL plans the whole of it, or it would hope to meet some by reading."""
        limit = _number(most)
        if self.sqlite:
            return query.limit(limit)
        whole = query.cte().prefix_with("MATERIALIZED")
        some = select(*whole.c).limit(_number(_MOST_SORTED)).subquery()
        return select(*some.c).order_by(some.c["id"].desc()).limit(limit)

    def nearest(self, scope: RowScope, fields: Sequence[str], found: Select[Any], most: int) -> Select[Any]:
        """Cut a select of records, those first of which a text begins with what was typed."""
        words = [scope.alias.c[self._parts.tables.of(scope.object_key).words[field].name] for field in fields]
        if self.sqlite:
            begins: list[Sql] = [call("fs_has_word", Boolean(), each, runtime("has_start", Text())) for each in words]
        else:
            begins = [self._stands(scope, field, "start") for field in fields]
        # Not of all that are found: a letter finds many.
        seen = self.few(found.add_columns(or_(*begins).label("begins")), _MOST_BESIDE).subquery()
        return select(seen.c["id"]).order_by(seen.c["begins"].desc()).limit(_number(most))

    def found(self, scope: RowScope, fields: Sequence[str], name: str) -> Select[Any]:
        """Select records, the newest first, where a word stands in a text that may be read; its limit is to come."""
        _plain, limited = self.rights(scope, fields)
        conditions = [*(right for _field, right in limited), *self.readable(scope)]
        query = select(scope.id.label("id"))
        if not self.sqlite:
            tests = (self._stands(scope, field, name) for field in fields)
            return query.select_from(scope.frame.source).where(or_(*tests), *conditions)
        index = self._full_text(scope.object_key)
        row: ColumnElement[int] = column("rowid", _selectable=scope.alias)
        conditions += [self._matched(index, scope.object_key, fields, name), index.c["rowid"] == row]
        return query.select_from(index, scope.frame.source).where(*conditions).order_by(index.c["rowid"].desc())

    def stands(self, scope: RowScope, field: str, number: int) -> Sql | None:
        """Give the condition that a term stands in a text of a record which something else has found already."""
        right = self._right(scope, field)
        words = self._parts.tables.of(scope.object_key).words.get(field)
        if right is False or words is None:
            return None
        if self.sqlite:
            # Not by the index: what begins with a letter would be gathered anew for each record.
            asked = runtime(f"has_{number}", Text())
            test: Sql = call("fs_has_word", Boolean(), scope.alias.c[words.name], asked)
        else:
            test = self._stands(scope, field, f"term_{number}")
        return test if right is True else and_(right, test)

    def stands_along(self, scope: RowScope, steps: Sequence[str], number: int) -> Sql | None:
        """Give the condition that a term stands where a path leads from a record that something else has found."""
        object_def = self._parts.metamodel.objects[scope.object_key]
        if len(steps) == 1 or object_def.source is not None:
            return self.stands(scope, steps[0], number) if object_def.source is None else None
        found: list[Sql] = []
        for there, link in self._steps(scope, object_def, steps[0]):
            test = self.stands_along(there, steps[1:], number)
            if test is not None:
                conditions = [link, test, *self.readable(there)]
                asked = select(there.id).select_from(there.frame.source).where(*conditions)
                found.append(exists(asked.correlate_except(*there.frame.aliases)))
        return or_(*found) if found else None

    def _steps(self, scope: RowScope, object_def: ObjectDef, step: str) -> Iterator[tuple[RowScope, Sql]]:
        """Give the records that a step of a path leads to, and how they are linked."""
        field, inverse = object_def.fields.get(step), object_def.inverses.get(step)
        if field is not None and field.relation is not None and self._access.may_read(scope.object_key, field.name):
            for target in field.relation.targets:
                if self._parts.metamodel.objects[target].source is None:
                    there = self.scope(target)
                    yield there, there.id == scope.reference_to(field.name, target)
        elif field is None and inverse is not None and self._access.may_read(inverse.object, inverse.field):
            there = self.scope(inverse.object)
            yield there, scope.id == there.reference_to(inverse.field, object_def.key)

    def leads(self, scope: RowScope, steps: Sequence[str], name: str) -> Sql | None:
        """Give the condition that a path of several steps leads from a record to a text with a word."""
        object_def = self._parts.metamodel.objects[scope.object_key]
        field = object_def.fields.get(steps[0])
        if field is None:
            inverse = object_def.inverses.get(steps[0])
            below = None if inverse is None else self._below(object_def, inverse, steps[1:], name)
            return None if below is None else scope.id.in_(below)
        if field.relation is None or not self._access.may_read(scope.object_key, field.name):
            return None
        found: list[Sql] = []
        for target in field.relation.targets:
            ids = self._ids(target, steps[1:], name)
            if ids is not None:
                found.append(scope.reference_to(field.name, target).in_(ids))
        return or_(*found) if found else None

    def _below(self, above: ObjectDef, inverse: InverseDef, steps: Sequence[str], name: str) -> Select[Any] | None:
        if not self._access.may_read(inverse.object, inverse.field):
            return None
        ids = self._ids(inverse.object, steps, name)
        if ids is None:
            return None
        scope = self.scope(inverse.object)
        conditions = [scope.id.in_(ids), *self.readable(scope)]
        parent = scope.reference_to(inverse.field, above.key)
        return select(parent).select_from(scope.frame.source).where(*conditions)

    def _ids(self, key: str, steps: Sequence[str], name: str) -> Select[Any] | None:
        """Select some records of an object from which the steps lead to a text with a word."""
        object_def = self._parts.metamodel.objects[key]
        if object_def.source is not None:
            return None
        scope = self.scope(key)
        if len(steps) == 1:
            if self._right(scope, steps[0]) is False or steps[0] not in self._parts.tables.of(key).words:
                return None
            return self.few(self.found(scope, steps, name), _MOST_BESIDE)
        test = self.leads(scope, steps, name)
        return None if test is None else self.few(self.those(scope, test), _MOST_BESIDE)

    def those(self, scope: RowScope, *tests: Sql) -> Select[Any]:
        """Select the ids of readable records that pass some tests."""
        # The FROM comes last: rights may add joins to it.
        conditions = [*tests, *self.readable(scope)]
        return select(scope.id.label("id")).select_from(scope.frame.source).where(*conditions)

    def _stands(self, scope: RowScope, field: str, name: str) -> Sql:
        words = self._parts.tables.of(scope.object_key).words[field]
        found: Sql = scope.alias.c[words.name].op("@@")(cast(runtime(name, Text()), TSQUERY))
        return found

    def _right(self, scope: RowScope, field: str) -> Sql | bool:
        if not self._access.may_read(scope.object_key, field):
            return False
        return True if self._eyes is None else self._eyes.field_condition(scope, field)

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


def _number(most: int) -> ColumnElement[int]:
    return literal_column(str(most))
