"""What the door compiles of one release: expressions, access, row readers, statements; kept with the release."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from sqlalchemy.engine import Dialect as SqlDialect

from engine.access.compiler import Access
from engine.access.grants import RoleGrants
from engine.expressions.calendar_in_force import calendar_in_force
from engine.expressions.context import Computations, RecordContext
from engine.expressions.language import ReleaseLanguage
from engine.expressions.sql.builder import SqlBuilder, SqlSource
from engine.records.breadth import Breadth
from engine.records.kept import KeptByUse
from engine.records.rounding import rounder
from engine.records.rows import StoredColumns
from engine.releases.release import Release
from metamodel.field_types import ValueContext
from metamodel.source import LocatedText
from workflow_dsl.context import Context
from workflow_dsl.functions import FunctionRegistry

Made = TypeVar("Made")
_STATEMENTS_KEPT = 600


class ReleaseParts:
    """The compiled parts of one release on one database, in one language per set of texts."""

    def __init__(self, release: Release, functions: FunctionRegistry, dialect: SqlDialect) -> None:
        self.release = release
        self.metamodel = release.metamodel
        self.tables = release.tables
        self.dialect = dialect
        self.language = ReleaseLanguage(release, functions)
        main = release.metamodel.main
        self.calendar = calendar_in_force(release.metamodel)
        self.value_context = ValueContext(currency=main.currency, country=main.country, timezone=main.timezone)
        self.asked: KeptByUse[Hashable, Any] = KeptByUse(_STATEMENTS_KEPT)
        self.breadth = Breadth()
        self._made: dict[Hashable, Any] = {}

    def made(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Give a part by key, made once; for keys that only the configuration can multiply."""
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make()
        return found

    def access(self, roles: frozenset[str] | None) -> Access:
        """Give the compiled rights of a set of roles; None = the product's own."""
        return self.made(("access", roles), lambda: self._access(roles))

    def access_unshared(self, roles: frozenset[str]) -> Access:
        """Give what holders of these roles may do with records that nobody shares with them."""
        return self.made(("access unshared", roles), lambda: self._access(roles, shares=False))

    def settings(self, roles: frozenset[str]) -> Mapping[str, Any]:
        """Give the values of app settings for who holds these roles, included ones too."""
        return self.made(("settings", roles), lambda: self.release.settings.for_roles(roles))

    def builder(self, access: Access, language: str) -> SqlBuilder:
        """Give the SQL builder for who holds these rights."""
        return self.made(("builder", access.roles, access.full, language), lambda: self._builder(access, language))

    def columns(self, object_key: str) -> StoredColumns:
        """Give the reader of an object's rows."""
        key = ("columns", object_key)
        return self.made(key, lambda: StoredColumns(self.tables.of(object_key), self.dialect))

    def condition(self, object_key: str, text: LocatedText) -> Callable[[Context], Any]:
        """Give an author's condition over a record, compiled."""
        key = ("condition", object_key, text.text)
        return self.made(key, lambda: self.language.evaluator(self.language.condition(text, object_key)))

    def computations(self, object_key: str) -> Computations:
        """Give the formulas of an object that are computed when read."""
        return self.made(("computations", object_key), lambda: self._computations(object_key))

    def _access(self, roles: frozenset[str] | None, *, shares: bool = True) -> Access:
        grants = None if roles is None else RoleGrants(self.metamodel, roles)
        return Access(grants, self.metamodel, self.language, _context_of, shares=shares)

    def _builder(self, access: Access, language: str) -> SqlBuilder:
        source = SqlSource(
            tables=self.tables,
            metamodel=self.metamodel,
            formula=self.language.formula,
            title=self.language.title,
            setting=self.settings(access.roles).get,
            evaluate=self.language.evaluator,
            language=language,
        )
        return SqlBuilder(source, access.roles)

    def _computations(self, object_key: str) -> Computations:
        object_def = self.metamodel.objects[object_key]
        found: dict[str, Callable[[Context], Any]] = {}
        for name, definition in object_def.fields.items():
            if definition.formula is not None and not self.tables.of(object_key).is_stored(name):
                typed = self.language.formula(object_key, name)
                found[name] = rounder(definition, self.language.evaluator(typed), self.metamodel)
        return found


def _context_of(context: Context, object_key: str, record_id: object) -> Context | None:
    if not isinstance(context, RecordContext) or not isinstance(record_id, str):
        return None
    return context.of(object_key, record_id)
