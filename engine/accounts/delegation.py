"""Delegated administration: who makes users and gives roles of a named list inside the own team tree.

`gives:` of a role names the list. Who administrates all users may give, in all teams, what gives no more than they
hold. Nobody changes their own rights here. Users are made by the product in the name of who makes them: their own
rights on user records are for all fields of all users, which this is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from engine.access.actor import Actor, system_actor
from engine.access.grants import resolve_roles
from engine.accounts.administration import Administration
from engine.accounts.standing_in import is_stronger, require_own_hand
from engine.accounts.users import USER_OBJECT, UserRow, check_end
from engine.errors import AccessDenied, RecordNotFound
from engine.records.sharing.sharing import end_of
from engine.releases.release import Release

if TYPE_CHECKING:
    from engine.records.service import Records
    from engine.records.transaction import Transaction

MANAGE = "manage_users"
_TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What somebody may administrate. roles: to give and take; teams: id → name; everywhere: all teams, and none."""

    roles: frozenset[str]
    teams: Mapping[str, str]
    everywhere: bool = False

    def covers(self, team_id: str | None) -> bool:
        """Say whether users of a team are within reach."""
        return self.everywhere or (team_id is not None and team_id in self.teams)


class Delegation:
    """Make users and give roles, as far as somebody's reach goes."""

    def __init__(
        self, *, records: Records, administration: Administration, current_release: Callable[[], Release]
    ) -> None:
        self._records = records
        self._administration = administration
        self._release = current_release

    def is_for(self, actor: Actor) -> bool:
        """Say whether somebody administrates users at all."""
        return self._records.access(actor).has_right(MANAGE) or bool(_named(self._release(), actor))

    def reach_of(self, actor: Actor) -> Reach:
        """Say what somebody may administrate. Raises: AccessDenied where that is nothing."""
        release, mine = self._release(), self._records.access(actor)
        everywhere = mine.has_right(MANAGE)
        listed = frozenset(release.metamodel.roles) if everywhere else _named(release, actor)
        if not listed:
            raise AccessDenied("update", USER_OBJECT, "this is for who administrates users")
        parts, objects = self._records.parts(release), release.metamodel.objects
        given = {role: parts.access(frozenset({role})) for role in listed}
        refused = {role for role, access in given.items() if is_stronger(access, mine, objects, fields=False)}
        with self._records.reading(system_actor()) as transaction:
            teams = _teams(transaction)
        reached = teams.keys() if everywhere else _below(teams, actor.team_id)
        return Reach(roles=listed - refused, teams={key: teams[key][0] for key in reached}, everywhere=everywhere)

    def users(self, actor: Actor) -> Sequence[UserRow]:
        """Give the users within reach, by log-in name. Raises: AccessDenied."""
        reach = self.reach_of(actor)
        return [user for user in self._administration.list_users() if reach.covers(user.team_id)]

    def create_user(
        self, actor: Actor, login: str, *, name: str, team_id: str | None, roles: Collection[str] = ()
    ) -> str:
        """Make a user in a team within reach, with roles of the list, who sets a password by mail; give the id.

        Raises: AccessDenied, UnknownRole, ValidationFailed.
        """
        require_own_hand(actor)
        reach = self.reach_of(actor)
        _check(reach, team_id, roles)
        values = {"name": name or login.partition("@")[0], **({"team": team_id} if team_id else {})}
        hand = replace(system_actor(actor.origin), user_id=actor.user_id, login=actor.login, name=actor.name)
        hand = replace(hand, on_behalf_of=actor.on_behalf_of, language=actor.language, address=actor.address)
        return self._administration.create_user(hand, login, password=None, roles=roles, values=values)

    def set_roles(self, actor: Actor, user_id: str, roles: Collection[str], *, until: date | None = None) -> None:
        """Let a user within reach hold exactly these of the roles of the list; others that are held stay.

        until: when those that are new end by themselves, a day (all of it) or a moment.

        Raises: AccessDenied, RecordNotFound for users out of reach, ValidationFailed.
        """
        require_own_hand(actor)
        reach, user = self.reach_of(actor), self._administration.user_of(user_id)
        if user is None or not reach.covers(user.team_id):
            raise RecordNotFound(USER_OBJECT, user_id)
        if user.id == actor.user_id:
            raise AccessDenied("update", USER_OBJECT, "nobody changes their own rights")
        _check(reach, user.team_id, roles)
        with self._records.transaction(actor) as transaction:
            end = None if until is None else end_of(until, transaction.around.zone)
            check_end(end, transaction.now)
            ends = dict.fromkeys(roles, end)
            self._administration.change_roles(transaction, user.id, roles, reach.roles, until=ends)


def _named(release: Release, actor: Actor) -> frozenset[str]:
    return frozenset(name for role in resolve_roles(release.metamodel, actor.roles) for name in role.gives)


def _check(reach: Reach, team_id: str | None, roles: Collection[str]) -> None:
    if not reach.covers(team_id):
        raise AccessDenied("update", USER_OBJECT, "this team is none that you administrate")
    if not reach.roles.issuperset(roles):
        raise AccessDenied("update", USER_OBJECT, "these roles are not yours to give")


def _teams(transaction: Transaction) -> Mapping[str, tuple[str, str | None]]:
    """Give all teams: id → name and the team above."""
    rows = transaction.cache.records(_TEAM)
    return {str(row["id"]): (str(row["name"]), row["parent"]) for row in rows}


def _below(teams: Mapping[str, tuple[str, str | None]], root: str | None) -> set[str]:
    """Give a team and all that are part of it."""
    found: set[str] = set()
    waiting = {key for key in teams if key == root}
    while waiting:
        found |= waiting
        waiting = {key for key, (_, parent) in teams.items() if parent in waiting} - found
    return found
