"""One of the two measured workers in a process of its own: `python -m bench.workers product|plain URL FOLDER`.

`product` works on runs of rules; `plain` is the durable engine alone with a function that does nothing, its queue and
pool set as the product sets them. Both work until their standard input is closed.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.filling import measured_settings
from bench.raw import is_sqlite
from engine.automation.tuning import Tuning
from engine.platform import Platform

THREADS = 4
CLAIMED = 10 * THREADS
QUEUE = "plain_queue"
WORKFLOW = "plain_noop"


def main() -> None:
    """Work until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=("product", "plain"))
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.program == "product":
        worker = Platform.open(measured_settings(given.url, given.folder)).automation.worker(concurrency=THREADS)
        worker.start()
        gc.collect()
        gc.freeze()
        worker.wait_ready(60)
        _until_told()
        worker.stop()
        return
    from dbos import DBOS

    start_plain(given.url, "worker")
    _until_told()
    DBOS.destroy(workflow_completion_timeout_sec=1)


def start_plain(url: str, executor: str) -> None:
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
        "max_executor_threads": THREADS,
    }
    DBOS(config=config)

    def noop(run_id: str, segment: int) -> str:
        return "done"

    DBOS.workflow(name=WORKFLOW)(noop)
    DBOS.launch()
    DBOS.register_queue(
        QUEUE, worker_concurrency=CLAIMED, polling_interval_sec=Tuning().poll_s, on_conflict="always_update"
    )


def _until_told() -> None:
    print("started", flush=True)
    sys.stdin.read()


@contextmanager
def working(program: str, url: str, folder: Path) -> Iterator[None]:
    """Run a worker for the length of the block, from when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.workers", program, url, str(folder)],
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
        yield
    finally:
        process.stdin.close()
        process.wait(timeout=40)


if __name__ == "__main__":
    main()
