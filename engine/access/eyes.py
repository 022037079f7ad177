"""What an actor sees of records: in clear, masked or not at all, as SQL and for a record in memory.

The one place that says which it is; what a mask looks like is its field type's, who is granted what `compiler`'s.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import and_, false, func, not_

from engine.access.compiler import Access
from engine.access.object_access import FieldAccess
from engine.access.predicates import EVERYONE, NOBODY, Predicate
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from workflow_dsl.context import Context


class Sight(StrEnum):
    """How one field of a readable record is seen."""

    CLEAR = "clear"
    MASKED = "masked"
    HIDDEN = "hidden"


def sight_of(right: FieldAccess, context: Context) -> Sight:
    """Say how a field of the context's record is seen."""
    if right.read is EVERYONE or (right.read is not NOBODY and right.read.test(context)):
        return Sight.CLEAR
    return Sight.MASKED if right.masked is not NOBODY and right.masked.test(context) else Sight.HIDDEN


class AccessEyes:
    """What an actor sees, for SQL that a user brings."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def record_condition(self, scope: RowScope) -> Sql | None:
        """Give the condition under which the scope's record may be read; None = always."""
        predicate = self._access.of(scope.object_key).actions["read"]
        return None if predicate is EVERYONE else predicate.sql(scope)

    def field_condition(self, scope: RowScope, name: str) -> Sql | bool:
        """Give the condition under which a field of a readable record may be read."""
        return _condition(self._access.of(scope.object_key).fields[name].read, scope)


class MaskedEyes:
    """What an actor sees masked: fields of readable records that it may not read in clear."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def record_condition(self, scope: RowScope) -> Sql | None:
        """Give the condition under which the scope's record may be read; None = always."""
        return AccessEyes(self._access).record_condition(scope)

    def field_condition(self, scope: RowScope, name: str) -> Sql | bool:
        """Give the condition under which a field of a readable record is shown masked."""
        right = self._access.of(scope.object_key).fields[name]
        masked = _condition(right.masked, scope)
        if right.read is NOBODY or masked is False:
            return masked
        unread = not_(func.coalesce(right.read.sql(scope), false()))
        return unread if masked is True else and_(masked, unread)


def _condition(predicate: Predicate, scope: RowScope) -> Sql | bool:
    if predicate is EVERYONE:
        return True
    return False if predicate is NOBODY else predicate.sql(scope)
