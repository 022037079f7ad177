"""Keeps sessions on the server: a cookie is only a random key to a row here, so that a session can be ended at once.

Sessions end by log-out, by revoking, after idling, and after an absolute time whatever happens. Whose session it is and
what that person may do is put together elsewhere (service.py). A row is signed over what it grants: a changed one is no
session.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from engine.accounts.secrets import hash_secret, new_session_secret
from engine.clock import Clock

_PURPOSE = b"fieldstone session rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """When a session ends by itself: unused for `idle`, and in any case after `absolute`."""

    idle: timedelta = timedelta(hours=8)
    absolute: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session as a list of one's sessions shows it; `id` is the hash of its secret and signs nobody in.

    factor_done: the second factor was given. by: the user who is signed in as this one, else None.
    """

    id: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    factor_done: bool = False
    by: str | None = None


class SessionStore:
    """Read and write the sessions' rows, on a connection handed in. secret: the installation's."""

    def __init__(self, table: Table, clock: Clock, limits: SessionLimits, *, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._table = table
        self._clock = clock
        self._limits = limits

    def create(
        self,
        connection: Connection,
        user_id: str,
        *,
        address: str,
        agent: str,
        factor_done: bool = False,
        by: str | None = None,
        lasts: timedelta | None = None,
    ) -> str:
        """Start a session and give its secret, which is stored nowhere. lasts: in place of the absolute limit."""
        secret, now = new_session_secret(), self._clock.now()
        facts: dict[str, Any] = {"factor_done": factor_done, "by": by}
        values: dict[str, Any] = {
            "id": hash_secret(secret),
            "user_id": user_id,
            "created_at": now,
            "seen_at": now,
            "expires_at": now + (lasts or self._limits.absolute),
            "address": address,
            "agent": agent,
            "facts": facts,
        }
        facts["seal"] = self._seal(values)
        connection.execute(insert(self._table).values(values))
        return secret

    def find(self, connection: Connection, session_id: str) -> SessionRow | None:
        """Give the session of that id, the hash of its secret, unless it has ended."""
        row = connection.execute(select(self._table).where(self._table.c.id == session_id)).first()
        if row is None or not self._is_ours(dict(row._mapping)):
            return None
        return _session(row) if self.ends_at(_session(row)) > self._clock.now() else None

    def ends_at(self, session: SessionRow) -> datetime:
        """Say when the session ends unless it is used."""
        return min(session.expires_at, session.seen_at + self._limits.idle)

    def note_use(self, connection: Connection, session_id: str) -> None:
        """Keep a session from idling out."""
        connection.execute(update(self._table).where(self._table.c.id == session_id).values(seen_at=self._clock.now()))

    def note_factor(self, connection: Connection, session_id: str) -> None:
        """Note that the second factor was given in a session."""
        row = connection.execute(select(self._table).where(self._table.c.id == session_id)).first()
        if row is None or not self._is_ours(dict(row._mapping)):
            return
        given: dict[str, Any] = {"factor_done": True, "by": None}
        given["seal"] = self._seal({**row._mapping, "facts": given})
        connection.execute(update(self._table).where(self._table.c.id == session_id).values(facts=given))

    def list_of(self, connection: Connection, user_id: str) -> Sequence[SessionRow]:
        """Give the living sessions of a user, the latest used first."""
        statement = select(self._table).where(self._table.c.user_id == user_id).order_by(self._table.c.seen_at.desc())
        now = self._clock.now()
        return [session for row in connection.execute(statement) if self.ends_at(session := _session(row)) > now]

    def end(self, connection: Connection, session_id: str, *, user_id: str | None = None) -> str | None:
        """End a session, with `user_id` only if it is that user's; give whose it was, None where there was none."""
        chosen = self._table.c.id == session_id
        if user_id is not None:
            chosen = chosen & (self._table.c.user_id == user_id)
        ended = delete(self._table).where(chosen).returning(self._table.c.user_id)
        whose: str | None = connection.execute(ended).scalar()
        return whose

    def end_all(self, connection: Connection, user_id: str, *, but: str | None = None) -> int:
        """End all sessions of a user but the one with that id; give how many."""
        chosen = self._table.c.user_id == user_id
        if but is not None:
            chosen = chosen & (self._table.c.id != but)
        return connection.execute(delete(self._table).where(chosen)).rowcount

    def end_those_by(self, connection: Connection, user_id: str) -> int:
        """End the sessions in which a user is signed in as others; give how many."""
        mine = self._table.c.facts["by"].as_string() == user_id
        return connection.execute(delete(self._table).where(mine)).rowcount

    def forget_ended(self, connection: Connection) -> int:
        """Remove the rows of sessions that have ended by themselves."""
        now = self._clock.now()
        ended = (self._table.c.expires_at <= now) | (self._table.c.seen_at <= now - self._limits.idle)
        return connection.execute(delete(self._table).where(ended)).rowcount

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        seal = (row["facts"] or {}).get("seal")
        return isinstance(seal, str) and hmac.compare_digest(seal, self._seal(row))

    def _seal(self, row: Mapping[str, Any]) -> str:
        """Sign whose session it is, from when till when, whether the second factor was given, and who acts in it."""
        facts, times = row["facts"], (row["created_at"], row["expires_at"])
        parts = [row["id"], str(row["user_id"]), *(str(int(each.timestamp())) for each in times)]
        parts += [str(facts.get("factor_done") is True), str(facts.get("by") or "")]
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    @property
    def lifetime_s(self) -> int:
        """How long a browser keeps the cookie, in seconds."""
        return int(self._limits.absolute.total_seconds())


def _session(row: Any) -> SessionRow:
    facts = row.facts or {}
    return SessionRow(
        id=row.id,
        user_id=row.user_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        address=row.address or "",
        agent=row.agent or "",
        factor_done=facts.get("factor_done") is True,
        by=facts.get("by"),
    )
