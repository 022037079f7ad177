"""Workers, savers and PostgreSQL killed in the middle: nothing acknowledged is lost, nothing inside is done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.platform import Platform
from tests.support.automation import rows_of, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.postgres import PostgresCluster, create_database
from tests.support.worker_process import WorkerProcess, open_runs, save_deals, wait_until, worker

RULES = """
    rule flow
      when deal is created
      then create job { subject: "A {name}", deal: this }
           set count = coalesce(count, 0) + 1
           for each line in lines do set note = "never" end
           create job { subject: "B {name}", deal: this }
           call webhook sink { name: name }
           wait 1 second
           create job { subject: "C {name}", deal: this }
    """
POINTS = (
    "run.before_step_row:3",
    "run.before_commit:6",
    "run.after_commit:3",
    "run.after_outside:2",
    "run.waiting:2",
)


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as made:
        yield made


def _files(sink: HttpSink) -> dict[str, str]:
    return {"connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\n"}


def _allowing(sink: HttpSink) -> dict[str, str]:
    return {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}


def _create(platform: Platform, count: int, start: int = 0) -> list[str]:
    actor = system_actor()
    return [
        platform.records.create(actor, "deal", {"name": f"deal {number}"}).record.id
        for number in range(start, start + count)
    ]


def _all_done(platform: Platform, count: int) -> bool:
    run = platform.system.run
    with platform.database.read() as connection:
        done = connection.execute(select(func.count()).select_from(run).where(run.c.state == "done")).scalar()
    return done == count


def _check_once(platform: Platform, deals: list[str], sink: HttpSink) -> None:
    jobs = Counter((job["subject"][0], job["deal"]) for job in rows_of(platform, "job"))
    assert jobs == {(letter, deal): 1 for letter in "ABC" for deal in deals}
    assert {row["id"]: row["count"] for row in rows_of(platform, "deal")} == dict.fromkeys(deals, 1)
    keys = Counter(each.key for each in sink.received)
    runs = {run["id"]: run["record_id"] for run in runs_of(platform)}
    assert {key.split(":")[0] for key in keys} == set(runs)
    assert len(keys) == len(runs)
    # Every try of a step sends the same body under the same key.
    assert len({(each.key, each.raw) for each in sink.received}) == len(keys)


@pytest.mark.faults
@pytest.mark.promise("RUN-03")
def test_a_worker_killed_at_any_boundary_does_every_inside_effect_once(
    database_url: str, tmp_path: Path, sink: HttpSink
) -> None:
    sink.answer = lambda number: (503 if number % 4 == 3 else 200, {})
    with shop(database_url, tmp_path, RULES, files=_files(sink)) as platform:
        deals: list[str] = []
        for point in POINTS:
            deals += _create(platform, 3, len(deals))
            with worker(database_url, tmp_path, crash_at=point, environment=_allowing(sink)) as doomed:
                assert doomed.wait_dead(60), point
        with worker(database_url, tmp_path, environment=_allowing(sink)):
            wait_until(lambda: _all_done(platform, len(deals)))
        _check_once(platform, deals, sink)


@pytest.mark.faults
def test_postgresql_killed_in_the_middle_of_runs_loses_none(
    postgres_cluster: PostgresCluster, tmp_path: Path, sink: HttpSink
) -> None:
    url = create_database(postgres_cluster.url)
    with shop(url, tmp_path, RULES, files=_files(sink)) as platform:
        deals = _create(platform, 20)
        with worker(url, tmp_path, environment=_allowing(sink)):
            wait_until(lambda: len(sink.received) > 3)
            postgres_cluster.kill()
            postgres_cluster.start()
            platform.database.close()
            wait_until(lambda: _all_done(platform, len(deals)))
        _check_once(platform, deals, sink)


@pytest.mark.faults
def test_random_kills_over_many_runs(sqlite_url: str, tmp_path: Path, sink: HttpSink) -> None:
    with shop(sqlite_url, tmp_path, RULES, files=_files(sink)) as platform:
        deals = _create(platform, 100)
        for _ in range(6):
            with worker(sqlite_url, tmp_path, environment=_allowing(sink)) as doomed:
                time.sleep(random.uniform(0.5, 3.0))
                doomed.kill()
        with worker(sqlite_url, tmp_path, environment=_allowing(sink)):
            wait_until(lambda: _all_done(platform, len(deals)), timeout_s=240)
        _check_once(platform, deals, sink)


@pytest.mark.faults
@pytest.mark.parametrize("count", [1, 3])
def test_random_kills_of_workers_of_who_saves_and_of_postgresql(
    postgres_cluster: PostgresCluster, tmp_path: Path, sink: HttpSink, count: int
) -> None:
    url = create_database(postgres_cluster.url)
    with shop(url, tmp_path, RULES, files=_files(sink)) as platform, ExitStack() as stack:

        def start() -> WorkerProcess:
            return stack.enter_context(worker(url, tmp_path, environment=_allowing(sink)))

        workers, acknowledged = [start() for _ in range(count)], []
        for turn in range(4):
            point = random.choice(("save.matched", "save.before_commit", "save.committed"))
            acknowledged += save_deals(url, tmp_path, 20, crash_at=f"{point}:{random.randint(1, 20)}")
            time.sleep(random.uniform(0.0, 1.0))
            if turn % 2:
                postgres_cluster.kill()
                postgres_cluster.start()
                platform.database.close()
            else:
                victim = random.randrange(count)
                workers[victim].kill()
                workers[victim] = start()
        wait_until(lambda: open_runs(platform) == 0, timeout_s=240)
        deals = [str(row["id"]) for row in rows_of(platform, "deal")]
        assert set(acknowledged) <= set(deals)
        _check_once(platform, deals, sink)
