"""One FROM of a statement: a base table and the outer joins that paths ask for, each join once.

Columns are not known here; see `scopes`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from sqlalchemy import FromClause, Table

from engine.expressions.sql.values import Sql


class Frame:
    """Collects the joins of one select."""

    def __init__(self, base: FromClause) -> None:
        self._from = base
        self._joined: dict[Hashable, FromClause] = {}
        self._aliases: list[FromClause] = [base]
        self.leads: list[tuple[str, Sql]] = []
        """The lookups followed to records of other databases: object, and the id that the lookup holds."""

    def join(self, key: Hashable, table: Table, condition: Callable[[FromClause, Frame], Sql]) -> FromClause:
        """Give the outer join known by `key`, made at its first use.

        condition: what to join on. It is given a frame of the joined record alone, for the joins that it asks for
        itself: they belong inside the join, before its condition.
        """
        found = self._joined.get(key)
        if found is None:
            alias: FromClause = table.alias()
            # Registered before its condition is made: the condition may itself join, from this alias on.
            self._joined[key] = found = alias
            inside = Frame(alias)
            on = condition(alias, inside)
            self._aliases += inside.aliases
            self.leads += inside.leads
            self._from = self._from.outerjoin(inside.source, on)
        return found

    @property
    def source(self) -> FromClause:
        """The base with all joins asked for so far."""
        return self._from

    @property
    def aliases(self) -> tuple[FromClause, ...]:
        """The base and the joined tables."""
        return tuple(self._aliases)
