"""Logging in as another user, to see what that person sees: who may, for how long, and that both are named.

It is a session of its own kind, which holds who really sits there; all that it writes has both names
(Actor.on_behalf_of). The account of the other (password, second factor, tokens, sessions) is out of its reach, and so
is anybody who has more rights than who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from engine.access.actor import Actor, Origin
from engine.access.compiler import Access
from engine.access.predicates import EVERYONE
from engine.accounts.sessions import SessionStore
from engine.accounts.trail import AccountTrail, Author, author_of
from engine.accounts.users import USER_OBJECT, UserDirectory, UserRow
from engine.errors import AccessDenied
from engine.storage.database import Database
from metamodel.access import OBJECT_ACTIONS

RIGHT = "log_in_as"
LASTS = timedelta(minutes=30)
OWNERS_ALONE = "an account is its owner's alone; you are logged in as somebody else"


class StandingIn:
    """Begin and end log-ins as others."""

    def __init__(
        self,
        *,
        database: Database,
        users: UserDirectory,
        sessions: SessionStore,
        trail: AccountTrail,
        access: Callable[[Actor], Access],
    ) -> None:
        self._database = database
        self._users = users
        self._sessions = sessions
        self._trail = trail
        self._access = access

    def may(self, who: UserRow, other: UserRow) -> bool:
        """Say whether a user may be signed in as another one now."""
        if not who.enabled or not other.enabled or other.service or who.id == other.id:
            return False
        mine, theirs = self._access(who.actor()), self._access(other.actor())
        return mine.has_right(RIGHT) and not is_stronger(theirs, mine, self._users.object_keys())

    def outranks(self, other: UserRow, actor: Actor) -> bool:
        """Say whether a user has a right by name, or an action on an object, that who acts lacks; fields aside."""
        return is_stronger(self._access(other.actor()), self._access(actor), self._users.object_keys(), fields=False)

    def begin(self, actor: Actor, user_id: str, *, address: str, agent: str) -> str:
        """Start a session as another user and give its secret; it ends by itself.

        Raises: AccessDenied.
        """
        with self._database.write() as connection:
            who, other = self._users.load(connection, str(actor.user_id)), self._users.load(connection, user_id)
            if actor.on_behalf_of is not None or who is None or other is None or not self.may(who, other):
                raise AccessDenied(RIGHT, USER_OBJECT, "this user may not be logged in as, or not by you")
            secret = self._sessions.create(
                connection, other.id, address=address, agent=agent, factor_done=True, by=who.id, lasts=LASTS
            )
            where: dict[str, tuple[object, object]] = {"address": (None, address), "by": (None, who.login)}
            self._trail.note(connection, "signed_in_as", other.id, by=author_of(actor), changes=where)
        return secret

    def end(self, actor: Actor, session_id: str) -> bool:
        """End a session as another user; say whether it was one."""
        if actor.on_behalf_of is None:
            return False
        with self._database.write() as connection:
            ended = self._sessions.end(connection, session_id, user_id=actor.user_id) is not None
            by = Author(
                name=actor.name or actor.login, user_id=actor.user_id, origin=Origin.PAGE, on_behalf=actor.on_behalf_of
            )
            self._trail.note(connection, "signed_in_as_ended", actor.user_id, by=by)
        return ended


def require_own_hand(actor: Actor) -> None:
    """Refuse what only the person may do, while somebody else is logged in as that person.

    Raises: AccessDenied.
    """
    if actor.on_behalf_of is not None:
        raise AccessDenied("update", USER_OBJECT, OWNERS_ALONE)


def is_stronger(theirs: Access, mine: Access, objects: Collection[str], *, fields: bool = True) -> bool:
    """Say whether somebody has a right that I lack, on anything."""
    if mine.full:
        return False
    if theirs.full or not (theirs.rights or frozenset()) <= (mine.rights or frozenset()):
        return True
    return any(_has_more(theirs, mine, key, fields=fields) for key in objects)


def _has_more(theirs: Access, mine: Access, key: str, *, fields: bool) -> bool:
    their, my = theirs.of(key), mine.of(key)
    for action in OBJECT_ACTIONS:
        if their.may(action) and not my.may(action):
            return True
        if their.actions[action] is EVERYONE and my.actions[action] is not EVERYONE:
            return True
    return fields and not (their.readable <= my.readable and their.updatable <= my.updatable)
