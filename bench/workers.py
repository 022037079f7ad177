"""One of the two measured workers in a process of its own: `python -m bench.workers product|plain URL FOLDER`.

`product` works on runs of rules; `plain` is the durable engine alone with a function that does nothing, its queue and
pool set as the product sets them. Both work until their standard input is closed,
and answer each line of it with what they have spent.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bench.filling import measured_settings
from bench.raw import is_sqlite
from engine.automation.tuning import Tuning
from engine.platform import Platform
from engine.storage.database import Database

THREADS = 4
QUEUE = "plain_queue"
WORKFLOW = "plain_noop"


def main() -> None:
    """Work until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=("product", "plain"))
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=THREADS)
    given = parser.parse_args()
    if given.program == "product":
        platform = Platform.open(measured_settings(given.url, given.folder))
        worker = platform.automation.worker(concurrency=given.threads)
        spent = Spending(platform.database)
        worker.start()
        gc.collect()
        gc.freeze()
        worker.wait_ready(60)
        _until_told(spent)
        worker.stop()
        return
    from dbos import DBOS

    spent = Spending(None)
    start_plain(given.url, f"worker {os.getpid()}", given.threads)
    _until_told(spent)
    DBOS.destroy(workflow_completion_timeout_sec=1)


def start_plain(url: str, executor: str, threads: int) -> None:
    """Launch the durable engine alone, taking from its queue."""
    from dbos import DBOS, DBOSPortableJSONSerializer

    config: Any = {
        "name": "plain",
        "system_database_url": url,
        "application_version": "1",
        "executor_id": executor,
        "serializer": DBOSPortableJSONSerializer(),
        "sys_db_pool_size": 3 if is_sqlite(url) else 4,
        "log_level": "ERROR",
        "enable_otlp": False,
        "scheduler_polling_interval_sec": 3600.0,
        "max_executor_threads": threads,
    }
    DBOS(config=config)

    def noop(run_id: str, segment: int) -> str:
        return "done"

    DBOS.workflow(name=WORKFLOW)(noop)
    DBOS.launch()
    DBOS.register_queue(
        QUEUE, worker_concurrency=10 * threads, polling_interval_sec=Tuning().poll_s, on_conflict="always_update"
    )


class Spending:
    """What this process has spent. own: the product's database, which counts its own statements."""

    def __init__(self, own: Database | None) -> None:
        self._own = own
        self._engines: set[int] = set()
        self._others = 0
        if own is not None:
            for reached in (own.read, own.write):
                with reached() as connection:
                    self._engines.add(id(connection.engine))
        event.listen(Engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, *_rest: Any) -> None:
        if id(connection.engine) not in self._engines:
            self._others += 1

    def tell(self) -> str:
        """Give processor seconds and statements as a line."""
        own = self._own.statements.count if self._own is not None else 0
        return f"{time.process_time()} {own + self._others}"


def _until_told(spent: Spending) -> None:
    print("started", flush=True)
    for _ in sys.stdin:
        print(spent.tell(), flush=True)


class AtWork:
    """A worker's process, as who started it sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def spent(self) -> tuple[float, float]:
        """Ask for its processor seconds and statements so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("spent\n")
        self._process.stdin.flush()
        seconds, statements = self._process.stdout.readline().split()
        return float(seconds), float(statements)


@contextmanager
def working(program: str, url: str, folder: Path, *, threads: int = THREADS) -> Iterator[AtWork]:
    """Run a worker for the length of the block, from when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.workers", program, url, str(folder), "--threads", str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "started":
            raise RuntimeError(f"the {program} worker did not start")
        yield AtWork(process)
    finally:
        process.stdin.close()
        process.wait(timeout=40)


if __name__ == "__main__":
    main()
