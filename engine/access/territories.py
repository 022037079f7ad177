"""The scope word `territory`: the record belongs to a territory of who acts, or to one that lies in it.

Which records belong to a territory its conditions in organization.yaml say, an object each; its people are named there
by the addresses they log in with. Like any condition of access it has two forms of one meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, literal

from engine.access.predicates import USER
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.runtime import acting_user
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from engine.storage.column_types import ColumnKind
from metamodel.definitions.service import TerritoryDef
from workflow_dsl.context import Context

_ADDRESS = "email"


@dataclass(frozen=True, slots=True)
class InTerritory:
    """Who acts is one of a territory's people. people: their addresses, in small letters."""

    name: str
    people: frozenset[str]

    def test(self, context: Context) -> bool:
        """Look at the address of who acts; nobody is in no territory."""
        person = context.related(USER, context.user) if context.user is not None else None
        return person is not None and person.get(_ADDRESS) in self.people

    def sql(self, scope: RowScope) -> Sql:
        """Look for who acts among the users of those addresses; the record at hand plays no part."""
        users = scope.builder.tables.of(USER).table.alias()
        address = users.c[_ADDRESS]
        found = exists().where(
            users.c["id"] == acting_user(kind_type(scope.builder, ColumnKind.ID)),
            address.in_([literal(each, address.type) for each in sorted(self.people)]),
            users.c["deleted_at"].is_(None),
        )
        return found.correlate_except(users)


def territories_of(
    territories: Mapping[str, TerritoryDef], object_key: str
) -> Iterator[tuple[TerritoryDef, InTerritory]]:
    """Give the territories that records of an object belong to, each with its people and those of what it lies in."""
    for territory in territories.values():
        if object_key in territory.objects:
            people = frozenset(_people(territories, territory.name))
            if people:
                yield territory, InTerritory(territory.name, people)


def _people(territories: Mapping[str, TerritoryDef], name: str | None) -> Iterator[str]:
    met: set[str] = set()
    while name is not None and name in territories and name not in met:
        met.add(name)
        yield from (each.strip().lower() for each in territories[name].members)
        name = territories[name].parent
