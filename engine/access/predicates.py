"""Conditions of access, each with two forms of one meaning: a test on a record in memory, and SQL.

Scope words (own, team, subordinates) have forms of their own, which need no join; any other scope is an expression.
Nothing here says who is granted what; see `compiler`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import CTE, and_, false, not_, or_, select, true

from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.runtime import acting_team, acting_user
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from engine.storage.column_types import ColumnKind
from metamodel.source import LocatedText
from metamodel.values import Ref
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.typed import Typed

USER = "user"
OWNER = "owner"


class Predicate(Protocol):
    """A condition on a record."""

    def test(self, context: Context) -> bool:
        """Say whether it holds for the context's record."""
        ...

    def sql(self, scope: RowScope) -> Sql:
        """Give it as a condition on a scope; NULL stands for false."""
        ...


@dataclass(frozen=True, slots=True)
class Everyone:
    """Holds for every record."""

    def test(self, context: Context) -> bool:
        """Say yes."""
        return True

    def sql(self, scope: RowScope) -> Sql:
        """Give TRUE."""
        return true()


@dataclass(frozen=True, slots=True)
class Nobody:
    """Holds for no record."""

    def test(self, context: Context) -> bool:
        """Say no."""
        return False

    def sql(self, scope: RowScope) -> Sql:
        """Give FALSE."""
        return false()


EVERYONE = Everyone()
NOBODY = Nobody()


@dataclass(frozen=True, slots=True)
class Own:
    """The acting user owns the record."""

    def test(self, context: Context) -> bool:
        """Compare the owner with who acts."""
        return context.user is not None and _owning_user(context) == context.user

    def sql(self, scope: RowScope) -> Sql:
        """Compare the owner's column with who acts."""
        builder = scope.builder
        return _owner(scope) == acting_user(kind_type(builder, ColumnKind.ID))


@dataclass(frozen=True, slots=True)
class Team:
    """The record's owner is in the acting user's team."""

    def test(self, context: Context) -> bool:
        """Compare the teams of the owner and of who acts; nobody is in no team."""
        owner = _owning_user(context)
        if owner is None or context.user is None:
            return False
        mine, theirs = context.related(USER, context.user), context.related(USER, owner)
        if mine is None or theirs is None:
            return False
        return mine.get("team") is not None and mine.get("team") == theirs.get("team")

    def sql(self, scope: RowScope) -> Sql:
        """Look for the owner among the users of the team."""
        users = scope.builder.tables.of(USER).table.alias()
        team = acting_team(kind_type(scope.builder, ColumnKind.ID))
        members = select(users.c["id"]).where(users.c["team"] == team).correlate(None)
        return _owner(scope).in_(members)


@dataclass(frozen=True, slots=True)
class Subordinates:
    """The record's owner reports to the acting user, over any number of managers."""

    def test(self, context: Context) -> bool:
        """Walk up the owner's managers."""
        owner = _owning_user(context)
        if owner is None or context.user is None:
            return False
        return context.is_subordinate(owner, context.user)

    def sql(self, scope: RowScope) -> Sql:
        """Look for the owner among all who report to who acts."""
        return _owner(scope).in_(select(subordinates(scope.builder).c["id"]))


def subordinates(builder: SqlBuilder) -> CTE:
    """Give the ids of all who report to the acting user."""
    users = builder.tables.of(USER).table
    boss = acting_user(kind_type(builder, ColumnKind.ID))
    found = select(users.c["id"]).where(users.c["manager"] == boss).cte("fs_reports", recursive=True, nesting=True)
    below = users.alias()
    return found.union(select(below.c["id"]).where(below.c["manager"] == found.c["id"]))


@dataclass(frozen=True, slots=True)
class Written:
    """An expression that an author wrote; one that can't be evaluated does not hold. text: what it is written in."""

    typed: Typed
    evaluate: Callable[[Context], object]
    text: LocatedText | None = None

    def test(self, context: Context) -> bool:
        """Evaluate it."""
        try:
            return bool(self.evaluate(context))
        except EvaluationError:
            return False

    def sql(self, scope: RowScope) -> Sql:
        """Give it as SQL, with its author's eyes."""
        plain = scope.with_eyes(None)
        return scope.builder.condition(self.typed, Environment(scope.frame, plain), loose=True)


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of several conditions."""

    parts: tuple[Predicate, ...]

    def test(self, context: Context) -> bool:
        """Test one after the other."""
        return all(part.test(context) for part in self.parts)

    def sql(self, scope: RowScope) -> Sql:
        """Join them with AND."""
        return and_(*(part.sql(scope) for part in self.parts))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of several conditions."""

    parts: tuple[Predicate, ...]

    def test(self, context: Context) -> bool:
        """Test one after the other."""
        return any(part.test(context) for part in self.parts)

    def sql(self, scope: RowScope) -> Sql:
        """Join them with OR."""
        return or_(*(part.sql(scope) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Unless:
    """Not a condition."""

    part: Predicate

    def test(self, context: Context) -> bool:
        """Turn the answer round."""
        return not self.part.test(context)

    def sql(self, scope: RowScope) -> Sql:
        """Negate; what is NULL is false, so its negation is true."""
        from sqlalchemy import func

        return not_(func.coalesce(self.part.sql(scope), false()))


@dataclass(frozen=True, slots=True)
class ParentIs:
    """The record's parent meets a condition; a record without a parent does not."""

    field: str
    parent: str
    condition: Predicate
    context_of: Callable[[Context, str, object], Context | None]

    def test(self, context: Context) -> bool:
        """Load the parent and test it."""
        above = self.context_of(context, self.parent, context.this.get(self.field))
        return above is not None and self.condition.test(above)

    def sql(self, scope: RowScope) -> Sql:
        """Join the parent and set its condition."""
        plain = scope.with_eyes(None)
        definition = scope.builder.field_def(scope.object_key, self.field)
        above = plain.follow(definition, self.parent)
        return and_(above.id.is_not(None), self.condition.sql(above))


def all_of(*parts: Predicate) -> Predicate:
    """Combine with and, as simply as can be."""
    if any(part is NOBODY for part in parts):
        return NOBODY
    needed = tuple(part for part in parts if part is not EVERYONE)
    if not needed:
        return EVERYONE
    return needed[0] if len(needed) == 1 else AllOf(needed)


def any_of(*parts: Predicate) -> Predicate:
    """Combine with or, as simply as can be."""
    if any(part is EVERYONE for part in parts):
        return EVERYONE
    possible = tuple(part for part in parts if part is not NOBODY)
    if not possible:
        return NOBODY
    return possible[0] if len(possible) == 1 else AnyOf(possible)


def _owning_user(context: Context) -> str | None:
    owner = context.this.get(OWNER)
    return owner.id if isinstance(owner, Ref) and owner.object == USER else None


def _owner(scope: RowScope) -> Sql:
    return scope.with_eyes(None).reference_to(OWNER, USER)
