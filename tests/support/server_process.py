"""A real `fieldstone serve` in a process of its own, for tests that start, stop and kill servers."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

START_TIMEOUT_S = 120


@dataclass(slots=True)
class ServerProcess:
    """A running server: its address, its process, and the lines it has written."""

    address: str
    process: subprocess.Popen[str]
    lines: list[str]

    def kill(self) -> None:
        """Kill the process as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> int:
        """Ask the process to stop, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def running_server(
    arguments: Sequence[str], folder: Path, *, environment: dict[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Run `fieldstone …` in a folder until the block ends; returns once it says where it serves."""
    command = [sys.executable, "-c", "from ui.cli import main; main()", *arguments]
    repository = str(Path(__file__).resolve().parents[2])
    # Tests have a PostgreSQL of their own, whose only role is a superuser.
    variables = {
        **os.environ,
        "FIELDSTONE_TESTING": "1",
        "PYTHONPATH": repository,
        "PYTHONUNBUFFERED": "1",
        **(environment or {}),
    }
    process = subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    try:
        yield ServerProcess(_wait_for_address(process, lines), process, lines)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def _wait_for_address(process: subprocess.Popen[str], lines: list[str]) -> str:
    found: queue.Queue[str] = queue.Queue()

    def read(output: IO[str]) -> None:
        for line in output:
            lines.append(line.rstrip("\n"))
            if match := re.match(r"serving (http://\S+)", line):
                found.put(match[1])
        found.put("")

    assert process.stdout is not None
    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    address = found.get(timeout=START_TIMEOUT_S)
    assert address, "the server did not start:\n" + "\n".join(lines)
    return address
