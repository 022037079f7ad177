"""A worker, or a person who saves, as a process of its own that tests can kill.

    python -m tests.support.worker_process work URL FOLDER
    python -m tests.support.worker_process save URL FOLDER COUNT

`work` runs until its standard input is closed; `save` creates deals as the product and prints each id once its
transaction is committed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.access.actor import system_actor
from engine.platform import Platform
from plugins.manager import PluginManager
from tests.support.automation import FAST
from tests.support.platforms import settings_for

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    task, url, folder, *more = arguments
    settings = settings_for(url, Path(folder))
    platform = Platform.open(settings, plugins=PluginManager.load(), tuning=FAST)
    if task == "save":
        for number in range(int(more[0])):
            saved = platform.records.create(system_actor(), "deal", {"name": f"deal {number}", "amount": "5"})
            print(saved.record.id, flush=True)
        return
    worker = platform.automation.worker(concurrency=4)
    worker.start()
    print("started", flush=True)
    sys.stdin.read()
    worker.stop()


class WorkerProcess:
    """One worker process."""

    def __init__(self, url: str, folder: Path, *, crash_at: str = "", environment: Mapping[str, str] | None = None):
        given = {**os.environ, **(environment or {}), "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": crash_at}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker_process", "work", url, str(folder)],
            cwd=REPOSITORY,
            env=given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def kill(self) -> None:
        """Kill it as the system would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def wait_dead(self, timeout_s: float) -> bool:
        """Wait until it is dead; tell whether it died of its own."""
        try:
            self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """End it in good order."""
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def worker(url: str, folder: Path, *, crash_at: str = "", **more: Mapping[str, str]) -> Iterator[WorkerProcess]:
    """Run a worker process for the length of a block."""
    process = WorkerProcess(url, folder, crash_at=crash_at, **more)
    try:
        yield process
    finally:
        process.end()


def save_deals(url: str, folder: Path, count: int, *, crash_at: str) -> list[str]:
    """Create deals in a process that dies at a point; give the ids that were acknowledged."""
    given = {**os.environ, "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": crash_at}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.worker_process", "save", url, str(folder), str(count)],
        cwd=REPOSITORY,
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout.split()


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 90.0) -> None:
    """Wait for something that other processes do.

    Raises:
        AssertionError: it did not come about.
    """
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")


if __name__ == "__main__":
    main(sys.argv[1:])
