"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who has lost it.

A secret is kept sealed, recovery codes as hashes. A code counts once: the time step of the last one is kept, and only
later ones pass. Wrong codes count like wrong passwords. Which roles need a second factor is said by the release.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyotp
from sqlalchemy import Connection, Table, delete, insert, select, update

from engine.access.actor import Actor
from engine.access.grants import resolve_roles
from engine.accounts.errors import FactorRefused, ServiceAccount
from engine.accounts.lockout import Lockout
from engine.accounts.secrets import hash_secret
from engine.accounts.sessions import SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.trail import AccountEvent, AccountTrail, Author, author_of
from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.sealing import Cipher, SealBroken

STEP_S = 30
# A clock may go one step wrong in either direction.
_STEPS_OFF = (0, -1, 1)
_RECOVERY_CODES = 10
_MOST_CODE = 40
_PLACE = "second factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactor:
    """A second factor that is being set up. secret: as an app takes it by hand; address: what the QR code says.

    begun: the secret sealed for its user, which the page holds until a code of it has come.
    """

    secret: str
    address: str
    begun: str


class SecondFactors:
    """Set up, check and remove second factors."""

    def __init__(
        self,
        *,
        database: Database,
        credential: Table,
        recovery: Table,
        sessions: SessionStore,
        lockout: Lockout,
        cipher: Cipher,
        clock: Clock,
        stamp: AccountStamp,
        trail: AccountTrail,
    ) -> None:
        self._database = database
        self._credential = credential
        self._recovery = recovery
        self._sessions = sessions
        self._lockout = lockout
        self._cipher = cipher
        self._clock = clock
        self._stamp = stamp
        self._trail = trail

    def is_required(self, release: Release, roles: Collection[str]) -> bool:
        """Say whether any of the roles, or one that it includes, asks for a second factor."""
        held = frozenset(roles)
        made = release.part(
            ("second factor", held),
            lambda found: (any(role.second_factor for role in resolve_roles(found.metamodel, held)),),
        )
        return made[0]

    def begin(self, actor: Actor, product: str, *, begun: str = "") -> NewFactor:
        """Give what a new second factor would be; nothing is kept before `confirm` has taken a code of it.

        begun: what stood in the page of before, so that a page may be shown again with the same secret.

        Raises: FactorRefused where the user has one already.
        """
        user_id = str(actor.user_id)
        with self._database.read() as connection:
            row = connection.execute(self._own(user_id)).first()
        if row is not None and row.service:
            raise ServiceAccount(actor.login)
        if row is not None and row.factor_at is not None:
            raise FactorRefused
        secret = self._opened(user_id, begun) or pyotp.random_base32()
        address = pyotp.TOTP(secret).provisioning_uri(name=actor.login, issuer_name=product)
        return NewFactor(secret=secret, address=address, begun=self._cipher.seal(f"{user_id} {secret}", _PLACE))

    def confirm(self, actor: Actor, begun: str, code: str, *, session_id: str, address: str) -> Sequence[str]:
        """Let a second factor count from now on, by a first code of it; give the recovery codes, shown this once.

        The other sessions of the user end. begun: of `begin`.

        Raises: FactorRefused, TooManyAttempts.
        """
        user_id = str(actor.user_id)
        with self._counted(actor, address):
            secret = self._opened(user_id, begun)
            step = self._step_of(secret, code) if secret is not None else None
            if step is None:
                raise FactorRefused
        with self._changing() as connection:
            insert_if_absent(connection, self._credential, {"user_id": user_id})
            free = self._credential.c.user_id == user_id, self._credential.c.factor_at.is_(None)
            kept = self._cipher.seal(f"{user_id} {secret}", _PLACE)
            values = {"factor_secret": kept, "factor_at": self._clock.now(), "factor_step": step}
            if connection.execute(update(self._credential).where(*free).values(values)).rowcount != 1:
                raise FactorRefused
            self._sessions.end_all(connection, user_id, but=session_id)
            self._sessions.note_factor(connection, session_id)
            codes = self._new_codes(connection, user_id)
            self._note(connection, "factor_set", user_id, author_of(actor))
        return codes

    def check(self, actor: Actor, code: str, *, address: str) -> None:
        """Take a code of the app or a recovery code, each once.

        Raises: FactorRefused, TooManyAttempts.
        """
        user_id = str(actor.user_id)
        with self._counted(actor, address):
            with self._database.write() as connection:
                by_app = self._take(connection, user_id, code)
                by_paper = not by_app and self._take_recovery(connection, user_id, code)
                if not by_app:
                    event: AccountEvent = "recovery_code_used" if by_paper else "factor_refused"
                    self._note(connection, event, user_id, author_of(actor))
            if not by_app and not by_paper:
                raise FactorRefused

    def renew_codes(self, actor: Actor, code: str, *, address: str) -> Sequence[str]:
        """Give new recovery codes, by a code; those of before count no more.

        Raises: FactorRefused, TooManyAttempts.
        """
        self.check(actor, code, address=address)
        with self._changing() as connection:
            codes = self._new_codes(connection, str(actor.user_id))
            self._note(connection, "recovery_codes_made", str(actor.user_id), author_of(actor))
        return codes

    def codes_left(self, user_id: str) -> int:
        """Say how many recovery codes are left."""
        unused = self._recovery.c.user_id == user_id, self._recovery.c.used_at.is_(None)
        with self._database.read() as connection:
            return len(connection.execute(select(self._recovery.c.hash).where(*unused)).all())

    def remove(self, user_id: str, *, by: Author, keep_session: str | None = None) -> None:
        """Take a second factor away with its recovery codes, for who has lost both; the user's sessions end."""
        with self._changing() as connection:
            self._set(connection, user_id, factor_secret=None, factor_at=None, factor_step=None)
            connection.execute(delete(self._recovery).where(self._recovery.c.user_id == user_id))
            self._sessions.end_all(connection, user_id, but=keep_session)
            self._note(connection, "factor_removed", user_id, by)

    def _take(self, connection: Connection, user_id: str, code: str) -> bool:
        row = connection.execute(self._own(user_id)).first()
        secret = self._opened(user_id, row.factor_secret) if row is not None and row.factor_at is not None else None
        step = self._step_of(secret, code) if secret is not None else None
        if step is None:
            return False
        # One statement: of two requests with the same code one changes the row.
        own, last = self._credential.c.user_id == user_id, self._credential.c.factor_step
        taken = update(self._credential).where(own, last.is_(None) | (last < step)).values(factor_step=step)
        return connection.execute(taken).rowcount == 1

    def _take_recovery(self, connection: Connection, user_id: str, code: str) -> bool:
        table, given = self._recovery, hash_secret(_plain(code)[:_MOST_CODE])
        mine = table.c.user_id == user_id, table.c.hash == given, table.c.used_at.is_(None)
        return connection.execute(update(table).where(*mine).values(used_at=self._clock.now())).rowcount == 1

    def _step_of(self, secret: str, code: str) -> int | None:
        given, totp = _plain(code), pyotp.TOTP(secret, interval=STEP_S)
        now = int(self._clock.now().timestamp()) // STEP_S
        if len(given) != totp.digits or not (given.isascii() and given.isdigit()):
            return None
        return next((now + off for off in _STEPS_OFF if hmac.compare_digest(totp.generate_otp(now + off), given)), None)

    def _new_codes(self, connection: Connection, user_id: str) -> Sequence[str]:
        connection.execute(delete(self._recovery).where(self._recovery.c.user_id == user_id))
        codes = [secrets.token_hex(8) for _ in range(_RECOVERY_CODES)]
        connection.execute(insert(self._recovery), [{"user_id": user_id, "hash": hash_secret(code)} for code in codes])
        return [f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}" for code in codes]

    def _opened(self, user_id: str, sealed: str | None) -> str | None:
        if sealed is None:
            return None
        try:
            whose, _, secret = self._cipher.open(sealed, _PLACE).partition(" ")
        except SealBroken:
            return None
        # A secret that was moved here from another user's row is none.
        return secret if whose == user_id else None

    def _own(self, user_id: str) -> Any:
        return select(self._credential).where(self._credential.c.user_id == user_id)

    def _set(self, connection: Connection, user_id: str, **values: object) -> None:
        connection.execute(update(self._credential).where(self._credential.c.user_id == user_id).values(values))

    def _note(self, connection: Connection, event: AccountEvent, user_id: str, by: Author) -> None:
        self._trail.note(connection, event, user_id, by=by)

    @contextmanager
    def _counted(self, actor: Actor, address: str) -> Iterator[None]:
        key = f"second factor of {actor.user_id}"
        self._lockout.admit(key, address)
        yield
        self._lockout.forgive(key, address)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.write() as connection:
            yield connection
            self._stamp.raise_in(connection)


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()
