"""The one statement of a global search: a part an object, each at most so many records, the newest that match first.

A record matches where all words stand in texts its `search:` names, whichever; one whose text is the typed one as a
whole comes along however many others match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, and_, cast, literal_column, null, or_, select, union, union_all

from engine.access.compiler import Access
from engine.access.eyes import AccessEyes
from engine.access.predicates import NOBODY
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.lists import searched_text
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql, SqlText, SqlTexts
from engine.records.global_search.conditions import WordConditions
from engine.records.parts import ReleaseParts
from engine.records.statements import Prepared
from metamodel.objects import ObjectDef

SHOWN_TEXTS = 4
_AT_HAND = ("phone", "email")
"""Types of fields of which the first is shown with a record that was found, for who looks for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStatement:
    """A kept statement over rows of (object's place, id, title, texts …).

    objects: by place. paths: by place, where the texts come from. prepared: None where nothing can be searched.
    """

    prepared: Prepared | None
    objects: Sequence[ObjectDef]
    paths: Sequence[Sequence[str]]


def make_statement(
    parts: ReleaseParts, access: Access, language: str, terms: int, limit: int, only: str | None
) -> SearchStatement:
    """Make the statement for so many terms (`term_0` …, all of them together `terms`, and `whole`).

    only: the key of the one object that is searched; None = all of them.
    """
    return _Maker(parts, access, language, terms, limit).made(only)


class _Maker:
    def __init__(self, parts: ReleaseParts, access: Access, language: str, terms: int, limit: int) -> None:
        self._parts, self._access, self._terms, self._limit = parts, access, terms, limit
        self._builder = parts.builder(access, language)
        self._eyes = None if access.full else AccessEyes(access)
        self._words = WordConditions(parts, access, self._builder, self._eyes)

    def made(self, only: str | None) -> SearchStatement:
        objects: list[ObjectDef] = []
        paths: list[Sequence[str]] = []
        selects: list[Select[Any]] = []
        for object_def in self._parts.metamodel.objects.values():
            if only in (None, object_def.key) and (found := self._part(object_def, len(objects))) is not None:
                selects.append(found[0])
                paths.append(found[1])
                objects.append(object_def)
        statement = union_all(*selects) if selects else None
        prepared = Prepared(statement, self._parts.dialect) if statement is not None else None
        return SearchStatement(prepared=prepared, objects=tuple(objects), paths=tuple(paths))

    def _part(self, object_def: ObjectDef, place: int) -> tuple[Select[Any], Sequence[str]] | None:
        key = object_def.key
        if object_def.source is not None or self._access.of(key).actions["read"] is NOBODY:
            return None
        inner = [each for each in (self._whole(object_def), self._all_words(object_def)) if each is not None]
        if not inner:
            return None
        ids = [select(each.subquery().c["id"]) for each in inner]
        scope = self._words.scope(key)
        paths, texts = self._texts(object_def, scope)
        texts += [cast(null(), Text())] * (SHOWN_TEXTS - len(texts))
        values = [literal_column(str(place)), cast(scope.id, Text()), cast(scope.title(), Text()), *texts]
        labelled = [value.label(f"c{at}") for at, value in enumerate(values)]
        found = union(*ids) if len(ids) > 1 else ids[0]
        return select(*labelled).select_from(scope.frame.source).where(scope.id.in_(found)), paths

    def _whole(self, object_def: ObjectDef) -> Select[Any] | None:
        scope = self._words.scope(object_def.key)
        fields = self._words.own_fields(object_def)
        tests = [self._words.in_field(scope, name, "whole") for name in fields]
        found = [test for test in tests if test is not None]
        return self._limited(scope, or_(*found)) if found else None

    def _all_words(self, object_def: ObjectDef) -> Select[Any] | None:
        scope = self._words.scope(object_def.key)
        fields = self._words.own_fields(object_def)
        if fields and self._words.are_read_alike(object_def, scope, fields):
            asked = self._words.at_once(scope, fields, "terms")
            if asked is not None:
                index, condition = asked
                conditions = (condition, *self._words.readable(scope))
                query = select(scope.id.label("id")).select_from(index, scope.frame.source).where(*conditions)
                return query.order_by(index.c["rowid"].desc()).limit(literal_column(str(self._limit)))
        tests = []
        for number in range(self._terms):
            name = f"term_{number}"
            ways = [self._words.in_path(scope, path.text.split("."), name) for path in object_def.search]
            found = [way for way in ways if way is not None]
            if not found:
                return None
            tests.append(or_(*found))
        return self._limited(scope, and_(*tests))

    def _limited(self, scope: RowScope, test: Sql) -> Select[Any]:
        conditions = (test, *self._words.readable(scope))
        query = select(scope.id.label("id")).select_from(scope.frame.source).where(*conditions)
        return query.limit(literal_column(str(self._limit)))

    def _texts(self, object_def: ObjectDef, scope: RowScope) -> tuple[list[str], list[Sql]]:
        """Give the paths and values of texts that are shown with a record, as its reader may see them."""
        wanted = dict.fromkeys(path.text for path in object_def.search)
        for kind in _AT_HAND:
            names = (name for name, field in object_def.fields.items() if field.value_type == kind)
            wanted |= dict.fromkeys(name for name in names if self._access.may_read(object_def.key, name))
        paths: list[str] = []
        texts: list[Sql] = []
        for path in wanted:
            checked = self._parts.language.path(path, object_def.key, self._access.may_read)
            if checked.typed is None or len(texts) == SHOWN_TEXTS:
                continue
            value = self._builder.value(checked.typed, Environment(scope.frame, scope, (), scope.eyes))
            if isinstance(value, SqlTexts):
                texts.append(searched_text(self._builder, value))
            elif isinstance(value, SqlText):
                texts.append(cast(value.expr, Text()))
            else:
                continue
            paths.append(path)
        return paths, texts
