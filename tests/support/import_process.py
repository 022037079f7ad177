"""An import and an export in a process of its own that dies at a named point, and what is left of it.

    python -m tests.support.import_process import URL FOLDER IMPORT USER
    python -m tests.support.import_process export URL FOLDER FILTER USER

The process starts what was tried, or an export, with batches of a few rows, and waits for its end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from engine.access.actor import Actor
from engine.exports import service, working
from engine.exports.service import ExportRequest
from engine.imports import running
from engine.platform import Platform
from engine.records.types import ListQuery
from plugins.manager import PluginManager
from tests.support.platforms import settings_for

REPOSITORY = Path(__file__).resolve().parents[2]
BATCH = 20


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    task, url, folder, what, user_id = arguments
    settings = replace(settings_for(url, Path(folder)), data_folder=Path(folder))
    platform = Platform.open(settings, plugins=PluginManager.load(environment={}))
    boss = boss_of(user_id)
    small_batches()
    if task == "import":
        thread = platform.import_desk.start(boss, "person", what)
        assert thread is not None
    else:
        asked = ExportRequest(query=ListQuery(object="person", filter=what or None))
        with platform.database.write() as connection:
            export_id = platform.export_desk.submit(connection, boss, asked)
        print(export_id, flush=True)
        thread = platform.export_desk.go(boss, export_id)
    thread.join()
    platform.close()


def small_batches() -> None:
    """Let batches of imports and pages of exports be a few rows in this process."""
    vars(running)["BATCH"] = BATCH
    vars(service)["PAGE_ROWS"] = vars(working)["PAGE_ROWS"] = BATCH


def boss_of(user_id: str) -> Actor:
    """Give who imports."""
    return Actor(user_id=user_id, login="boss@example.com", name="boss", roles=frozenset(("boss",)))


def run_and_die(task: str, url: str, folder: Path, what: str, user_id: str, *, crash_at: str) -> str:
    """Run the process until it dies at a point; give what it printed."""
    given = {**os.environ, "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "tests.support.import_process", task, url, str(folder), what, user_id]
    done = subprocess.run(command, cwd=REPOSITORY, env=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, (crash_at, done.returncode, done.stderr[-2_000:])
    return done.stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
