"""The worker's side of the durable engine: launch dbos with one generic durable function, and re-enqueue dead runs.

dbos allows one launched instance a process. What a segment does is the runner's; when the database is away the segment
waits here for it to come back, since an exception would end the run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from engine.automation.durable import APPLICATION, PROTOCOL_VERSION, QUEUE, WORKFLOW, system_address
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
_OWN_THREADS = 2

RunSegment = Callable[[str, int], str]


class DurableRuntime:
    """One launched dbos of this process."""

    def __init__(
        self, database: Database, *, executor: str, concurrency: int, tuning: Tuning, run_segment: RunSegment
    ) -> None:
        self._database = database
        self._executor = executor
        self._concurrency = concurrency
        self._tuning = tuning
        self._run_segment = run_segment
        self._stopping = threading.Event()
        self._launched = False

    def launch(self) -> None:
        """Start taking segments from the queue."""
        from dbos import DBOS

        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS(config=self._config())

        # dbos marks the function it registers, which a bound method does not allow.
        def run_segment(run_id: str, segment: int) -> str:
            return self._guarded(run_id, segment)

        # How often a run may take its worker with it is counted by the run itself, where people can read it.
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1_000_000)(run_segment)
        DBOS.launch()
        self._launched = True
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._concurrency * _CLAIMED_PER_THREAD,
            polling_interval_sec=self._tuning.poll_s,
            on_conflict="always_update",
        )

    def busy_executors(self) -> frozenset[str]:
        """Give the executors, dead or alive, that segments are running on as far as the database knows."""
        from dbos import DBOS

        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return frozenset(str(each.executor_id) for each in running if each.executor_id)

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
        from dbos import DBOS

        self._stopping.set()
        if self._launched:
            self._launched = False
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)

    @property
    def is_stopping(self) -> bool:
        """Whether `shut_down` was called."""
        return self._stopping.is_set()

    def _guarded(self, run_id: str, segment: int) -> str:
        wait = 0.1
        while True:
            try:
                return self._run_segment(run_id, segment)
            except DatabaseUnavailable:
                _LOG.warning("the database is away; run %s waits", run_id)
            if self._stopping.wait(wait):
                # Left as running: another worker, or the next start, takes it over.
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
            "max_executor_threads": self._concurrency + _OWN_THREADS,
        }
        return config  # type: ignore[return-value]  # a TypedDict, built key by key
