"""A worker, or a person who saves, as a process of its own that tests can kill.

    python -m tests.support.worker_process work URL FOLDER
    python -m tests.support.worker_process save URL FOLDER COUNT
    python -m tests.support.worker_process die URL FOLDER

`work` runs until its standard input is closed; `save` creates deals as the product and prints each id once its
transaction is committed. `die` reads numbers; for each a new process does what is open, then creates a deal and does
its runs, and dies at the n-th of all crash points since; it prints "killed", or "done" where there were no more.
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

from sqlalchemy import func, select

from engine import faults
from engine.access.actor import system_actor
from engine.automation.run_state import OPEN_STATES
from engine.platform import Platform
from plugins.manager import PluginManager
from tests.support.automation import FAST
from tests.support.platforms import settings_for

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    task, url, folder, *more = arguments
    if task == "die":
        die_at_each(url, folder)
        return
    platform = open_one(url, folder)
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


def open_one(url: str, folder: str) -> Platform:
    """Open the installation of a test in this process."""
    return Platform.open(settings_for(url, Path(folder)), plugins=PluginManager.load(), tuning=FAST)


def die_at_each(url: str, folder: str) -> None:
    """Do `die`; this process opens nothing, so that those it forks begin like new ones."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            save_and_work(open_one(url, folder), f"deal {line.strip()}", crash_at=f"*:{line.strip()}")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "done", flush=True)


def save_and_work(platform: Platform, name: str, *, crash_at: str) -> None:
    """Do what is open, and then a save and its runs, as a server with its worker does."""
    worker = platform.automation.worker(concurrency=1)
    worker.start()
    wait_until(lambda: open_runs(platform) == 0)
    faults._OF_THIS_PROCESS = faults.Faults(crash_at)
    platform.records.create(system_actor(), "deal", {"name": name})
    wait_until(lambda: open_runs(platform) == 0)


def open_runs(platform: Platform) -> int:
    """Give how many runs are not over."""
    run = platform.system.run
    with platform.database.read() as connection:
        states = [state.value for state in OPEN_STATES]
        return int(connection.execute(select(func.count()).where(run.c.state.in_(states))).scalar() or 0)


class WorkerProcess:
    """One worker process. log: where it writes what it warns of."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        crash_at: str = "",
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        given = {**os.environ, **(environment or {}), "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": crash_at}
        with (log or Path(os.devnull)).open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.worker_process", "work", url, str(folder)],
                cwd=REPOSITORY,
                env=given,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
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
def worker(
    url: str,
    folder: Path,
    *,
    crash_at: str = "",
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[WorkerProcess]:
    """Run a worker process for the length of a block."""
    process = WorkerProcess(url, folder, crash_at=crash_at, environment=environment, log=log)
    try:
        yield process
    finally:
        process.end()


def die_at_each_point(url: str, folder: Path, *, environment: Mapping[str, str]) -> int:
    """Let processes save and work and die at the first, second … of all crash points; give how many died."""
    died = subprocess.Popen(
        [sys.executable, "-m", "tests.support.worker_process", "die", url, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert died.stdin is not None
    assert died.stdout is not None
    with died, died.stdin:
        for number in range(1, 200):
            print(number, file=died.stdin, flush=True)
            if (answer := died.stdout.readline().strip()) != "killed":
                assert answer == "done"
                return number - 1
    raise AssertionError("there is always another point")


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
