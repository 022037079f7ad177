"""Runs jobs in forked copies of this process, several at a time, each with a temporary folder and a time limit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RESULT = "result.json"
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one copy does; its result is written as JSON."""

    name: str
    run: Callable[[], Any]
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job ended: its result, or None with `hung` where its time was over, without where its process died."""

    name: str
    result: Any
    hung: bool = False
    seconds: float


@dataclass(frozen=True, slots=True)
class _Running:
    job: Job
    pid: int
    folder: Path
    began: float


def run_forked(jobs: Sequence[Job], at_a_time: int) -> Iterator[Ended]:
    """Run the jobs and give each as it ends."""
    waiting, running = list(reversed(jobs)), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < at_a_time:
                running.append(_start(waiting.pop()))
            for each in tuple(running):
                if (ended := _ended(each)) is not None:
                    running.remove(each)
                    yield ended
            time.sleep(_POLL_S)
    finally:
        for each in running:
            _end(each)


def _start(job: Job) -> _Running:
    folder = Path(tempfile.mkdtemp(prefix="fieldstone-mutant-"))
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_the_copy(job, folder)
    return _Running(job, pid, folder, time.monotonic())


def _be_the_copy(job: Job, folder: Path) -> None:
    try:
        os.setsid()
        with open(os.devnull, "r+b") as nothing:
            for stream in (0, 1, 2):
                os.dup2(nothing.fileno(), stream)
        os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(folder)
        result = json.dumps(job.run())
        (folder / f"{_RESULT}.new").write_text(result, encoding="utf-8")
        (folder / f"{_RESULT}.new").rename(folder / _RESULT)
    finally:
        # Nothing of the original may be ended by its copy.
        os._exit(0)


def _ended(each: _Running) -> Ended | None:
    seconds = time.monotonic() - each.began
    done, _ = os.waitpid(each.pid, os.WNOHANG)
    if not done and seconds < each.job.limit_s:
        return None
    written = each.folder / _RESULT
    result = json.loads(written.read_text(encoding="utf-8")) if written.exists() else None
    _end(each, reaped=bool(done))
    return Ended(name=each.job.name, result=result, hung=not done, seconds=seconds)


def _end(each: _Running, *, reaped: bool = False) -> None:
    with suppress(ProcessLookupError):
        os.killpg(each.pid, signal.SIGKILL)
    if not reaped:
        os.waitpid(each.pid, 0)
    shutil.rmtree(each.folder, ignore_errors=True)
