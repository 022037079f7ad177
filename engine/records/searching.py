"""The condition of a search: each word stands in one of the texts that the object's `search:` names.

A path to a list of parts (`phones.number`) looks through all rows of it. What the actor may not read is not searched.
"""

from __future__ import annotations

from sqlalchemy import Text, and_, cast, exists, literal_column, or_, select

from engine.access.compiler import Access
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.lists import searched_text
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import folded_test
from engine.expressions.sql.values import Sql, SqlText, SqlTexts
from engine.records.parts import ReleaseParts
from metamodel.child_paths import child_path
from metamodel.objects import InverseDef, ObjectDef
from workflow_dsl.syntax import BinaryOp


class SearchCompiler:
    """Compiles searches of one object for one set of rights; scope: the record that is searched."""

    def __init__(
        self, parts: ReleaseParts, access: Access, builder: SqlBuilder, object_def: ObjectDef, scope: RowScope
    ) -> None:
        self._parts, self._access, self._builder = parts, access, builder
        self._object, self._scope = object_def, scope

    def condition(self, words: int) -> Sql:
        """Give the condition for so many words, which are bound as `word_0` and so on."""
        tests = [self._word(f"word_{index}") for index in range(words)]
        return and_(*tests)

    def _word(self, name: str) -> Sql:
        found: list[Sql] = []
        for path in self._object.search:
            rows = child_path(self._object, path)
            if rows is not None:
                inverse, rest = rows
                test = self._in_rows(inverse, rest.text, name)
            else:
                test = self._in_text(path.text, self._scope, name)
            found += [] if test is None else [test]
        return or_(*found) if found else literal_column("1") == literal_column("0")

    def _in_text(self, path: str, scope: RowScope, name: str) -> Sql | None:
        checked = self._parts.language.path(path, scope.object_key, self._access.may_read)
        if checked.typed is None:
            return None
        value = self._builder.value(checked.typed, Environment(scope.frame, scope, (), scope.eyes))
        if isinstance(value, SqlTexts):
            text = searched_text(self._builder, value)
        elif isinstance(value, SqlText):
            text = cast(value.expr, Text())
        else:
            return None
        return folded_test(self._builder, BinaryOp.CONTAINS, text, runtime(name, Text()))

    def _in_rows(self, inverse: InverseDef, path: str, name: str) -> Sql | None:
        if not self._access.may_read(inverse.object, inverse.field):
            return None
        alias = self._parts.tables.of(inverse.object).table.alias()
        eyes = self._scope.eyes
        row = RowScope(self._builder, Frame(alias), inverse.object, alias, False, eyes)
        test = self._in_text(path, row, name)
        if test is None:
            return None
        above = row.with_eyes(None).reference_to(inverse.field, self._object.key)
        conditions = [alias.c["deleted_at"].is_(None), above == self._scope.id, test]
        if eyes is not None and (readable := eyes.record_condition(row)) is not None:
            conditions.append(readable)
        query = select(alias.c["id"]).select_from(row.frame.source).where(*conditions)
        return exists(query.correlate_except(*row.frame.aliases))
