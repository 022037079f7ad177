"""Accounts: signs people and programs in and out, and keeps users' passwords, roles, sessions and tokens.

Who a cookie or token belongs to is kept in memory under the account stamp, so that a request costs no statement; a
change of roles, a log-out or a disabled user acts on the next request. User records themselves are written through the
door; what roles may do is decided by engine.access.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.access.actor import Actor, Origin
from engine.accounts.administration import Administration
from engine.accounts.errors import SignInRefused
from engine.accounts.idempotency import IdempotencyKeys
from engine.accounts.lockout import Lockout
from engine.accounts.passwords import Passwords
from engine.accounts.secrets import hash_secret
from engine.accounts.sessions import SessionRow, SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.tokens import SCOPES, TokenRow, TokenStore
from engine.accounts.trail import NOBODY_KNOWN, AccountTrail, Author
from engine.accounts.users import UserDirectory
from engine.clock import Clock
from engine.storage.database import Database

_KEPT = 20_000
_NOTE_USE_EVERY = timedelta(minutes=1)


AfterSignIn = Callable[[Connection, Actor], None]
"""What else a log-in does, in its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who a cookie or token belongs to.

    id: of the session or token. actor: for pages; api_actor: the same person with the API as origin. scopes: of the
    token; a session has all. ends_at: None for a token without an end.
    """

    id: str
    actor: Actor
    api_actor: Actor
    by_cookie: bool
    scopes: frozenset[str]
    ends_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session just started: the cookie's value and how long a browser keeps it."""

    secret: str
    lifetime_s: int
    actor: Actor


def nothing_more(connection: Connection, actor: Actor) -> None:
    """Do nothing when somebody has signed in."""


