"""Keeps API tokens: shown once when they are made, stored as hashes, with scopes and an end.

A token acts as its user and never does more; its scopes (engine/accounts/token_scopes.py) only take away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

from engine.accounts.secrets import hash_secret, new_token_secret
from engine.clock import Clock
from engine.errors import FieldError, ValidationFailed
from engine.ids import IdMaker

SCOPES = frozenset({"read", "write"})
MOST_OF_A_USER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token as a list of tokens shows it; `id` revokes it and signs nobody in."""

    id: str
    user_id: str
    name: str
    prefix: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None


class TokenStore:
    """Read and write the tokens' rows, on a connection handed in."""

    def __init__(self, table: Table, clock: Clock, ids: IdMaker) -> None:
        self._table = table
        self._clock = clock
        self._ids = ids

    def create(
        self, connection: Connection, user_id: str, *, name: str, scopes: Collection[str], expires_at: datetime | None
    ) -> str:
        """Make a token with scopes that were checked, and give its secret, which is stored nowhere.

        Raises: ValidationFailed for an end in the past, or one token too many.
        """
        now = self._clock.now()
        if len(self.list_of(connection, user_id)) >= MOST_OF_A_USER:
            raise _refused("name", f"A user has at most {MOST_OF_A_USER} tokens; revoke one that is not used.")
        if expires_at is not None and expires_at <= now:
            raise _refused("expires_at", "The token would have expired already.")
        secret = new_token_secret()
        values = {
            "id": self._ids.new(),
            "hash": hash_secret(secret),
            "user_id": user_id,
            "name": name,
            "prefix": secret[:8],
            "scopes": sorted(scopes),
            "created_at": now,
            "expires_at": expires_at,
        }
        connection.execute(insert(self._table).values(values))
        return secret

    def find(self, connection: Connection, secret_hash: str) -> TokenRow | None:
        """Give the token of a secret's hash unless it has expired."""
        row = connection.execute(select(self._table).where(self._table.c.hash == secret_hash)).first()
        if row is None or row.revoked_at is not None:
            return None
        token = _token(row)
        return None if token.expires_at is not None and token.expires_at <= self._clock.now() else token

    def list_of(self, connection: Connection, user_id: str | None = None) -> Sequence[TokenRow]:
        """Give the living tokens of a user, or all, in the order they were made."""
        unended = self._table.c.expires_at.is_(None) | (self._table.c.expires_at > self._clock.now())
        living = select(self._table).where(self._table.c.revoked_at.is_(None), unended)
        statement = living.order_by(self._table.c.created_at, self._table.c.id)
        if user_id is not None:
            statement = statement.where(self._table.c.user_id == user_id)
        return [_token(row) for row in connection.execute(statement)]

    def revoke(self, connection: Connection, token_id: str, *, user_id: str | None = None) -> TokenRow | None:
        """End a token, with `user_id` only if it is that user's, and give it; None where there was no living one."""
        chosen = self._table.c.id == token_id
        if user_id is not None:
            chosen &= self._table.c.user_id == user_id
        if self._revoke(connection, chosen) == 0:
            return None
        return _token(connection.execute(select(self._table).where(chosen)).one())

    def revoke_all(self, connection: Connection, user_id: str) -> int:
        """End all tokens of a user; give how many."""
        return self._revoke(connection, self._table.c.user_id == user_id)

    def _revoke(self, connection: Connection, chosen: ColumnElement[bool]) -> int:
        living = chosen & self._table.c.revoked_at.is_(None)
        return connection.execute(update(self._table).where(living).values(revoked_at=self._clock.now())).rowcount


def _refused(field: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(field=field, code="bad_value", message=message)])


def _token(row: Any) -> TokenRow:
    return TokenRow(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(row.scopes or ()),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
