"""Hands new runs over to the durable engine: a save writes the rows of its runs, a worker puts them into the queue.

Some rows at a time become one entry of the queue, in one transaction with the mark that they are handed over: so each
run has exactly one entry, and what the engine itself does for an entry is done once for several runs. A row that is
queued and has a moment waits for this; the moment, which is that of the save, says in which order.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.exc import SQLAlchemyError

from engine import faults
from engine.automation.durable import RunQueue
from engine.automation.run_state import RunState
from engine.errors import EngineError
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_LOG = logging.getLogger("fieldstone.automation")
# More in one go saves little; fewer leave less to do again after a crash.
RUNS_IN_A_BATCH = 10
# So many may wait to be claimed: what comes into the queue by itself, like the end of a wait, is not far behind.
_WAITING_BATCHES = 20


@dataclass(slots=True, kw_only=True)
class HandOver:
    """Hands over the new runs of one installation; workers may do so side by side."""

    database: Database
    system: SystemTables
    queue: RunQueue
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self, every_s: float) -> None:
        """Begin handing over on a thread of its own, and look for new runs every so many seconds."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._go_on, args=(every_s,), name="fieldstone-hand-over", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hand nothing over any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def hand_over(self) -> int:
        """Put the oldest new runs into the queue, as far as it has room; give how many there were.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with self.database.read() as connection:
            # Asked first: a transaction that writes would keep savers waiting on SQLite.
            if connection.execute(self._new(1)).first() is None:
                return 0
        room = _WAITING_BATCHES - self.queue.waiting_batches(_WAITING_BATCHES)
        if room <= 0:
            return 0
        run = self.system.run
        with self.database.write() as connection:
            asked = self._new(room * RUNS_IN_A_BATCH).with_for_update(skip_locked=True)
            ids: list[str] = list(connection.execute(asked).scalars())
            if ids:
                connection.execute(update(run).where(run.c.id.in_(ids)).values(due_at=None))
            for start in range(0, len(ids), RUNS_IN_A_BATCH):
                self.queue.start_batch(connection, ids[start : start + RUNS_IN_A_BATCH])
            faults.reach("runs.before_handed_over")
        faults.reach("runs.handed_over")
        return len(ids)

    def _new(self, most: int) -> Select[Any]:
        run = self.system.run
        new = (run.c.state == RunState.QUEUED.value, run.c.due_at.is_not(None))
        return select(run.c.id).where(*new).order_by(run.c.due_at, run.c.id).limit(most)

    def _go_on(self, every_s: float) -> None:
        while not self._stop.wait(every_s):
            try:
                self.hand_over()
            except (EngineError, SQLAlchemyError) as error:
                _LOG.warning("new runs wait to be handed over: %s", error)
            except Exception:
                _LOG.exception("new runs wait to be handed over")
