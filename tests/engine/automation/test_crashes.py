"""Workers, savers and PostgreSQL killed in the middle: nothing acknowledged is lost, nothing inside is done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.platform import Platform
from tests.support.automation import rows_of, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.postgres import PostgresCluster, create_database
from tests.support.worker_process import save_deals, wait_until, worker

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


@pytest.mark.promise("RUN-03")
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
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


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("point", ["save.matched:4"])
def test_a_save_and_its_runs_are_there_together_or_not_at_all(database_url: str, tmp_path: Path, point: str) -> None:
    with shop(database_url, tmp_path, "rule seen when deal is created then set note = 'seen'") as platform:
        acknowledged = save_deals(database_url, tmp_path, 10, crash_at=point)
        assert len(acknowledged) == 3
        assert {row["id"] for row in rows_of(platform, "deal")} == set(acknowledged)
        assert {run["record_id"] for run in runs_of(platform)} == set(acknowledged)
        with worker(database_url, tmp_path):
            wait_until(lambda: _all_done(platform, 3))
        assert [row["note"] for row in rows_of(platform, "deal")] == ["seen"] * 3


def test_the_runs_of_a_killed_worker_are_taken_over_by_the_other(
    postgres_url: str, tmp_path: Path, sink: HttpSink
) -> None:
    def slowly(number: int) -> tuple[int, dict[str, str]]:
        time.sleep(0.3)
        return 200, {}

    sink.answer = slowly
    with shop(postgres_url, tmp_path, RULES, files=_files(sink)) as platform:
        with (
            worker(postgres_url, tmp_path, environment=_allowing(sink)) as first,
            worker(postgres_url, tmp_path, environment=_allowing(sink)),
        ):
            deals = _create(platform, 90)
            wait_until(lambda: len({run["executor"] for run in runs_of(platform)} - {None}) == 2)
            first.kill()
            wait_until(lambda: _all_done(platform, len(deals)))
        _check_once(platform, deals, sink)


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
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_random_kills_over_many_runs(database_url: str, tmp_path: Path, sink: HttpSink) -> None:
    with shop(database_url, tmp_path, RULES, files=_files(sink)) as platform:
        deals = _create(platform, 200)
        for _ in range(8):
            with worker(database_url, tmp_path, environment=_allowing(sink)) as doomed:
                time.sleep(random.uniform(0.5, 3.0))
                doomed.kill()
        with worker(database_url, tmp_path, environment=_allowing(sink)):
            wait_until(lambda: _all_done(platform, len(deals)), timeout_s=240)
        _check_once(platform, deals, sink)
