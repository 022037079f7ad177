"""The scope word `shared`: the record is shared by hand with who acts, now and for what is done.

Like any condition of access it has two forms of one meaning. Both compare the end of a share with the clock, so a share
ends without anybody ending it, and read the shares as they are stored now: nothing of them is kept between requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, FromClause, Select, Text, column, exists, literal, or_, select, table, true

from engine.access.shares import key_of_role, key_of_team, key_of_user
from engine.expressions.context import RecordContext
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.runtime import RunValues, computed
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from engine.storage.column_types import ColumnKind
from metamodel.objects import ObjectDef
from workflow_dsl.context import Context

_USER = "user"


def can_be_shared(object_def: ObjectDef) -> bool:
    """Say whether records of an object can be shared: not links and parts, nor rows of another database."""
    return object_def.links is None and object_def.source is None and object_def.parent_field is None


@dataclass(frozen=True, slots=True)
class Shared:
    """The record is shared with the acting user, the user's team or one of these roles; edits: for editing."""

    object_key: str
    roles: frozenset[str]
    edits: bool

    def test(self, context: Context) -> bool:
        """Look through the record's shares."""
        if not isinstance(context, RecordContext):
            return False
        found = context.shares(self.object_key)
        if not found:
            return False
        mine = {*map(key_of_role, self.roles), *_keys_of(context)}
        return any(each.grantee in mine and each.holds(context.now, edits=self.edits) for each in found)

    def sql(self, scope: RowScope) -> Sql:
        """Look for a share by its key: object, record and who it is with."""
        found, shares = self._mine(scope.builder)
        return exists(found.where(shares.c["record_id"] == scope.id).correlate_except(shares))

    def ids(self, builder: SqlBuilder) -> Select[Any]:
        """Give the ids (column `id`) of all records that are shared so, some more than once."""
        return self._mine(builder)[0]

    def _mine(self, builder: SqlBuilder) -> tuple[Select[Any], FromClause]:
        instant = kind_type(builder, ColumnKind.DATETIME)
        shares = table(
            "fs_share",
            column("object", Text()),
            column("record_id", kind_type(builder, ColumnKind.ID)),
            column("grantee", Text()),
            column("edits", Boolean()),
            column("until", instant),
        ).alias()
        mine = [computed("me", _acting_user, Text()), computed("my_team", _acting_team, Text())]
        mine += [literal(key_of_role(each), Text()) for each in sorted(self.roles)]
        now = computed("now", lambda values: values.now, instant, filled=True)
        found = select(shares.c["record_id"].label("id")).where(
            shares.c["object"] == literal(self.object_key, Text()),
            shares.c["grantee"].in_(mine),
            or_(shares.c["until"].is_(None), shares.c["until"] > now),
        )
        return (found.where(shares.c["edits"].is_(true())) if self.edits else found), shares


def _keys_of(context: RecordContext) -> tuple[str, ...]:
    """Give how the acting user and the user's team are written; rules that nobody started have roles alone."""
    if context.user is None:
        return ()
    person = context.related(_USER, context.user)
    team = person.get("team") if person is not None else None
    mine = key_of_user(context.user)
    return (mine,) if team is None else (mine, key_of_team(str(team)))


def _acting_user(values: RunValues) -> object:
    return None if values.user_id is None else key_of_user(values.user_id)


def _acting_team(values: RunValues) -> object:
    return None if values.team_id is None else key_of_team(values.team_id)
