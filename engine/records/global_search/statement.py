"""The one statement of a global search: a part an object, each at most so many records, the newest that match first.

A record matches where all words stand in texts its `search:` names, whichever; one with a text that is what was typed
as a whole comes along however many others match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, cast, false, literal_column, null, or_, select, union, union_all

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
_CANDIDATES = 2_000
"""How many records that another one leads to are looked through for the other words."""
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
    """Make the statement for so many terms: `term_0` …, all together `terms`, the text as `whole` and as `start`.

    only: the key of the one object that is searched; None = all of them.
    """
    return _Maker(parts, access, language, terms, limit).made(only)


class _Maker:
    def __init__(self, parts: ReleaseParts, access: Access, language: str, terms: int, limit: int) -> None:
        self._parts, self._access, self._terms = parts, access, terms
        self._limit = limit
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
        inner = [*self._own(object_def), *self._beside(object_def)]
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

    def _own(self, object_def: ObjectDef) -> Iterator[Select[Any]]:
        """Give the ways by texts of the record itself alone."""
        key, fields = object_def.key, self._words.own_fields(object_def)
        plain, limited = self._words.rights(self._words.scope(key), fields)
        for asked in ([plain] if plain else []) + [[field] for field, _right in limited]:
            yield self._few(self._words.found(self._words.scope(key), asked, "whole"))
        if plain:
            scope = self._words.scope(key)
            yield self._words.nearest(scope, plain, self._all_in(scope, plain), self._limit)

    def _few(self, query: Select[Any]) -> Select[Any]:
        return self._words.few(query, self._limit)

    def _all_in(self, scope: RowScope, fields: Sequence[str]) -> Select[Any]:
        """Select records in whose own texts all terms stand, each in any of them."""
        if self._words.sqlite or len(fields) == 1:
            return self._words.found(scope, fields, "terms")
        return self._words.those(scope, *(self._any(scope, fields, number) for number in range(self._terms)))

    def _beside(self, object_def: ObjectDef) -> Iterator[Select[Any]]:
        """Give the ways on which a term stands in another record, or in a text that is not readable everywhere.

        Each looks through what one term finds on one way for the others; one of them that finds few is enough.
        """
        key, paths = object_def.key, [path.text for path in object_def.search]
        plain, _limited = self._words.rights(self._words.scope(key), self._words.own_fields(object_def))
        ways: list[tuple[str, ...]] = [(path,) for path in paths if path not in plain]
        if ways and plain and self._terms > 1:
            ways.append(tuple(plain))
        for number in range(self._terms):
            for way in ways:
                ids = self._led(object_def, way, number)
                if ids is not None:
                    scope = self._words.scope(key)
                    others = (other for other in range(self._terms) if other != number)
                    tests = [self._any(scope, paths, other) for other in others]
                    yield self._few(self._words.those(scope, scope.id.in_(ids), *tests))

    def _led(self, object_def: ObjectDef, way: Sequence[str], number: int) -> Select[Any] | None:
        """Select records from which a way leads to a text with a term: fields, or one path to other records."""
        scope, name, known = self._words.scope(object_def.key), f"term_{number}", self._words.own_fields(object_def)
        if all(path in known for path in way):
            return self._words.few(self._words.found(scope, way, name), _CANDIDATES)
        test = self._words.leads(scope, way[0].split("."), name) if "." in way[0] else None
        return None if test is None else self._words.few(self._words.those(scope, test), _CANDIDATES)

    def _any(self, scope: RowScope, paths: Sequence[str], number: int) -> Sql:
        """Give the condition that a term stands where one of the paths leads."""
        tests = (self._words.stands_along(scope, path.split("."), number) for path in paths)
        return or_(false(), *(test for test in tests if test is not None))

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
