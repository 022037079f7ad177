"""Remembers answers by Idempotency-Key for 24 hours, so that a repeated request is done once.

The answer is stored in the transaction of the write it answers: after a crash either both stand or neither. Which
requests are repeated, and what an answer consists of, is the API's business.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Table, delete, func, insert, select

from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.errors import EngineError
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.sealing import Cipher, is_sealed

KEPT_FOR = timedelta(hours=24)
MAX_KEY_LENGTH = 200
_DONE = "done"


class RepeatedInFlight(EngineError):
    """The first request with this key is still under way."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still under way; ask again.")


class KeyUsedOtherwise(EngineError):
    """The key was used with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another request; take a new key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was given the first time."""

    status: int
    headers: Mapping[str, str]
    body: str


class IdempotencyKeys:
    """Claim keys and keep answers; one object a process, for what is in flight here."""

    def __init__(self, database: Database, table: Table, clock: Clock, cipher: Cipher) -> None:
        # An answer may hold values that are encrypted at rest everywhere else.
        self._cipher = cipher
        self._database = database
        self._table = table
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight: set[tuple[str, str]] = set()

    @contextmanager
    def in_flight(self, actor: str, key: str) -> Iterator[None]:
        """Hold a key for the time of a request.

        Raises: RepeatedInFlight, where another request of this process holds it.
        """
        with self._lock:
            if (actor, key) in self._in_flight:
                raise RepeatedInFlight
            self._in_flight.add((actor, key))
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.discard((actor, key))

    def find(self, actor: str, key: str, request: bytes) -> KeptAnswer | None:
        """Give the answer that a request with this key got, if any.

        Raises: KeyUsedOtherwise.
        """
        with self._database.read() as connection:
            return self._find(connection, actor, key, request)

    def claim(self, connection: Connection, actor: str, key: str, request: bytes) -> KeptAnswer | None:
        """Make sure within a transaction that no other process works on this key; give the answer if one is there now.

        Raises: RepeatedInFlight, KeyUsedOtherwise.
        """
        if self._database.dialect is Dialect.POSTGRESQL:
            number = int.from_bytes(hashlib.sha256(f"{actor}\n{key}".encode()).digest()[:8], signed=True)
            if not connection.execute(select(func.pg_try_advisory_xact_lock(number))).scalar():
                raise RepeatedInFlight
        return self._find(connection, actor, key, request)

    def keep(self, connection: Connection, actor: str, key: str, request: bytes, answer: KeptAnswer) -> None:
        """Store an answer within the transaction of its write; what is older than a day goes."""
        now = self._clock.now()
        connection.execute(delete(self._table).where(self._table.c.created_at < now - KEPT_FOR))
        values = {
            "actor": actor,
            "key": key,
            "request_hash": _hash(request),
            "state": _DONE,
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": self._cipher.seal(answer.body, _place(actor, key)),
            "created_at": now,
        }
        connection.execute(insert(self._table).values(values))

    def use_up(self, connection: Connection, kind: str, key: str) -> bool:
        """Note within a transaction that something which is good once was used; False where it was before."""
        values = {"actor": kind, "key": key, "request_hash": "", "state": _DONE, "created_at": self._clock.now()}
        return insert_if_absent(connection, self._table, values)

    def _find(self, connection: Connection, actor: str, key: str, request: bytes) -> KeptAnswer | None:
        chosen = (self._table.c.actor == actor) & (self._table.c.key == key)
        row = connection.execute(select(self._table).where(chosen)).first()
        if row is None or row.created_at < self._clock.now() - KEPT_FOR:
            return None
        if row.request_hash != _hash(request):
            raise KeyUsedOtherwise
        return KeptAnswer(status=row.status, headers=row.headers or {}, body=self._opened(row.body, _place(actor, key)))

    def _opened(self, body: str | None, place: str) -> str:
        # Answers of releases before this one were kept in clear, for a day.
        return self._cipher.open(body, place) if body and is_sealed(body) else body or ""


def _place(actor: str, key: str) -> str:
    return f"answer|{actor}|{key}"


def _hash(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()
