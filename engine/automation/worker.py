"""A worker: hands new runs over, takes their segments, fires timers, takes over the runs of workers that died.

It finds its own lost runs too. It starts with a lease and works only while it holds one; on SQLite a second worker
waits for the first to go. Its own
thread does the housekeeping, dbos the runs. Stopping lets what is under way come to its next boundary. Nothing but
`stop` ends it: what fails is tried again, also its own start, since nobody would start it a second time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from engine.automation.batches import RunSegment
from engine.automation.durable import RunQueue
from engine.automation.handing_over import HandOver
from engine.automation.leases import Lease, make_lease
from engine.automation.runtime import DurableRuntime
from engine.automation.tuning import Tuning
from engine.errors import EngineError
from engine.ids import IdMaker
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_LOG = logging.getLogger("fieldstone.automation")


class Housekeeping(Protocol):
    """What a worker does besides runs."""

    def tick(self) -> None:
        """Fire due timers, bring schedules in line with a new release, wake runs that are overdue."""
        ...


class Worker:
    """One worker of this process.

    make_run_segment: makes what works on a segment, given the executor's name and whether the worker stops.
    """

    def __init__(
        self,
        *,
        database: Database,
        queue: RunQueue,
        system: SystemTables,
        ids: IdMaker,
        tuning: Tuning,
        concurrency: int,
        housekeeping: Housekeeping,
        make_run_segment: Callable[[str, Callable[[], bool]], RunSegment],
    ) -> None:
        # A new name each start: what an earlier process left behind must never be taken for this one's.
        self.executor = f"worker-{ids.new()}"
        self._queue = queue
        self._tuning = tuning
        self._housekeeping = housekeeping
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._lease: Lease = make_lease(database, self.executor)
        self._runtime = DurableRuntime(
            database,
            executor=self.executor,
            concurrency=concurrency,
            tuning=tuning,
            segments=make_run_segment(self.executor, self._stop.is_set),
        )
        self._hand_over = HandOver(database=database, system=system, queue=queue)

    def start(self) -> None:
        """Begin; returns at once, the work is done by threads."""
        self._thread = threading.Thread(target=self._main, name="fieldstone-worker", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until it holds the lease and takes runs."""
        return self._ready.wait(timeout_s)

    def stop(self, *, wait_s: int = 10) -> None:
        """Stop taking runs, let those under way come to a boundary, let the lease go."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=wait_s + 15)
            self._thread = None

    def _main(self) -> None:
        try:
            if self._until(self._lease.hold) and self._until(self._launch):
                self._hand_over.start(self._tuning.poll_s)
                self._ready.set()
                self._keep_house()
        finally:
            self._quietly(self._shut_down)
            self._lease.release()

    def _until(self, do: Callable[[], bool]) -> bool:
        while not self._stop.is_set():
            if self._quietly(do):
                return True
            self._stop.wait(self._tuning.takeover_s)
        return False

    def _launch(self) -> bool:
        try:
            self._runtime.launch()
        except Exception:
            self._runtime.abandon()
            raise
        return True

    def _shut_down(self) -> bool:
        self._hand_over.stop()
        self._runtime.shut_down(wait_s=1)
        return True

    def _keep_house(self) -> None:
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look:
                self._quietly(self._look_after_claimed)
                next_look = time.monotonic() + self._tuning.takeover_s
            self._quietly(self._tick)
            if self._stop.wait(self._tuning.timer_s):
                return

    def _tick(self) -> bool:
        self._housekeeping.tick()
        return True

    def _look_after_claimed(self) -> bool:
        if not self._lease.hold():
            return False
        claimed = self._queue.claimed()
        lost = self._runtime.lost_among(claimed.pop(self.executor, ()))
        if lost:
            self._queue.put_back(lost)
            _LOG.warning("put %d runs back that this worker had claimed and never heard of", len(lost))
        self._runtime.take_over(self._lease.dead_among(sorted(claimed)))
        return True

    def _quietly(self, do: Callable[[], bool]) -> bool:
        try:
            return do()
        except (EngineError, SQLAlchemyError) as error:
            _LOG.warning("the worker waits: %s", error)
        except Exception:
            _LOG.exception("the worker goes on after a failure")
        return False
