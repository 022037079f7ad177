"""Says who a cookie or a token belongs to, with all that follows from it for the request.

It is kept in memory under the account stamp, so that a request costs one statement, the stamp's: a change of roles, a
log-out or a disabled user acts on the next request in every process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.access.actor import Actor, Origin
from engine.access.limits import is_limited, limit_name
from engine.accounts.secrets import hash_secret
from engine.accounts.sessions import SessionRow, SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.standing_in import StandingIn
from engine.accounts.tokens import SCOPES, TokenRow, TokenStore
from engine.accounts.users import UserDirectory, UserRow
from engine.clock import Clock
from engine.storage.database import Database

_KEPT = 20_000
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who a cookie or token belongs to.

    id: of the session or token. actor: for pages; api_actor: the same person with the API as origin. scopes: of the
    token; a session has all. ends_at: None for a token without an end. has_factor, factor_done: whether the user has a
    second factor, and whether this session gave it. by_name: who is signed in as this user, else empty. roles_until:
    when the first of the roles held ends by itself.
    """

    id: str
    actor: Actor
    api_actor: Actor
    by_cookie: bool
    scopes: frozenset[str]
    ends_at: datetime | None
    seen_at: datetime
    has_factor: bool = False
    factor_done: bool = True
    by_name: str = ""
    roles_until: datetime | None = None

    @property
    def is_limited(self) -> bool:
        """Whether it is a token whose scopes name objects or rights."""
        return is_limited(self.scopes)


class Askers:
    """Find out who asks; safe between threads."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        users: UserDirectory,
        sessions: SessionStore,
        tokens: TokenStore,
        stamp: AccountStamp,
        standing_in: StandingIn,
    ) -> None:
        self._database = database
        self._clock = clock
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self._stamp = stamp
        self._standing_in = standing_in
        self._kept: OrderedDict[str, tuple[int, SignedIn]] = OrderedDict()
        self._kept_lock = threading.Lock()

    def by_session(self, secret: str) -> SignedIn | None:
        """Say whose cookie this is; None where the session has ended or the user may not sign in."""
        key = hash_secret(secret)
        if key is None:
            return None
        now, stamp = self._clock.now(), self._stamp.current()
        found = self._kept_one(key, stamp, now)
        if found is None:
            with self._database.read() as connection:
                session = self._sessions.find(connection, key)
                found = self._of_session(connection, session) if session is not None else None
            self._keep(key, stamp, found)
        if found is not None and now - found.seen_at > _NOTE_USE_EVERY:
            found = self._note_use(key, stamp, found, now)
        return found

    def by_token(self, secret: str) -> SignedIn | None:
        """Say whose token this is; None where it is unknown, expired or revoked, or the user may not sign in."""
        key = hash_secret(secret)
        if key is None:
            return None
        stamp = self._stamp.current()
        found = self._kept_one(key, stamp, self._clock.now())
        if found is None:
            with self._database.read() as connection:
                token = self._tokens.find(connection, key)
                found = self._of_token(connection, token) if token is not None else None
            self._keep(key, stamp, found)
        return found

    def _of_session(self, connection: Connection, session: SessionRow) -> SignedIn | None:
        ends_at, seen_at = self._sessions.ends_at(session), session.seen_at
        user = self._users.load(connection, session.user_id)
        found = self._signed_in(session.id, user, SCOPES, ends_at, seen_at, by_cookie=True)
        if found is None or user is None or user.service:
            return None
        if session.by is None:
            return replace(found, has_factor=user.has_factor, factor_done=session.factor_done)
        other = self._users.load(connection, session.by)
        if other is None or not self._standing_in.may(other, user):
            return None
        actor = replace(found.actor, on_behalf_of=other.id)
        api_actor = replace(found.api_actor, on_behalf_of=other.id)
        ends = [user.roles_until, other.roles_until]
        until = min((end for end in ends if end is not None), default=None)
        by_name = other.name or other.login
        return replace(found, actor=actor, api_actor=api_actor, by_name=by_name, roles_until=until)

    def _of_token(self, connection: Connection, token: TokenRow) -> SignedIn | None:
        seen_at, user = self._clock.now(), self._users.load(connection, token.user_id)
        found = self._signed_in(token.id, user, token.scopes, token.expires_at, seen_at, by_cookie=False)
        if found is None or not is_limited(token.scopes):
            return found
        roles = found.actor.roles | {limit_name(token.scopes)}
        return replace(found, actor=replace(found.actor, roles=roles), api_actor=replace(found.api_actor, roles=roles))

    def _signed_in(
        self,
        key: str,
        user: UserRow | None,
        scopes: Collection[str],
        ends_at: datetime | None,
        seen_at: datetime,
        *,
        by_cookie: bool,
    ) -> SignedIn | None:
        if user is None or not user.enabled:
            return None
        actor = user.actor()
        return SignedIn(
            id=key,
            actor=actor,
            api_actor=replace(actor, origin=Origin.API),
            by_cookie=by_cookie,
            scopes=frozenset(scopes),
            ends_at=ends_at,
            seen_at=seen_at,
            roles_until=user.roles_until,
        )

    def _kept_one(self, key: str, stamp: int, now: datetime) -> SignedIn | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        kept_under, found = kept
        if kept_under != stamp or any(end is not None and end <= now for end in (found.ends_at, found.roles_until)):
            return None
        return found

    def _keep(self, key: str, stamp: int, found: SignedIn | None) -> None:
        with self._kept_lock:
            if found is None:
                self._kept.pop(key, None)
                return
            self._kept[key] = (stamp, found)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _note_use(self, key: str, stamp: int, found: SignedIn, now: datetime) -> SignedIn:
        with self._database.write() as connection:
            self._sessions.note_use(connection, found.id)
            session = self._sessions.find(connection, found.id)
        if session is None:
            return found
        renewed = replace(found, seen_at=now, ends_at=self._sessions.ends_at(session))
        self._keep(key, stamp, renewed)
        return renewed
