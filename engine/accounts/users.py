"""Finds the user record behind a log-in name or id, with the roles held, and makes the actor of it.

Signing in comes before any actor exists, so it reads the user's table itself; everything else that touches users goes
through the door of engine.records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, not_, select

from engine.access.actor import Actor
from engine.accounts.zones import zone_of
from engine.clock import Clock
from engine.errors import FieldError, ValidationFailed
from engine.releases.release import Release
from engine.storage.held_roles import is_held

Ends = Mapping[str, datetime | None]
"""Roles with when each ends by itself; None = never."""

USER_OBJECT = "user"
LOGIN_FIELD = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """What accounts know of a user; `enabled` is false for one who left (record inactive or sign-in disabled).

    roles: those held now. role_ends: role → when it ends by itself, for those that do. service: the account of a
    program. has_factor: a second factor is set up.
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
    role_ends: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def roles_until(self) -> datetime | None:
        """When the first of the roles ends by itself."""
        return min(self.role_ends.values(), default=None)

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
        role, held = self._role, dict[str, dict[str, datetime | None]]()
        living = select(role.c.user_id, role.c.role, role.c.until).where(is_held(role, self._clock.now()))
        for user_id, name, until in connection.execute(living):
            held.setdefault(user_id, {})[name] = until
        return [self._user(row, held.get(row.id, {})) for row in rows]

    def role_names(self) -> Collection[str]:
        """Give the roles there are to hold."""
        return self._release().metamodel.roles.keys()

    def object_keys(self) -> Collection[str]:
        """Give the keys of all objects there are."""
        return self._release().metamodel.objects.keys()

    def replace_roles(
        self, connection: Connection, user_id: str, roles: Ends, *, by: str
    ) -> tuple[list[str], list[str]]:
        """Let the user hold exactly these roles, each until its end; give those held before and now, as `told`."""
        table, now = self._role, self._clock.now()
        held = self.roles_of(connection, user_id)
        same = [name for name, until in roles.items() if name in held and held[name] == until]
        connection.execute(delete(table).where(table.c.user_id == user_id, table.c.role.not_in(same)))
        new = [
            {"user_id": user_id, "role": name, "granted_at": now, "granted_by": by, "until": roles[name]}
            for name in sorted(set(roles) - set(same))
        ]
        if new:
            connection.execute(insert(table), new)
        return told(held), told(roles)

    def add_roles(self, connection: Connection, user_id: str, roles: Ends, *, by: str) -> tuple[list[str], list[str]]:
        """Let the user hold these roles too, each at least until its end; give those held before and now."""
        held = self.roles_of(connection, user_id)
        longest = {name: later(until, held[name]) if name in held else until for name, until in roles.items()}
        return self.replace_roles(connection, user_id, {**held, **longest}, by=by)

    def end_roles(self, connection: Connection) -> Mapping[str, list[str]]:
        """Take away what has ended by itself; give it by user, as `told`."""
        role, over = self._role, not_(is_held(self._role, self._clock.now()))
        gone: dict[str, dict[str, datetime | None]] = {}
        for user_id, name, until in connection.execute(select(role.c.user_id, role.c.role, role.c.until).where(over)):
            gone.setdefault(user_id, {})[name] = until
        if gone:
            connection.execute(delete(role).where(over))
        return {user_id: told(ends) for user_id, ends in gone.items()}

    def roles_of(self, connection: Connection, user_id: str) -> dict[str, datetime | None]:
        """Give the roles a user holds now, each with its end."""
        role = self._role
        held = role.c.user_id == user_id, is_held(role, self._clock.now())
        return {name: until for name, until in connection.execute(select(role.c.role, role.c.until).where(*held))}

    def _read(self, connection: Connection, column: str, value: str) -> UserRow | None:
        table = self._table()
        row = connection.execute(self._select().where(table.c[column] == value, table.c.deleted_at.is_(None))).first()
        return self._user(row, self.roles_of(connection, row.id)) if row is not None else None

    def _select(self) -> Any:
        table, credential = self._table(), self._credential
        own = (credential.c.disabled, credential.c.service, credential.c.factor_at)
        return select(table, *own).select_from(table.outerjoin(credential, credential.c.user_id == table.c.id))

    def _table(self) -> Table:
        return self._release().tables.of(USER_OBJECT).table

    def _user(self, row: Any, roles: Ends) -> UserRow:
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
            timezone=zone_of(row.timezone, main.timezone),
            service=bool(row.service),
            has_factor=row.factor_at is not None,
            role_ends={name: until for name, until in roles.items() if until is not None},
        )


def told(roles: Ends) -> list[str]:
    """Give how roles stand in the audit log: `rep`, or `rep until 2026-11-30T16:00:00+00:00`."""
    return sorted(name if until is None else f"{name} until {until.isoformat()}" for name, until in roles.items())


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Give the later of two ends; None = it has none."""
    return None if one is None or other is None else max(one, other)


def check_end(until: datetime | None, now: datetime) -> None:
    """Refuse an end that has passed. Raises: ValidationFailed."""
    if until is not None and until <= now:
        raise ValidationFailed([FieldError(field="until", code="bad_value", message="An end lies in the future.")])