class Accounts:
    """Sign in, sign out, and say who asks. `administration` has what administrators do with accounts."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        lockout: Lockout,
        users: UserDirectory,
        sessions: SessionStore,
        tokens: TokenStore,
        stamp: AccountStamp,
        administration: Administration,
        idempotency: IdempotencyKeys,
        trail: AccountTrail,
        after_sign_in: AfterSignIn = nothing_more,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._lockout = lockout
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self.stamp = stamp
        self.administration = administration
        self.idempotency = idempotency
        self._trail = trail
        self._after_sign_in = after_sign_in
        self._kept: OrderedDict[str, tuple[tuple[int, int], SignedIn]] = OrderedDict()
        self._kept_lock = threading.Lock()

    def sign_in(self, login: str, password: str, *, address: str, agent: str) -> NewSession:
        """Start a session for a user name and password.

        Raises: SignInRefused, TooManyAttempts.
        """
        self._lockout.admit(login, address)
        with self._database.read() as connection:
            user = self._users.find(connection, login)
            stored = self.administration.password_hash(connection, user.id) if user and user.enabled else None
        where: Mapping[str, tuple[object, object]] = {"address": (None, address)}
        if not self._passwords.verify(password, stored) or user is None or stored is None:
            # The same for known and unknown names, so that the time it takes tells nobody which there are.
            with self._database.write() as connection:
                whose = user.id if user is not None else None
                self._trail.note(connection, "sign_in_refused", whose, by=NOBODY_KNOWN, changes=where)
            raise SignInRefused
        self._lockout.forgive(login, address)
        renewed = self._passwords.hash(password) if self._passwords.needs_renewal(stored) else None
        with self._database.write() as connection:
            if renewed is not None:
                self.administration.store_hash(connection, user.id, renewed)
            secret = self._sessions.create(connection, user.id, address=address, agent=agent)
            by = Author(name=user.name or user.login, user_id=user.id, origin=Origin.PAGE)
            self._trail.note(connection, "signed_in", user.id, by=by, changes=where)
            self._after_sign_in(connection, user.actor())
        return NewSession(secret=secret, lifetime_s=self._sessions.lifetime_s, actor=user.actor())

    def sign_out(self, secret: str) -> None:
        """End the session of a cookie, in all processes."""
        session_id = hash_secret(secret)
        if session_id is not None:
            self.end_session(session_id)

    def signed_in_by_session(self, secret: str) -> SignedIn | None:
        """Say whose cookie this is; None where the session has ended or the user may not sign in."""
        key = hash_secret(secret)
        if key is None:
            return None
        now = self._clock.now()
        found = self._kept_one(key, now)
        if found is None:
            with self._database.read() as connection:
                stamp, session = self.stamp.current(), self._sessions.find(connection, key)
                found = self._by_session(connection, session) if session is not None else None
            self._keep(key, stamp, found)
        if found is not None and now - found.seen_at > _NOTE_USE_EVERY:
            found = self._note_use(key, found, now)
        return found

    def signed_in_by_token(self, secret: str) -> SignedIn | None:
        """Say whose token this is; None where it is unknown, expired or revoked, or the user may not sign in."""
        key = hash_secret(secret)
        if key is None:
            return None
        found = self._kept_one(key, self._clock.now())
        if found is None:
            with self._database.read() as connection:
                stamp, token = self.stamp.current(), self._tokens.find(connection, key)
                found = self._by_token(connection, token) if token is not None else None
            self._keep(key, stamp, found)
        return found

    def actor_of(self, login: str, *, origin: Origin = Origin.CLI) -> Actor | None:
        """Give the actor a user is, without signing in; for the command line, whose owner holds the database."""
        with self._database.read() as connection:
            user = self._users.find(connection, login)
        return replace(user.actor(), origin=origin) if user is not None else None

    def list_sessions(self, user_id: str) -> Sequence[SessionRow]:
        """Give the living sessions of a user, the latest used first."""
        with self._database.read() as connection:
            return self._sessions.list_of(connection, user_id)

    def end_session(self, session_id: str, *, user_id: str | None = None) -> bool:
        """End one session, with `user_id` only if it is that user's; say whether there was one."""
        with self._database.write() as connection:
            whose = self._sessions.end(connection, session_id, user_id=user_id)
            if whose is not None:
                user = self._users.load(connection, whose)
                by = Author(name=(user.name or user.login) if user else "", user_id=whose, origin=Origin.PAGE)
                self._trail.note(connection, "signed_out", whose, by=by)
                self.stamp.raise_in(connection)
        if whose is not None:
            self.stamp.settle()
        return whose is not None

    def change_password(self, login: str, old: str, new: str, *, keep_session: str | None = None) -> None:
        """Let a user choose a new password; all other sessions of the user end.

        Raises: SignInRefused where `old` is wrong, ValidationFailed where `new` is too weak, TooManyAttempts.
        """
        self._lockout.admit(login, "password change")
        with self._database.read() as connection:
            user = self._users.find(connection, login)
            stored = self.administration.password_hash(connection, user.id) if user and user.enabled else None
        if not self._passwords.verify(old, stored) or user is None:
            raise SignInRefused
        self._lockout.forgive(login, "password change")
        by = Author(name=user.name or user.login, user_id=user.id, origin=Origin.PAGE)
        self.administration.set_password(login, new, keep_session=keep_session, by=by)

    def forget_old(self) -> None:
        """Remove what has ended by itself: sessions and counters of wrong log-ins."""
        self._lockout.forget_old()
        with self._database.write() as connection:
            self._sessions.forget_ended(connection)

    def _by_session(self, connection: Connection, session: SessionRow) -> SignedIn | None:
        ends_at, seen_at = self._sessions.ends_at(session), session.seen_at
        return self._signed_in(connection, session.id, session.user_id, SCOPES, ends_at, seen_at, by_cookie=True)

    def _by_token(self, connection: Connection, token: TokenRow) -> SignedIn | None:
        seen_at = self._clock.now()
        return self._signed_in(
            connection, token.id, token.user_id, token.scopes, token.expires_at, seen_at, by_cookie=False
        )

    def _signed_in(
        self,
        connection: Connection,
        key: str,
        user_id: str,
        scopes: Collection[str],
        ends_at: datetime | None,
        seen_at: datetime,
        *,
        by_cookie: bool,
    ) -> SignedIn | None:
        user = self._users.load(connection, user_id)
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
        )

    def _kept_one(self, key: str, now: datetime) -> SignedIn | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        stamp, found = kept
        if stamp != self.stamp.current() or (found.ends_at is not None and found.ends_at <= now):
            return None
        return found

    def _keep(self, key: str, stamp: tuple[int, int], found: SignedIn | None) -> None:
        with self._kept_lock:
            if found is None:
                self._kept.pop(key, None)
                return
            self._kept[key] = (stamp, found)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _note_use(self, key: str, found: SignedIn, now: datetime) -> SignedIn:
        with self._database.write() as connection:
            self._sessions.note_use(connection, found.id)
            session = self._sessions.find(connection, found.id)
        if session is None:
            return found
        renewed = replace(found, seen_at=now, ends_at=self._sessions.ends_at(session))
        self._keep(key, self.stamp.current(), renewed)
        return renewed
