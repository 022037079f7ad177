"""Counts wrong log-ins in the database, so that guessing stops in all processes and over restarts.

An attempt is counted before the password is looked at and taken back when it was right: attempts made at once cannot
slip past the limit together. One account or address that is locked locks nobody else out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, delete, select, update

from engine.accounts.addresses import counted_as
from engine.accounts.errors import TooManyAttempts
from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutLimits:
    """How many wrong log-ins are too many, within how long."""

    per_account: int = 5
    per_address: int = 50
    window: timedelta = timedelta(minutes=15)


class Lockout:
    """Admit or refuse log-in attempts by what failed lately."""

    def __init__(self, database: Database, table: Table, clock: Clock, limits: LockoutLimits | None = None) -> None:
        self._database = database
        self._table = table
        self._clock = clock
        self._limits = limits or LockoutLimits()

    def admit(self, login: str, address: str) -> None:
        """Count one attempt, as if it were wrong.

        Raises: TooManyAttempts, where the limit was reached before; the attempt is not counted then.
        """
        limits = (
            (_key("account", login), self._limits.per_account),
            (_key("address", counted_as(address)), self._limits.per_address),
        )
        now = self._clock.now()
        with self._database.write() as connection:
            # Always in the same order, so that two attempts at once wait for each other instead of dead-locking.
            for key, _limit in sorted(limits):
                insert_if_absent(connection, self._table, self._new_row(key, now))
            failures = {key: self._lately(connection, key, now) for key, _limit in sorted(limits)}
            refused = [failures[key][-limit] for key, limit in limits if len(failures[key]) >= limit]
            if not refused:
                for key, _limit in limits:
                    self._store(connection, key, [*failures[key], now.timestamp()], now)
        if refused:
            raise TooManyAttempts(max(1, int(max(refused) + self._limits.window.total_seconds() - now.timestamp()) + 1))

    def forgive(self, login: str, address: str) -> None:
        """Take an attempt back that was right: the account starts anew, of the address one attempt less counts."""
        now = self._clock.now()
        address_key = _key("address", counted_as(address))
        with self._database.write() as connection:
            connection.execute(delete(self._table).where(self._table.c.key == _key("account", login)))
            self._store(connection, address_key, self._lately(connection, address_key, now)[:-1], now)

    def unlock(self, login: str) -> None:
        """Let an account in again at once."""
        with self._database.write() as connection:
            connection.execute(delete(self._table).where(self._table.c.key == _key("account", login)))

    def forget_old(self) -> int:
        """Remove counters that no longer count; give how many."""
        with self._database.write() as connection:
            return connection.execute(
                delete(self._table).where(self._table.c.last_at < self._clock.now() - self._limits.window)
            ).rowcount

    def _new_row(self, key: str, now: datetime) -> dict[str, object]:
        return {"key": key, "failures": 0, "attempts": [], "first_at": now, "last_at": now}

    def _lately(self, connection: Connection, key: str, now: datetime) -> list[float]:
        statement = select(self._table.c.attempts).where(self._table.c.key == key).with_for_update()
        attempts = connection.execute(statement).scalar() or ()
        since = (now - self._limits.window).timestamp()
        return [stamp for stamp in attempts if stamp > since]

    def _store(self, connection: Connection, key: str, attempts: Sequence[float], now: datetime) -> None:
        first = datetime.fromtimestamp(attempts[0], UTC) if attempts else now
        values = {"failures": len(attempts), "attempts": list(attempts), "first_at": first, "last_at": now}
        connection.execute(update(self._table).where(self._table.c.key == key).values(values))


def _key(kind: str, name: str) -> str:
    # Hashed: the table must not become a list of what people mistyped as their user name.
    return f"{kind}:{hashlib.sha256(name.strip().casefold().encode('utf-8', 'replace')).hexdigest()}"
