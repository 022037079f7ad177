"""The worker's side of the durable engine: launch dbos with two generic durable functions, and re-enqueue lost runs.

One works on a piece of one run, the other on the first pieces of some new ones (`handing_over`, `batches`).

dbos allows one launched instance a process. What a segment does is the runner's; when the database is away the segment
waits here for it to come back, since an exception would end the run. A durable function is a coroutine that hands
its segments to threads of our own: so dbos counts what waits for a thread and claims no more than it may, what is in
hand is known exactly, and a segment that dbos lets wait for another one's end holds no thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from engine.automation.batches import Batch, RunSegment
from engine.automation.durable import (
    APPLICATION,
    BATCH_WORKFLOW,
    PROTOCOL_VERSION,
    QUEUE,
    WORKFLOW,
    batch_name,
    segment_name,
    system_address,
)
from engine.automation.in_hand import InHand
from engine.automation.json_rows import refuse_pickle
from engine.automation.tuning import Tuning
from engine.errors import DatabaseUnavailable
from engine.storage.database import Database
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from dbos import DBOSConfig

_LOG = logging.getLogger("fieldstone.automation")
_LONGEST_WAIT_S = 5.0
# dbos claims segments once a poll, not when a thread is free: enough must be claimed to keep the threads busy between.
_CLAIMED_PER_THREAD = 10
# They write down how segments ended, and wait for the database where it is away.
_RECORDING_THREADS = 4

Done = TypeVar("Done")


class DurableRuntime:
    """One launched dbos of this process."""

    def __init__(
        self, database: Database, *, executor: str, concurrency: int, tuning: Tuning, segments: RunSegment
    ) -> None:
        self._database = database
        self._executor = executor
        self._concurrency = concurrency
        self._tuning = tuning
        self._segments = segments
        self._stopping = threading.Event()
        self._in_hand = InHand()
        self._threads: ThreadPoolExecutor | None = None

    def launch(self) -> None:
        """Start taking segments from the queue; after a failure it may be called again."""
        from dbos import DBOS

        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._threads = threads = ThreadPoolExecutor(self._concurrency, thread_name_prefix="fieldstone-run-")
        refuse_pickle()
        DBOS(config=self._config())

        # dbos marks the function it registers, which a bound method does not allow.
        async def run_segment(run_id: str, segment: int) -> str:
            with self._in_hand.holding(segment_name(run_id, segment)):
                try:
                    do = partial(self._guarded, partial(self._segments, run_id, segment))
                    return await asyncio.get_running_loop().run_in_executor(threads, do)
                except DatabaseUnavailable:
                    # The worker stops: dbos records no end of what is cancelled, so another worker takes it over.
                    raise asyncio.CancelledError from None

        async def run_batch(run_ids: list[str]) -> str:
            with self._in_hand.holding(batch_name(run_ids)):
                try:
                    await self._done(threads, run_ids)
                    return "done"
                except DatabaseUnavailable:
                    raise asyncio.CancelledError from None

        # How often a run may take its worker with it is counted by the run itself, where people can read it.
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1_000_000)(run_segment)
        DBOS.workflow(name=BATCH_WORKFLOW, max_recovery_attempts=1_000_000)(run_batch)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._concurrency * _CLAIMED_PER_THREAD,
            polling_interval_sec=self._tuning.poll_s,
            on_conflict="always_update",
        )

    def lost_among(self, claimed: Iterable[str]) -> tuple[str, ...]:
        """Give those of the segments claimed by this worker that it has not in hand (see `InHand`)."""
        return self._in_hand.lost_among(tuple(claimed))

    def take_over(self, dead: Iterable[str]) -> int:
        """Put the running segments of dead executors back into the queue; give how many there were.

        The public `resume_workflows` would forget how often a segment was tried.
        """
        from dbos import DBOS

        executors = list(dead)
        if not executors:
            return 0
        handles = DBOS._recover_pending_workflows(executors)
        _LOG.warning("took over %d runs of workers that died: %s", len(handles), ", ".join(executors))
        return len(handles)

    def shut_down(self, *, wait_s: int) -> None:
        """Stop taking segments, let those under way come to their next boundary, and end."""
        self._stopping.set()
        self.abandon(wait_s=wait_s)

    def abandon(self, *, wait_s: int = 0) -> None:
        """Undo `launch`, also one that failed half way; what is in hand stays claimed, for others to take over."""
        threads, self._threads = self._threads, None
        if threads is not None:
            from dbos import DBOS

            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)
            threads.shutdown(wait=False, cancel_futures=True)

    async def _done(self, threads: ThreadPoolExecutor, run_ids: list[str]) -> None:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()

        def settle(failure: BaseException | None) -> None:
            if over.done():
                return
            if failure is None:
                over.set_result(None)
            else:
                over.set_exception(failure)

        def told(failure: BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody listens any more
                loop.call_soon_threadsafe(settle, failure)

        batch = Batch(run_ids, segments=self._segments, guard=self._guarded, stopping=self._stopping, told=told)
        threads.submit(batch.work, threads, self._concurrency - 1)
        await over

    def _guarded(self, do: Callable[[], Done]) -> Done:
        wait = 0.1
        while True:
            try:
                return do()
            except DatabaseUnavailable:
                _LOG.warning("the database is away; runs wait")
            if self._stopping.wait(wait):
                raise DatabaseUnavailable
            wait = min(wait * 2, _LONGEST_WAIT_S)

    def _config(self) -> DBOSConfig:
        from dbos import DBOSPortableJSONSerializer

        sqlite = self._database.dialect is Dialect.SQLITE
        config: dict[str, Any] = {
            "name": APPLICATION,
            "system_database_url": system_address(self._database),
            "application_version": PROTOCOL_VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            "sys_db_pool_size": 3 if sqlite else 4,
            "log_level": "ERROR",
            "enable_otlp": False,
            "scheduler_polling_interval_sec": 3600.0,
            "max_executor_threads": _RECORDING_THREADS,
        }
        return config  # type: ignore[return-value]  # a TypedDict, built key by key
