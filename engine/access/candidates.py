"""Few among many: where to look for the records that a condition of access can hold for, without reading the others.

A list is read in its order until it is full. Whoever holds a handful of a million records would have most of them read
in vain. Where every alternative of a condition starts from what an index has (an owner, the members of a team, shares,
a parent), its records are found from there. What is found says where to look and never what may be read: whoever uses
it still sets the condition itself, at the latest on the rows that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import CTE, Select, and_, literal_column, select, true, union_all

from engine.access.predicates import (
    OWNER,
    USER,
    AllOf,
    AnyOf,
    Own,
    ParentIs,
    Predicate,
    Subordinates,
    Team,
    subordinates,
)
from engine.access.shared import Shared
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import acting_team, acting_user
from engine.expressions.sql.scopes import RowScope
from engine.storage.column_types import ColumnKind

MOST: Final = 4000
"""More records than these are not looked for one by one; a list in its order finds one of so many soon enough."""

Ids = Select[Any]


def are_exact(predicate: Predicate) -> bool:
    """Say whether the candidates of a condition are the very records that meet it, and none besides."""
    if isinstance(predicate, AnyOf):
        return all(map(are_exact, predicate.parts))
    return isinstance(predicate, (Own, Team, Subordinates, Shared))


def candidates(predicate: Predicate, builder: SqlBuilder, object_key: str) -> CTE | None:
    """Give the ids (column `id`, some more than once) of all records that may meet a condition, `MOST` + 1 at most.

    None where an alternative of the condition starts from nothing that an index has.
    """
    found = _of(predicate, builder, object_key)
    return None if found is None else _bounded(found).cte("fs_held")


def _bounded(found: Sequence[Ids]) -> Any:
    together = union_all(*found) if len(found) > 1 else found[0]
    return together.limit(literal_column(str(MOST + 1)))


def _of(predicate: Predicate, builder: SqlBuilder, object_key: str) -> Sequence[Ids] | None:
    id_type = kind_type(builder, ColumnKind.ID)
    match predicate:
        case Own():
            return (_pointing(builder, object_key, (OWNER, USER), select(acting_user(id_type).label("id"))),)
        case Team():
            users = builder.tables.of(USER).table.alias()
            members = select(users.c["id"]).where(users.c["team"] == acting_team(id_type))
            return (_pointing(builder, object_key, (OWNER, USER), members),)
        case Subordinates():
            return (_pointing(builder, object_key, (OWNER, USER), select(subordinates(builder).c["id"])),)
        case Shared():
            return (predicate.ids(builder),)
        case AnyOf():
            each = [_of(part, builder, object_key) for part in predicate.parts]
            return None if None in each else [ids for part in each for ids in part or ()]
        case AllOf():
            return next((found for part in predicate.parts if (found := _of(part, builder, object_key))), None)
        case ParentIs():
            above = _of(predicate.condition, builder, predicate.parent)
            if above is None:
                return None
            parents = select(_bounded(above).subquery().c["id"])
            return (_pointing(builder, object_key, (predicate.field, predicate.parent), parents),)
    return None


def _pointing(builder: SqlBuilder, object_key: str, lookup: tuple[str, str], keys: Ids) -> Ids:
    """Give the ids of the records whose lookup points at one of some keys. lookup: the field and its object."""
    alias = builder.tables.of(object_key).table.alias()
    column = RowScope(builder, Frame(alias), object_key, alias, False, None).reference_to(*lookup)
    one = keys.subquery()
    # A planner that knows the average owner only would read the whole table until it has enough; what is given as a
    # range it expects to be little. On PostgreSQL the limit keeps one key's rows apart from the next one's as well.
    range_of_one = (column >= one.c["id"], column <= one.c["id"])
    if builder.numbers.sqlite:
        return select(alias.c["id"]).select_from(one.join(alias, and_(*range_of_one)))
    found = select(alias.c["id"]).where(column == one.c["id"], *range_of_one)
    apart = found.limit(literal_column(str(MOST + 1))).lateral()
    return select(apart.c["id"]).select_from(one.join(apart, true()))
