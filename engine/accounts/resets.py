"""New passwords by mail: a link to the stored address, good once and for an hour.

Asking does the same work for every address, whether it is somebody's or not: one row, which says nothing to whoever
asks. The link is made, and the mail sent, by a worker some seconds later; the secret in it is kept as a hash.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from engine.accounts.administration import Administration
from engine.accounts.errors import LinkRefused
from engine.accounts.lockout import Lockout
from engine.accounts.passwords import check_new_password
from engine.accounts.reset_letters import ResetLetters
from engine.accounts.secrets import hash_secret, new_link_secret
from engine.accounts.trail import AccountTrail, Author
from engine.accounts.users import UserDirectory, UserRow
from engine.clock import Clock
from engine.ids import IdMaker
from engine.storage.database import Database

GOOD_FOR = timedelta(hours=1)
_TRIES = 5
_AGAIN_AFTER = timedelta(minutes=2)
_KEPT = timedelta(days=1)
_MOST_AT_ONCE = 100

_LOG = logging.getLogger("fieldstone.accounts")


class PasswordResets:
    """Take in requests for new passwords, send links, and take the passwords that come by them."""

    def __init__(
        self,
        *,
        database: Database,
        table: Table,
        users: UserDirectory,
        administration: Administration,
        lockout: Lockout,
        letters: ResetLetters,
        trail: AccountTrail,
        clock: Clock,
        ids: IdMaker,
    ) -> None:
        self._database = database
        self._table = table
        self._users = users
        self._administration = administration
        self._lockout = lockout
        self._letters = letters
        self._trail = trail
        self._clock = clock
        self._ids = ids

    def ask(self, login: str, *, address: str) -> None:
        """Note that somebody asks for a link; what is noted does not show whether the address is known.

        Raises: TooManyAttempts, also the same for known and unknown addresses.
        """
        self._lockout.admit(f"new password of {login.strip().lower()}", address)
        with self._database.write() as connection:
            user = self._users.find(connection, login)
            self._insert(connection, user.id if user is not None and _may(user) else None)

    def send(self, login: str, *, by: Author) -> None:
        """Let a link be sent to a user, as an administrator wishes it. Raises: UnknownUser."""
        user = self._administration.find_user(login)
        with self._database.write() as connection:
            self._insert(connection, user.id if _may(user) else None)
            self._trail.note(connection, "reset_sent", user.id, by=by)

    def user_of(self, secret: str) -> UserRow:
        """Give whose password a link sets.

        Raises: LinkRefused.
        """
        with self._database.read() as connection:
            return self._user_of(connection, secret)

    def set_password(self, secret: str, password: str) -> UserRow:
        """Set the password of a link's user; all sessions of that user end, and all links to that user.

        Raises: LinkRefused, ValidationFailed.
        """
        user = self.user_of(secret)
        check_new_password(password, login=user.login)
        now = self._clock.now()
        with self._database.write() as connection:
            # One statement: of two requests with the same link one changes the row.
            unused = self._table.c.hash == hash_secret(secret), self._table.c.used_at.is_(None)
            unused_yet = update(self._table).where(*unused, self._table.c.expires_at > now).values(used_at=now)
            if connection.execute(unused_yet).rowcount != 1:
                raise LinkRefused
            connection.execute(
                update(self._table)
                .where(self._table.c.user_id == user.id, self._table.c.used_at.is_(None))
                .values(used_at=now, due_at=None)
            )
        by = Author(name=user.name or user.login, user_id=user.id)
        self._administration.set_password(user.login, password, by=by)
        self._lockout.unlock(user.login)
        return user

    def send_waiting(self) -> int:
        """Send the mails that are due; done by workers, again and again. Gives how many were sent."""
        self._forget_old()
        due = self._table.c.due_at <= self._clock.now()
        with self._database.read() as connection:
            waiting = connection.execute(select(self._table.c.id).where(due).limit(_MOST_AT_ONCE)).scalars().all()
        return sum(self._send(reset_id) for reset_id in waiting)

    def _send(self, reset_id: str) -> bool:
        now, secret = self._clock.now(), new_link_secret()
        mine = self._table.c.id == reset_id
        with self._database.write() as connection:
            # Whoever moves the time on has it: other workers leave it alone until then.
            due = self._table.c.due_at <= now, self._table.c.used_at.is_(None)
            later = {"due_at": now + _AGAIN_AFTER, "tries": self._table.c.tries + 1, "hash": hash_secret(secret)}
            if connection.execute(update(self._table).where(mine, *due).values(later)).rowcount != 1:
                return False
            row = connection.execute(select(self._table).where(mine)).one()
            user = self._users.load(connection, row.user_id) if row.user_id is not None else None
        left = user is not None and _may(user) and self._letters.send(user, secret, reset_id)
        if left or user is None or row.tries >= _TRIES:
            if not left and user is not None:
                _LOG.warning("a link to set a password was not sent in %s tries", _TRIES)
            with self._database.write() as connection:
                connection.execute(update(self._table).where(mine).values(due_at=None))
        return left

    def _insert(self, connection: Connection, user_id: str | None) -> None:
        now = self._clock.now()
        values = {"user_id": user_id, "created_at": now, "expires_at": now + GOOD_FOR, "due_at": now, "tries": 0}
        connection.execute(insert(self._table).values(id=self._ids.new(), **values))

    def _user_of(self, connection: Connection, secret: str) -> UserRow:
        key, table = hash_secret(secret), self._table
        row = connection.execute(select(table).where(table.c.hash == key)).first() if key is not None else None
        if row is None or row.used_at is not None or row.expires_at <= self._clock.now():
            raise LinkRefused
        user = self._users.load(connection, row.user_id) if row.user_id is not None else None
        if user is None or not _may(user):
            raise LinkRefused
        return user

    def _forget_old(self) -> None:
        gone = self._table.c.expires_at < self._clock.now() - _KEPT
        with self._database.read() as connection:
            some = connection.execute(select(func.count()).select_from(self._table).where(gone)).scalar()
        if some:
            with self._database.write() as connection:
                connection.execute(delete(self._table).where(gone))


def _may(user: UserRow) -> bool:
    return user.enabled and not user.service
