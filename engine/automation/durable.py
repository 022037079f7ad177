"""The port to the durable engine (dbos) for those who start runs: enqueue in a transaction, move, cancel, ask.

Runs are named by run id and segment; the same pair starts once. dbos keeps its tables in the same database, so what is
enqueued is so if and only if the transaction commits. New runs come in batches (see `handing_over`). dbos is imported
on first use: it costs a third of a second.
Periodic work is not handed to dbos: schedules are rows of fs_timer (see `timers`), whose moments follow our calendar.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.automation.json_rows import refuse_pickle
from engine.storage.database import Database
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from dbos import DBOSClient

# One version for ever: dbos never hands runs of another version to a worker, and ours are interpreted, not code.
PROTOCOL_VERSION = "1"
APPLICATION = "fieldstone"
QUEUE = "fieldstone_runs"
WORKFLOW = "fieldstone_run_segment"
BATCH_WORKFLOW = "fieldstone_run_batch"


class SegmentStatus(StrEnum):
    """What the durable engine knows of a segment."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATUS = {
    "ENQUEUED": SegmentStatus.WAITING,
    "DELAYED": SegmentStatus.WAITING,
    "PENDING": SegmentStatus.RUNNING,
    "SUCCESS": SegmentStatus.DONE,
    "ERROR": SegmentStatus.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": SegmentStatus.FAILED,
    "CANCELLED": SegmentStatus.CANCELLED,
}


class RunQueue:
    """The queue of run segments of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None

    def prepare(self) -> None:
        """Make or migrate the durable engine's own tables; safe to call again and from several processes."""
        from dbos import DBOS

        DBOS.migrate(system_address(self._database))

    def start(self, connection: Connection, run_id: str, *, segment: int = 0, delay_s: float = 0.0) -> None:
        """Enqueue a segment in the transaction of `connection`: it runs once that commits, after `delay_s`."""
        options = _options(WORKFLOW, segment_name(run_id, segment))
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._connected().enqueue_in_transaction(connection, options, run_id, segment)  # type: ignore[arg-type]

    def start_batch(self, connection: Connection, run_ids: Sequence[str]) -> None:
        """Enqueue the first segments of some new runs as one entry of the queue, in the transaction of `connection`.

        A run must be in one batch only: it is named by the first of its runs.
        """
        options: Any = _options(BATCH_WORKFLOW, batch_name(run_ids))
        self._connected().enqueue_in_transaction(connection, options, list(run_ids))

    def waiting_batches(self, most: int) -> int:
        """Count the batches that no worker has claimed, up to so many."""
        found = self._connected().list_workflows(
            status="ENQUEUED", name=BATCH_WORKFLOW, queue_name=QUEUE, limit=most, load_input=False, load_output=False
        )
        return len(found)

    def reschedule(self, run_id: str, segment: int, *, delay_s: float) -> None:
        """Let a waiting segment start after `delay_s` from now instead."""
        self._connected().set_workflow_delay(segment_name(run_id, segment), delay_seconds=delay_s)

    def cancel(self, run_id: str, segment: int) -> None:
        """Let a segment that has not begun never begin."""
        self._connected().cancel_workflow(segment_name(run_id, segment))

    def status(self, run_id: str, segment: int) -> SegmentStatus:
        """Say how far a segment is."""
        return self.statuses([(run_id, segment)])[run_id, segment]

    def statuses(self, segments: Sequence[tuple[str, int]]) -> dict[tuple[str, int], SegmentStatus]:
        """Say how far several segments are."""
        names = {segment_name(*segment): segment for segment in segments}
        found = self._connected().list_workflows(workflow_ids=list(names), load_input=False, load_output=False)
        known = {names[each.workflow_id]: _STATUS.get(each.status, SegmentStatus.UNKNOWN) for each in found}
        if any(number == 0 and (run_id, number) not in known for run_id, number in segments):
            known = {**self._in_batches(), **known}
        return {segment: known.get(segment, SegmentStatus.UNKNOWN) for segment in segments}

    def _in_batches(self) -> Mapping[tuple[str, int], SegmentStatus]:
        """Say how far the runs are whose batch is not over."""
        found = self._connected().list_workflows(
            status=["ENQUEUED", "PENDING"], name=BATCH_WORKFLOW, queue_name=QUEUE, load_output=False
        )
        return {(run_id, 0): _STATUS[each.status] for each in found if each.input for run_id in each.input["args"][0]}

    def claimed(self) -> dict[str, list[str]]:
        """Give executor → names of the segments that it claimed and whose end is not recorded."""
        found = self._connected().list_workflows(
            status="PENDING", queue_name=QUEUE, load_input=False, load_output=False
        )
        claimed: dict[str, list[str]] = {}
        for each in found:
            if each.executor_id:
                claimed.setdefault(each.executor_id, []).append(each.workflow_id)
        return claimed

    def put_back(self, names: Sequence[str]) -> None:
        """Put claimed segments back into the queue; those that are over stay so.

        One that is run a second time does no harm: it finds that it is no longer due.
        """
        if names:
            self._connected().resume_workflows(list(names), queue_name=QUEUE)

    def close(self) -> None:
        """Let go of the durable engine's client."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.destroy()

    def _connected(self) -> DBOSClient:
        client = self._client
        if client is None:
            with self._lock:
                client = self._client = self._client or self._make_client()
        return client

    def _make_client(self) -> DBOSClient:
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        refuse_pickle()
        return DBOSClient(
            system_database_engine=self._database.engine,
            dbos_system_schema=None if self._database.dialect is Dialect.SQLITE else "dbos",
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )


def _options(workflow: str, name: str) -> dict[str, Any]:
    return {
        "workflow_name": workflow,
        "queue_name": QUEUE,
        "workflow_id": name,
        "app_version": PROTOCOL_VERSION,
        "application_name": APPLICATION,
    }


def batch_name(run_ids: Sequence[str]) -> str:
    """Name a batch of new runs."""
    return f"batch:{run_ids[0]}"


def segment_name(run_id: str, segment: int) -> str:
    """Name a segment of a run."""
    return f"{run_id}:{segment}"


def system_address(database: Database) -> str:
    """Give the address of the database as the durable engine takes it."""
    return database.url.render_as_string(hide_password=False)
