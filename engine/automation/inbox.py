"""What a user has been told, newest first, and what of it is unread; one's own only, whoever asks.

Writing is in `notices`. A link to a record says nothing of it: opening it is judged by the door.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from engine.access.actor import Actor
from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

MAX_PAGE = 100
UNREAD_CAP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing a user was told. object, record_id: what it is about; run_id: the rule's run that told it."""

    id: str
    at: dt.datetime
    text: str
    is_read: bool
    object: str | None = None
    record_id: str | None = None
    run_id: str | None = None


class Inbox:
    """Reads a user's notifications and marks them read."""

    def __init__(self, database: Database, system: SystemTables, clock: Clock) -> None:
        self._database = database
        self._table = system.notification
        self._clock = clock

    def list(self, actor: Actor, *, before: str | None = None, limit: int = 50) -> Sequence[Notification]:
        """Give the actor's notifications, newest first; before: id of the last one of the page before."""
        table = self._table
        query = select(table).where(table.c.user_id == actor.user_id)
        if before is not None:
            query = query.where(table.c.id < before)
        query = query.order_by(table.c.id.desc()).limit(min(max(limit, 1), MAX_PAGE))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Notification(
                id=row["id"],
                at=row["at"],
                text=row["text"],
                is_read=row["read_at"] is not None,
                object=row["object"],
                record_id=row["record_id"],
                run_id=row["run_id"],
            )
            for row in rows
        )

    def count_unread(self, actor: Actor) -> int:
        """Count the actor's unread notifications, at most UNREAD_CAP."""
        table = self._table
        unread = select(table.c.id).where(table.c.user_id == actor.user_id, table.c.read_at.is_(None))
        with self._database.read() as connection:
            counted = select(func.count()).select_from(unread.limit(UNREAD_CAP).subquery())
            return int(connection.execute(counted).scalar_one())

    def mark_read(self, actor: Actor, ids: Collection[str] | None = None) -> int:
        """Mark the actor's notifications read, all of them or those of some ids; give how many were unread."""
        table = self._table
        change = update(table).where(table.c.user_id == actor.user_id, table.c.read_at.is_(None))
        if ids is not None:
            change = change.where(table.c.id.in_(list(ids)))
        with self._database.write() as connection:
            return connection.execute(change.values(read_at=self._clock.now())).rowcount
