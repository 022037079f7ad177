"""Finds the user record behind a log-in name or id, with the roles held, and makes the actor of it.

Signing in comes before any actor exists, so it reads the user's table itself; everything else that touches users goes
through the door of engine.records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from engine.access.actor import Actor
from engine.clock import Clock
from engine.releases.release import Release

USER_OBJECT = "user"
LOGIN_FIELD = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """What accounts know of a user; `enabled` is false for one who left (record inactive or sign-in disabled).

    service: the account of a program. has_factor: a second factor is set up.
    """

    id: str
    login: str
    name: str
    enabled: bool
    roles: tuple[str, ...]
    team_id: str | None
    manager_id: str | None
    language: str
    timezone: str
    service: bool = False
    has_factor: bool = False

    def actor(self) -> Actor:
        """Make the actor who this user is."""
        return Actor(
            user_id=self.id,
            login=self.login,
            name=self.name,
            roles=frozenset(self.roles),
            team_id=self.team_id,
            manager_id=self.manager_id,
            language=self.language,
            timezone=self.timezone,
        )


class UserDirectory:
    """Read users and their roles, write the roles they hold."""

    def __init__(self, releases: Callable[[], Release], credential: Table, role: Table, clock: Clock) -> None:
        self._release = releases
        self._credential = credential
        self._role = role
        self._clock = clock

    def find(self, connection: Connection, login: str) -> UserRow | None:
        """Give the user of a log-in name, whatever its case."""
        return self._read(connection, LOGIN_FIELD, login.strip().lower())

    def load(self, connection: Connection, user_id: str) -> UserRow | None:
        """Give the user of an id."""
        return self._read(connection, "id", user_id)

    def list_all(self, connection: Connection) -> Sequence[UserRow]:
        """Give all users that are not in the bin, by log-in name."""
        table = self._table()
        rows = connection.execute(
            self._select().where(table.c.deleted_at.is_(None)).order_by(table.c[LOGIN_FIELD])
        ).all()
        held: dict[str, list[str]] = {}
        for user_id, role in connection.execute(select(self._role.c.user_id, self._role.c.role)):
            held.setdefault(user_id, []).append(role)
        return [self._user(row, held.get(row.id, ())) for row in rows]

    def role_names(self) -> Collection[str]:
        """Give the roles there are to hold."""
        return self._release().metamodel.roles.keys()

    def object_keys(self) -> Collection[str]:
        """Give the keys of all objects there are."""
        return self._release().metamodel.objects.keys()

    def replace_roles(
        self, connection: Connection, user_id: str, roles: Collection[str], *, by: str
    ) -> tuple[list[str], list[str]]:
        """Let the user hold exactly these roles; give those held before and now."""
        held = self._roles_of(connection, user_id)
        gone = self._role.c.user_id == user_id, self._role.c.role.not_in(list(roles))
        connection.execute(delete(self._role).where(*gone))
        new = [
            {"user_id": user_id, "role": role, "granted_at": self._clock.now(), "granted_by": by}
            for role in sorted(set(roles) - set(held))
        ]
        if new:
            connection.execute(insert(self._role), new)
        return sorted(held), sorted(set(roles))

    def add_roles(
        self, connection: Connection, user_id: str, roles: Collection[str], *, by: str
    ) -> tuple[list[str], list[str]]:
        """Let the user hold these roles too; give those held before and now."""
        return self.replace_roles(connection, user_id, {*roles, *self._roles_of(connection, user_id)}, by=by)

    def _read(self, connection: Connection, column: str, value: str) -> UserRow | None:
        table = self._table()
        row = connection.execute(self._select().where(table.c[column] == value, table.c.deleted_at.is_(None))).first()
        return self._user(row, self._roles_of(connection, row.id)) if row is not None else None

    def _roles_of(self, connection: Connection, user_id: str) -> list[str]:
        return list(connection.execute(select(self._role.c.role).where(self._role.c.user_id == user_id)).scalars())

    def _select(self) -> Any:
        table, credential = self._table(), self._credential
        own = (credential.c.disabled, credential.c.service, credential.c.factor_at)
        return select(table, *own).select_from(table.outerjoin(credential, credential.c.user_id == table.c.id))

    def _table(self) -> Table:
        return self._release().tables.of(USER_OBJECT).table

    def _user(self, row: Any, roles: Collection[str]) -> UserRow:
        main = self._release().metamodel.main
        return UserRow(
            id=row.id,
            login=row._mapping[LOGIN_FIELD],
            name=row.name,
            enabled=bool(row.active) and not row.disabled,
            roles=tuple(sorted(roles)),
            team_id=row.team,
            manager_id=row.manager,
            language=row.language or main.languages[0],
            timezone=row.timezone or main.timezone,
            service=bool(row.service),
            has_factor=row.factor_at is not None,
        )
