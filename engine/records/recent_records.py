"""The records that somebody opened lately, kept for every device they use.

What is opened is noted in memory and written now and then, many at once: looking at a record must not wait for the
queue of writers. A process that is killed forgets the last half minute of it.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, not_, select, tuple_

from engine.access.actor import Actor, Origin, system_actor
from engine.accounts.upsert import insert_or_replace
from engine.clock import Clock
from engine.errors import DatabaseUnavailable
from engine.records.service import Records
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef

SHOWN = 8
_KEPT = 40
_WRITTEN_EVERY = dt.timedelta(seconds=30)
_MOST_WAITING = 5_000
_LOG = logging.getLogger(__name__)
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRecord:
    """A record that was opened, as it is called now."""

    object: ObjectDef
    id: str
    title: str


class RecentRecords:
    """Notes what people open and tells each what it was."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: dict[_Key, dt.datetime] = {}
        self._since: dt.datetime | None = None

    def note(self, actor: Actor, object_key: str, record_id: str) -> None:
        """Note that somebody looks at a record which they may read; who stands in for another leaves no trace of it."""
        if actor.user_id is None or actor.on_behalf_of is not None:
            return
        now = self._clock.now()
        with self._lock:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting[actor.user_id, object_key, record_id] = now
                self._since = self._since or now

    def list(self, transaction: Transaction, *, limit: int = SHOWN) -> Sequence[RecentRecord]:
        """Give what the actor opened last and may still read, the last one first."""
        user = transaction.actor.user_id
        if user is None:
            return ()
        table = transaction.system.recent
        asked = select(table.c.object, table.c.record_id, table.c.at).where(table.c.user == user)
        rows = transaction.connection.execute(asked.order_by(table.c.at.desc()).limit(_KEPT))
        opened = {(str(row[0]), str(row[1])): row[2] for row in rows}
        with self._lock:
            opened |= {key[1:]: at for key, at in self._waiting.items() if key[0] == user}
        newest = sorted(opened, key=lambda key: opened[key], reverse=True)[:_KEPT]
        titles = transaction.reader.titles(newest)
        objects = transaction.parts.metamodel.objects
        found = [
            RecentRecord(object=objects[key], id=record_id, title=title) for (key, record_id), title in titles.items()
        ]
        return tuple(found[:limit])

    def tend(self) -> None:
        """Write what waits, where it has waited long enough; called again and again beside the requests."""
        with self._lock:
            is_due = self._since is not None and self._clock.now() - self._since >= _WRITTEN_EVERY
        if is_due:
            self.write()

    def write(self) -> None:
        """Write what waits; what can't be written now waits on."""
        with self._writing:
            with self._lock:
                waiting, self._since = dict(self._waiting), None
            if not waiting:
                return
            try:
                with self._records.transaction(system_actor(Origin.CLI)) as transaction:
                    self._write(transaction, waiting)
            except DatabaseUnavailable:
                _LOG.warning("what people opened last could not be written yet")
                return
            # Only now: until it is written it is told from memory.
            with self._lock:
                self._waiting = {key: at for key, at in self._waiting.items() if waiting.get(key) != at}

    def _write(self, transaction: Transaction, waiting: dict[_Key, dt.datetime]) -> None:
        table, connection = transaction.system.recent, transaction.connection
        rows = [
            {"user": user, "object": key, "record_id": record_id, "at": at}
            for (user, key, record_id), at in waiting.items()
        ]
        insert_or_replace(connection, table, rows, ("at",))
        for user in {key[0] for key in waiting}:
            kept = select(table.c.object, table.c.record_id).where(table.c.user == user)
            kept = kept.order_by(table.c.at.desc()).limit(_KEPT)
            old = not_(tuple_(table.c.object, table.c.record_id).in_(kept))
            connection.execute(delete(table).where(and_(table.c.user == user, old)))
