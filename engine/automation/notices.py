"""What users are told: rows of fs_notification, one a key and user, shown by the inbox."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.ids import IdMaker
from engine.storage.held_roles import is_held
from engine.storage.system_tables import SystemTables

_LONGEST = 4_000


class Notices:
    """Writes fs_notification."""

    def __init__(self, system: SystemTables, ids: IdMaker) -> None:
        self._notification = system.notification
        self._role = system.role
        self._ids = ids

    def add(
        self,
        connection: Connection,
        user_id: str,
        text: str,
        *,
        key: str,
        at: dt.datetime,
        object_key: str | None = None,
        record_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        """Tell a user something; a key that is there already tells nobody twice."""
        make = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
        connection.execute(
            make(self._notification)
            .values(
                id=self._ids.new(),
                key=key,
                user_id=user_id,
                at=at,
                text=text[:_LONGEST],
                object=object_key,
                record_id=record_id,
                run_id=run_id,
            )
            .on_conflict_do_nothing(index_elements=["key"])
        )

    def holders(self, connection: Connection, roles: frozenset[str], *, at: dt.datetime) -> tuple[str, ...]:
        """Give the users who hold one of the roles at a moment."""
        role = self._role
        one_of_them = role.c.role.in_(sorted(roles)), is_held(role, at)
        rows = connection.execute(select(role.c.user_id).distinct().where(*one_of_them))
        return tuple(row[0] for row in rows)
