"""Who acts: the person or rule behind a read or write, as every door call names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Origin(StrEnum):
    """The entrance a request came through; it changes no right, it stands in the audit log."""

    PAGE = "page"
    API = "api"
    CLI = "cli"
    IMPORT = "import"
    FORM = "form"
    RULE = "rule"
    CONNECTOR = "connector"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, with all that access rules ask of a person.

    user_id: id of the user record, None for the product itself. roles: names held, `includes` resolved by the access
    compiler. team_id, manager_id: of the user record. is_system: `as system`, not bound by grants.
    on_behalf_of: the user id of who is really at the keyboard (log-in as). address, request_id: from where and in which
    request they ask; they stand in the audit log and make no other actor.
    """

    user_id: str | None
    login: str
    name: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    team_id: str | None = None
    manager_id: str | None = None
    language: str = "en"
    timezone: str = "UTC"
    origin: Origin = Origin.PAGE
    is_system: bool = False
    on_behalf_of: str | None = None
    address: str | None = field(default=None, compare=False)
    request_id: str | None = field(default=None, compare=False)


def system_actor(origin: Origin = Origin.SYSTEM, *, language: str = "en") -> Actor:
    """Make the actor of the product itself: migrations, imports of reference data, rules `as system`."""
    return Actor(user_id=None, login="system", name="System", origin=origin, is_system=True, language=language)
