"""Measures simple runs a second beside the durable engine's own no-op rate: `python -m bench.runs`.

A run is one `set` after a record was created. Both queues are filled before the workers start; the rate is that from
when all of them work.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.__main__ import database_maker
from bench.filling import measured_settings
from bench.raw import connect, is_sqlite
from bench.workers import QUEUE, WORKFLOW, working
from engine.access.actor import system_actor
from engine.platform import Platform

_TURNS = 3
_APP = {
    "app.yaml": "app: runs\nversion: 1.0.0\nlabel: Runs\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
    "objects/job.yaml": "object: job\nlabel: Job\nfields:\n  name: {type: text}\n  done: {type: boolean}\n",
    "rules/job.rules": "rule finish\n  when job is created\n  then set done = true\n",
}


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.runs", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--runs", type=int, default=1_000, help="of each turn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                _measure(kind, make, Path(name) / kind, given.runs)


def _measure(kind: str, make: Callable[[str], str], folder: Path, count: int) -> None:
    folder.mkdir()
    many = (1, 2) if kind == "postgresql" else (1,)
    rates: dict[tuple[str, int], list[float]] = {}
    for turn in range(_TURNS):
        for workers in many:
            for program, fill in (("plain", _fill_plain), ("product", _fill_product)):
                name = f"{program}_{workers}_{turn}"
                url, at = make(name), folder / name
                at.mkdir()
                fill(url, at, count * workers)
                rate = _rate(program, url, at, workers, count * workers)
                rates.setdefault((program, workers), []).append(rate)
    found = {key: statistics.median(each) for key, each in rates.items()}
    for workers in many:
        plain, product = found["plain", workers], found["product", workers]
        print(f"{kind}, {workers} worker(s): {product:.0f} runs/s, durable engine alone {plain:.0f}/s")
        print(f"  ratio {product / plain:.2f} (owed 0.60)", flush=True)
    if 2 in many:
        print(f"  two workers by one: {found['product', 2] / found['product', 1]:.2f} (owed 1.50)")


def _fill_product(url: str, folder: Path, count: int) -> None:
    app = folder / "app"
    for path, text in _APP.items():
        target = app / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    platform = Platform.open(measured_settings(url, folder))
    platform.apply_release([app], author="bench")
    with platform.records.transaction(system_actor()) as transaction:
        for number in range(count):
            transaction.create("job", {"name": f"job {number}"})
    platform.close()


def _fill_plain(url: str, folder: Path, count: int) -> None:
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    DBOS.migrate(url)
    client = DBOSClient(system_database_url=url, serializer=DBOSPortableJSONSerializer())
    options: Any = {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "app_version": "1",
        "application_name": "plain",
    }
    for number in range(count):
        options["workflow_id"] = f"run-{number}:0"
        client.enqueue(options, f"run-{number}", 0)
    client.destroy()


def _rate(program: str, url: str, folder: Path, workers: int, count: int) -> float:
    table = "workflow_status" if is_sqlite(url) else "dbos.workflow_status"
    asked = f"SELECT count(*) FROM {table} WHERE status = 'SUCCESS'"
    marks: list[tuple[float, int]] = []
    connection = connect(url)
    done = 0
    with ExitStack() as started:
        for _ in range(workers):
            started.enter_context(working(program, url, folder))
        end = time.monotonic() + 180
        while time.monotonic() < end:
            done = int(connection.execute(asked).fetchone()[0])
            marks.append((time.monotonic(), done))
            if done >= count:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{program}: {done} of {count} in three minutes")
    connection.close()
    # From the first look at which all workers are there.
    return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])


if __name__ == "__main__":
    main()
