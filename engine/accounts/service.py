"""Accounts: signs people and programs in and out, and keeps users' passwords, roles, sessions and tokens.

Who a cookie or token belongs to is said by engine/accounts/askers.py. User records themselves are written through the
door; what roles may do is decided by engine.access.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from engine.access.actor import Actor, Origin
from engine.accounts.administration import Administration
from engine.accounts.askers import Askers, SignedIn
from engine.accounts.elsewhere import Elsewhere
from engine.accounts.errors import SignInRefused
from engine.accounts.factors import SecondFactors
from engine.accounts.idempotency import IdempotencyKeys
from engine.accounts.lockout import Lockout
from engine.accounts.passwords import Passwords
from engine.accounts.resets import PasswordResets
from engine.accounts.secrets import hash_secret
from engine.accounts.sessions import SessionRow, SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.standing_in import StandingIn
from engine.accounts.trail import NOBODY_KNOWN, AccountTrail, Author
from engine.accounts.users import UserDirectory, UserRow
from engine.clock import Clock
from engine.storage.database import Database

AfterSignIn = Callable[[Connection, Actor], None]
"""What else a log-in does, in its transaction."""


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
        stamp: AccountStamp,
        administration: Administration,
        idempotency: IdempotencyKeys,
        trail: AccountTrail,
        factors: SecondFactors,
        resets: PasswordResets,
        standing_in: StandingIn,
        elsewhere: Elsewhere,
        askers: Askers,
        after_sign_in: AfterSignIn = nothing_more,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._lockout = lockout
        self._users = users
        self._sessions = sessions
        self.stamp = stamp
        self.administration = administration
        self.idempotency = idempotency
        self._trail = trail
        self.factors = factors
        self.resets = resets
        self.standing_in = standing_in
        self.elsewhere = elsewhere
        self._after_sign_in = after_sign_in
        self._askers = askers

    def sign_in(self, login: str, password: str, *, address: str, agent: str) -> NewSession:
        """Start a session for a user name and password.

        Raises: SignInRefused, TooManyAttempts.
        """
        self._lockout.admit(login, address)
        user, stored = self._known_by(login)
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
            return self.begin(connection, user, address=address, agent=agent)

    def begin(
        self, connection: Connection, user: UserRow, *, address: str, agent: str, factor_done: bool = False
    ) -> NewSession:
        """Start a session of a user who has proved to be it, in a transaction.

        factor_done: whether the second factor was given, here or where the user came from.
        """
        secret = self._sessions.create(connection, user.id, address=address, agent=agent, factor_done=factor_done)
        by = Author(name=user.name or user.login, user_id=user.id, origin=Origin.PAGE)
        self._trail.note(connection, "signed_in", user.id, by=by, changes={"address": (None, address)})
        self._after_sign_in(connection, user.actor())
        return NewSession(secret=secret, lifetime_s=self._sessions.lifetime_s, actor=user.actor())

    def sign_in_elsewhere(
        self, name: str, sealed: str, brought: Mapping[str, str], *, address: str, agent: str
    ) -> tuple[NewSession, str]:
        """Start a session for who comes back from a provider; give it and the page that was wanted.

        Raises: ElsewhereRefused.
        """
        came = self.elsewhere.finish(name, sealed, brought, address=address)
        with self._database.write() as connection:
            new = self.begin(connection, came.user, address=address, agent=agent, factor_done=came.factor_given)
        return new, came.target

    def pass_factor(self, found: SignedIn, code: str, *, address: str, agent: str) -> NewSession:
        """Take the code of the second factor, or a recovery code, and go on under a new session.

        Raises: FactorRefused, TooManyAttempts.
        """
        self.factors.check(found.actor, code, address=address)
        with self._database.write() as connection:
            self._sessions.end(connection, found.id)
            secret = self._sessions.create(
                connection, str(found.actor.user_id), address=address, agent=agent, factor_done=True
            )
            self.stamp.raise_in(connection)
        return NewSession(secret=secret, lifetime_s=self._sessions.lifetime_s, actor=found.actor)

    @property
    def lifetime_s(self) -> int:
        """How long a browser keeps the cookie of a session, in seconds."""
        return self._sessions.lifetime_s

    def sign_out(self, secret: str) -> None:
        """End the session of a cookie, in all processes."""
        session_id = hash_secret(secret)
        if session_id is not None:
            self.end_session(session_id)

    def signed_in_by_session(self, secret: str) -> SignedIn | None:
        """Say whose cookie this is; None where the session has ended or the user may not sign in."""
        return self._askers.by_session(secret)

    def signed_in_by_token(self, secret: str) -> SignedIn | None:
        """Say whose token this is; None where it is unknown, expired or revoked, or the user may not sign in."""
        return self._askers.by_token(secret)

    def actor_of(self, login: str, *, origin: Origin = Origin.CLI) -> Actor | None:
        """Give the actor a user is, without signing in; for the command line, whose owner holds the database."""
        with self._database.read() as connection:
            user = self._users.find(connection, login)
        return replace(user.actor(), origin=origin) if user is not None else None

    def user(self, user_id: str) -> UserRow | None:
        """Give the account of a user's id."""
        with self._database.read() as connection:
            return self._users.load(connection, user_id)

    def list_sessions(self, user_id: str) -> Sequence[SessionRow]:
        """Give the living sessions of a user, the latest used first."""
        with self._database.read() as connection:
            return self._sessions.list_of(connection, user_id)

    def end_session(self, session_id: str, *, user_id: str | None = None, by: Author | None = None) -> bool:
        """End one session, with `user_id` only if it is that user's; say whether there was one.

        by: who revokes it; without, it is a log-out.
        """
        with self._database.write() as connection:
            whose = self._sessions.end(connection, session_id, user_id=user_id)
            if whose is not None:
                user = self._users.load(connection, whose)
                own = Author(name=(user.name or user.login) if user else "", user_id=whose, origin=Origin.PAGE)
                self._trail.note(connection, "session_ended" if by else "signed_out", whose, by=by or own)
                self.stamp.raise_in(connection)
        return whose is not None

    def change_password(self, login: str, old: str, new: str, *, keep_session: str | None = None) -> None:
        """Let a user choose a new password; all other sessions of the user end.

        Raises: SignInRefused where `old` is wrong, ValidationFailed where `new` is too weak, TooManyAttempts.
        """
        self._lockout.admit(login, "password change")
        user, stored = self._known_by(login)
        if not self._passwords.verify(old, stored) or user is None:
            raise SignInRefused
        self._lockout.forgive(login, "password change")
        by = Author(name=user.name or user.login, user_id=user.id, origin=Origin.PAGE)
        self.administration.set_password(login, new, keep_session=keep_session, by=by)

    def forget_old(self) -> None:
        """Remove what has ended by itself: sessions, counters of wrong log-ins, roles held until a moment."""
        self._lockout.forget_old()
        with self._database.write() as connection:
            self._sessions.forget_ended(connection)
            for user_id, roles in self._users.end_roles(connection).items():
                by = Author(name="", origin=Origin.SYSTEM)
                self._trail.note(connection, "roles_ended", user_id, by=by, changes={"roles": (roles, None)})

    def _known_by(self, login: str) -> tuple[UserRow | None, str | None]:
        """Give the user of a log-in name, and the hash of the password where that user may sign in by one."""
        with self._database.read() as connection:
            user = self._users.find(connection, login)
            may = user is not None and user.enabled and not user.service
            return user, self.administration.password_hash(connection, user.id) if user is not None and may else None
