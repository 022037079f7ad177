"""What administrators do with accounts: make users, set passwords, give roles, disable, and hand out tokens.

User records are written through the door with the caller's actor, so its grants hold; credentials, roles and tokens lie
in tables of their own, which no object shows. Whether the caller may administrate at all is asked by the pages and the
command line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, select, update

from engine.access.actor import Actor
from engine.accounts.errors import ServiceAccount, UnknownRole, UnknownUser
from engine.accounts.passwords import Passwords, check_new_password
from engine.accounts.sessions import SessionStore
from engine.accounts.stamp import AccountStamp
from engine.accounts.token_scopes import read_scopes
from engine.accounts.tokens import SCOPES, TokenRow, TokenStore
from engine.accounts.trail import COMMAND_LINE, AccountEvent, AccountTrail, Author, author_of
from engine.accounts.upsert import insert_if_absent
from engine.accounts.users import LOGIN_FIELD, USER_OBJECT, Ends, UserDirectory, UserRow, check_end
from engine.clock import Clock
from engine.errors import AccessDenied, FieldError, ValidationFailed
from engine.storage.database import Database
from metamodel.names import did_you_mean

if TYPE_CHECKING:
    from engine.records.service import Records
    from engine.records.transaction import Transaction

_MOST_NAME = 120


class Administration:
    """Change accounts; every change acts on the next request in every process."""

    def __init__(
        self,
        *,
        database: Database,
        credential: Table,
        clock: Clock,
        records: Records,
        passwords: Passwords,
        users: UserDirectory,
        sessions: SessionStore,
        tokens: TokenStore,
        stamp: AccountStamp,
        trail: AccountTrail,
    ) -> None:
        self._database = database
        self._credential = credential
        self._clock = clock
        self._records = records
        self._passwords = passwords
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self._stamp = stamp
        self._trail = trail

    def create_user(
        self,
        actor: Actor,
        login: str,
        *,
        password: str | None,
        roles: Collection[str] = (),
        values: Mapping[str, object] | None = None,
        service: bool = False,
    ) -> str:
        """Make a user with a password (None: cannot sign in yet) and roles; give the record's id.

        values: further fields of the user record, raw as for the door. service: the account of a program, which has
        tokens and no other way in.

        Raises: ValidationFailed, UnknownRole, AccessDenied for roles that the actor lacks, and what the door raises.
        """
        self._check_roles(roles)
        if password is not None:
            check_new_password(password, login=login)
        hashed = self._passwords.hash(password) if password is not None else None
        fields = {"name": login.split("@")[0], **(values or {}), LOGIN_FIELD: login}
        with self._records.transaction(actor) as transaction:
            user_id = transaction.create(USER_OBJECT, fields).record.id
            _check_held(transaction, roles)
            if hashed is not None:
                self.store_hash(transaction.connection, user_id, hashed)
            if service:
                self._set(transaction.connection, user_id, {"service": True})
            held = self._users.replace_roles(transaction.connection, user_id, dict.fromkeys(roles), by=actor.login)
            if roles:
                self._note(transaction.connection, "roles_set", user_id, author_of(actor), roles=held)
            self._stamp.raise_in(transaction.connection)
        return user_id

    def list_users(self) -> Sequence[UserRow]:
        """Give all users by log-in name."""
        with self._database.read() as connection:
            return self._users.list_all(connection)

    def user_of(self, user_id: str) -> UserRow | None:
        """Give the user of an id, or None."""
        with self._database.read() as connection:
            return self._users.load(connection, user_id)

    def find_user(self, login: str) -> UserRow:
        """Give the user of a log-in name.

        Raises: UnknownUser.
        """
        with self._database.read() as connection:
            found = self._users.find(connection, login)
        if found is None:
            raise UnknownUser(login)
        return found

    def set_password(
        self, login: str, password: str, *, keep_session: str | None = None, by: Author = COMMAND_LINE
    ) -> None:
        """Give a user a new password; the sessions so far end, but the one named.

        Raises: ValidationFailed, UnknownUser.
        """
        check_new_password(password, login=login)
        user, hashed = self.find_user(login), self._passwords.hash(password)
        if user.service:
            raise ServiceAccount(login)
        with self.changing() as connection:
            self.store_hash(connection, user.id, hashed)
            self._sessions.end_all(connection, user.id, but=keep_session)
            self._note(connection, "password_set", user.id, by)

    def set_roles(self, login: str, roles: Collection[str], *, by: str, until: datetime | None = None) -> None:
        """Let a user hold exactly these roles; until: when those that are new end by themselves.

        Raises: UnknownRole, UnknownUser, ValidationFailed for an end that has passed.
        """
        self._check_roles(roles)
        check_end(until, self._clock.now())
        user = self.find_user(login)
        with self.changing() as connection:
            held = self._users.roles_of(connection, user.id)
            ends = {role: held.get(role, until) for role in roles}
            changed = self._users.replace_roles(connection, user.id, ends, by=by)
            self._note(connection, "roles_set", user.id, Author(name=by), roles=changed)

    def check_grant(self, transaction: Transaction, roles: Collection[str]) -> None:
        """Refuse what `grant_roles` would. Raises: UnknownRole, AccessDenied."""
        self._check_roles(roles)
        _check_held(transaction, roles)

    def grant_roles(self, transaction: Transaction, user_id: str, roles: Collection[str]) -> bool:
        """Let a user hold these roles too, within a transaction of the door; say whether any was new.

        Raises: UnknownRole; AccessDenied where the actor does not hold them, since nobody grants more than one holds.
        """
        self.check_grant(transaction, roles)
        return self.add_roles(transaction, user_id, dict.fromkeys(roles))

    def add_roles(self, transaction: Transaction, user_id: str, roles: Ends) -> bool:
        """Let a user hold roles too, each at least until its end; say whether that changed anything.

        Whether the actor may give them was judged by the caller.
        """
        connection, actor = transaction.connection, transaction.actor
        held, now = self._users.add_roles(connection, user_id, roles, by=actor.login)
        if now == held:
            return False
        self._note(connection, "roles_set", user_id, author_of(actor), roles=(held, now))
        self._stamp.raise_in(connection)
        return True

    def change_roles(
        self, transaction: Transaction, user_id: str, roles: Collection[str], among: Collection[str], *, until: Ends
    ) -> None:
        """Let a user hold exactly these of some roles, and keep all others; until: when those that are new end.

        Whether the actor may was judged by the caller.
        """
        connection, actor = transaction.connection, transaction.actor
        held = self._users.roles_of(connection, user_id)
        kept = {role: end for role, end in held.items() if role not in among}
        ends = kept | {role: held.get(role, until.get(role)) for role in roles}
        changed = self._users.replace_roles(connection, user_id, ends, by=actor.login)
        self._note(connection, "roles_set", user_id, author_of(actor), roles=changed)
        self._stamp.raise_in(connection)

    def disable(self, login: str, *, by: Author = COMMAND_LINE) -> None:
        """Let a user sign in no more; sessions and tokens end at once. Raises: UnknownUser."""
        user = self.find_user(login)
        with self.changing() as connection:
            self._set_disabled(connection, user.id, disabled=True)
            self.shut_out(connection, user.id)
            self._note(connection, "disabled", user.id, by)

    def shut_out(self, connection: Connection, user_id: str) -> tuple[int, int]:
        """Let a user in no more, in a transaction: give how many sessions and tokens ended."""
        self._set_disabled(connection, user_id, disabled=True)
        sessions = self._sessions.end_all(connection, user_id) + self._sessions.end_those_by(connection, user_id)
        return sessions, self._tokens.revoke_all(connection, user_id)

    def enable(self, login: str, *, by: Author = COMMAND_LINE) -> None:
        """Let a disabled user sign in again, with the password of before. Raises: UnknownUser."""
        user = self.find_user(login)
        with self.changing() as connection:
            self._set_disabled(connection, user.id, disabled=False)
            self._note(connection, "enabled", user.id, by)

    def create_token(
        self,
        login: str,
        *,
        name: str,
        scopes: Collection[str] = SCOPES,
        expires_at: datetime | None = None,
        by: Author = COMMAND_LINE,
    ) -> str:
        """Make an API token for a user and give it; it is shown this once.

        scopes: `read`, `write`, `OBJECT:ACTION` or `right:NAME`.

        Raises: UnknownUser, ValidationFailed.
        """
        user = self.find_user(login)
        access = self._records.access(user.actor())
        objects = {key for key in self._users.object_keys() if access.of(key).known}
        given = read_scopes(scopes, objects=objects, rights=access.rights or ())
        if not name.strip() or len(name) > _MOST_NAME:
            message = f"A token has a name of at most {_MOST_NAME} characters that says what it is for."
            raise ValidationFailed([FieldError(field="name", code="bad_value", message=message)])
        with self.changing() as connection:
            secret = self._tokens.create(connection, user.id, name=name.strip(), scopes=given, expires_at=expires_at)
            self._note(connection, "token_made", user.id, by, token=(None, name), scopes=(None, list(given)))
        return secret

    def list_tokens(self, login: str | None = None) -> Sequence[TokenRow]:
        """Give the living tokens of a user, or of all. Raises: UnknownUser."""
        user_id = self.find_user(login).id if login is not None else None
        with self._database.read() as connection:
            return self._tokens.list_of(connection, user_id)

    def revoke_token(self, token_id: str, *, user_id: str | None = None, by: Author = COMMAND_LINE) -> bool:
        """End a token, with `user_id` only if it is that user's; say whether there was one."""
        with self.changing() as connection:
            revoked = self._tokens.revoke(connection, token_id, user_id=user_id)
            if revoked is not None:
                self._note(connection, "token_revoked", revoked.user_id, by, token=(revoked.name, None))
        return revoked is not None

    def password_hash(self, connection: Connection, user_id: str) -> str | None:
        """Give the stored hash of a user's password, for signing in."""
        chosen = select(self._credential.c.password_hash).where(self._credential.c.user_id == user_id)
        return connection.execute(chosen).scalar()

    def store_hash(self, connection: Connection, user_id: str, hashed: str) -> None:
        """Store the hash of a user's password."""
        self._set(connection, user_id, {"password_hash": hashed, "changed_at": self._clock.now()})

    def _note(
        self, connection: Connection, event: AccountEvent, user_id: str, by: Author, **changes: tuple[object, object]
    ) -> None:
        self._trail.note(connection, event, user_id, by=by, changes=changes)

    def _set_disabled(self, connection: Connection, user_id: str, *, disabled: bool) -> None:
        self._set(connection, user_id, {"disabled": disabled})

    def _set(self, connection: Connection, user_id: str, values: Mapping[str, object]) -> None:
        insert_if_absent(connection, self._credential, {"user_id": user_id})
        connection.execute(update(self._credential).where(self._credential.c.user_id == user_id).values(values))

    def _check_roles(self, roles: Collection[str]) -> None:
        known = self._users.role_names()
        for role in roles:
            if role not in known:
                raise UnknownRole(role, did_you_mean(role, known) or f"known are {', '.join(sorted(known))}")

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Open a transaction whose changes of accounts act on the next request in every process."""
        with self._database.write() as connection:
            yield connection
            self._stamp.raise_in(connection)


def _check_held(transaction: Transaction, roles: Collection[str]) -> None:
    """Raises: AccessDenied. Nobody grants more than one holds; the product's own acts are judged by who begins them."""
    if roles and not transaction.actor.is_system:
        granted = transaction.parts.access(frozenset(roles)).roles
        if not granted <= transaction.access.roles:
            raise AccessDenied("grant", USER_OBJECT, "you do not hold all of what these roles give yourself")
