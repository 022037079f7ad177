"""Measures simple runs a second beside the durable engine's own no-op rate: `python -m bench.runs`.

A run is one `set` after a record was created. The workers are at work on nothing when a queue is filled, by one
transaction; the rate is that from its commit until all is done. Told are also the processor time of the workers and
the statements that they send, their idle polls and housekeeping included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.__main__ import database_maker
from bench.filling import measured_settings
from bench.raw import connect, is_sqlite
from bench.workers import QUEUE, THREADS, WORKFLOW, working
from engine.access.actor import system_actor
from engine.platform import Platform
from engine.storage.database import Database

_TURNS = 3
# A worker of the durable engine looks once a second which queues there are.
_UNTIL_THEY_POLL_S = 2.0
_APP = {
    "app.yaml": "app: runs\nversion: 1.0.0\nlabel: Runs\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
    "objects/job.yaml": "object: job\nlabel: Job\nfields:\n  name: {type: text}\n  done: {type: boolean}\n",
    "rules/job.rules": "rule finish\n  when job is created\n  then set done = true\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn gave: runs a second, and for a run a worker's processor time and the statements it sent."""

    rate: float
    cpu_ms: float
    statements: float


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.runs", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--runs", type=int, default=1_000, help="of each turn")
    parser.add_argument("--threads", type=int, default=THREADS, help="of each worker; 1 leaves cores for a second one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                _measure(kind, make, Path(name) / kind, given)


def _measure(kind: str, make: Callable[[str], str], folder: Path, given: argparse.Namespace) -> None:
    folder.mkdir()
    count, threads = given.runs, given.threads
    many = (1, 2) if kind == "postgresql" else (1,)
    found: dict[tuple[str, int], list[Turn]] = {}
    for turn in range(_TURNS):
        for workers in many:
            for program, prepare in (("plain", _prepare_plain), ("product", _prepare_product)):
                name = f"{program}_{workers}_{turn}"
                url, at = make(name), folder / name
                at.mkdir()
                with prepare(url, at, count * workers) as fill:
                    found.setdefault((program, workers), []).append(_turn(program, url, at, workers, threads, fill))
    for workers in many:
        plain, product = found["plain", workers], found["product", workers]
        ratio = statistics.median(one.rate / other.rate for one, other in zip(product, plain, strict=True))
        print(
            f"{kind}, {workers} worker(s): {_middle(product):.0f} runs/s, durable engine alone {_middle(plain):.0f}/s"
        )
        print(f"  ratio {ratio:.2f} (owed 0.60), of the turns {_ratios(product, plain)}")
        for name, turns in (("a run", product), ("a no-op", plain)):
            cpu = statistics.median(each.cpu_ms for each in turns)
            statements = statistics.median(each.statements for each in turns)
            print(f"  {name}: {cpu:.2f} ms of a worker's processor time, {statements:.1f} statements", flush=True)
    if 2 in many:
        print(f"  two workers by one: {_middle(found['product', 2]) / _middle(found['product', 1]):.2f} (owed 1.50)")


def _middle(turns: Sequence[Turn]) -> float:
    return statistics.median(each.rate for each in turns)


def _ratios(product: Sequence[Turn], plain: Sequence[Turn]) -> str:
    return ", ".join(f"{one.rate / other.rate:.2f}" for one, other in zip(product, plain, strict=True))


@contextmanager
def _prepare_product(url: str, folder: Path, count: int) -> Iterator[Callable[[], None]]:
    app = folder / "app"
    for path, text in _APP.items():
        target = app / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    platform = Platform.open(measured_settings(url, folder))
    platform.apply_release([app], author="bench")

    def fill() -> None:
        with platform.records.transaction(system_actor()) as transaction:
            for number in range(count):
                transaction.create("job", {"name": f"job {number}"})

    yield fill
    platform.close()


@contextmanager
def _prepare_plain(url: str, folder: Path, count: int) -> Iterator[Callable[[], None]]:
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    DBOS.migrate(url)
    database = Database(url)
    client = DBOSClient(
        system_database_engine=database.engine,
        dbos_system_schema=None if is_sqlite(url) else "dbos",
        serializer=DBOSPortableJSONSerializer(),
    )
    options: Any = {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "app_version": "1",
        "application_name": "plain",
    }

    def fill() -> None:
        with database.write() as connection:
            for number in range(count):
                options["workflow_id"] = f"run-{number}:0"
                client.enqueue_in_transaction(connection, options, f"run-{number}", 0)

    yield fill
    client.destroy()
    database.close()


def _turn(program: str, url: str, folder: Path, workers: int, threads: int, fill: Callable[[], None]) -> Turn:
    """Let idle workers meet a queue that is filled at once, and measure from then until all is done."""
    schema = "" if is_sqlite(url) else "dbos."
    asked = {
        "plain": f"SELECT count(*) FROM {schema}workflow_status WHERE status = 'SUCCESS'",
        "product": "SELECT count(*) FROM fs_run WHERE state = 'done'",
    }[program]
    left = {
        "plain": f"SELECT count(*) FROM {schema}workflow_status WHERE status <> 'SUCCESS'",
        "product": "SELECT count(*) FROM fs_run WHERE state <> 'done'",
    }[program]
    connection = connect(url)
    with ExitStack() as started:
        at_work = [started.enter_context(working(program, url, folder, threads=threads)) for _ in range(workers)]
        time.sleep(_UNTIL_THEY_POLL_S)
        before = [worker.spent() for worker in at_work]
        fill()
        begun = time.monotonic()
        while int(connection.execute(left).fetchone()[0]):
            if time.monotonic() > begun + 180:
                raise RuntimeError(f"{program}: not done in three minutes")
            time.sleep(0.05)
        took = time.monotonic() - begun
        after = [worker.spent() for worker in at_work]
    count = int(connection.execute(asked).fetchone()[0])
    connection.close()
    cpu, statements = (
        sum(late[part] - early[part] for late, early in zip(after, before, strict=True)) for part in (0, 1)
    )
    return Turn(rate=count / took, cpu_ms=cpu * 1e3 / count, statements=statements / count)


if __name__ == "__main__":
    main()
