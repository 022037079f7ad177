"""Runs that a live worker claimed and never heard of, and a worker whose database goes while it starts."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.access.actor import system_actor
from engine.automation import worker as worker_module
from engine.automation.in_hand import InHand
from engine.automation.leases import AdvisoryLease
from engine.platform import Platform
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from tests.support.automation import rows_of, runs_of, shop
from tests.support.postgres import PostgresCluster, create_database
from tests.support.worker_process import wait_until

RULES = "rule seen when deal is created then set note = 'seen'"


def _set_claims(platform: Platform, status: str, executor: str | None = None) -> None:
    """Make all segments look as they do when claimed by an executor; what it does with them is not touched."""
    schema = "" if platform.database.dialect is Dialect.SQLITE else "dbos."
    change = text(f"UPDATE {schema}workflow_status SET status = :status, executor_id = :executor, owner_xid = 'gone'")
    with platform.database.write() as connection:
        connection.execute(change, {"status": status, "executor": executor})


def _statuses(platform: Platform) -> set[str]:
    schema = "" if platform.database.dialect is Dialect.SQLITE else "dbos."
    with platform.database.read() as connection:
        return set(connection.execute(text(f"SELECT status FROM {schema}workflow_status")).scalars())


def test_a_run_that_its_living_worker_claimed_and_never_heard_of_is_done_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        for number in range(3):
            platform.records.create(system_actor(), "deal", {"name": f"deal {number}"})
        _set_claims(platform, "CANCELLED")  # nobody takes them while the worker starts
        worker = platform.automation.worker(concurrency=1)
        worker.start()
        try:
            assert worker.wait_ready(60)
            # What stays when the connection breaks between the claim's commit and its answer.
            _set_claims(platform, "PENDING", worker.executor)
            wait_until(lambda: {run["state"] for run in runs_of(platform)} == {"done"})
            wait_until(lambda: _statuses(platform) == {"SUCCESS"})
        finally:
            worker.stop()
        assert [row["note"] for row in rows_of(platform, "deal")] == ["seen"] * 3


def test_a_segment_out_of_hand_is_lost_only_at_the_second_look() -> None:
    in_hand = InHand()
    with in_hand.holding("a:0"):
        assert in_hand.lost_among(["a:0", "b:0"]) == ()
        assert in_hand.lost_among(["a:0", "b:0"]) == ("b:0",)
        assert in_hand.lost_among(["a:0", "b:0"]) == (), "it has just been put back"
    assert in_hand.lost_among(["a:0"]) == ()
    assert in_hand.lost_among([]) == (), "its end was being recorded"
    assert in_hand.lost_among(["a:0"]) == ()


def test_a_segment_held_twice_stays_in_hand_until_both_let_it_go() -> None:
    in_hand = InHand()
    with in_hand.holding("a:0"):
        with in_hand.holding("a:0"):
            pass
        assert in_hand.lost_among(["a:0"]) == ()
        assert in_hand.lost_among(["a:0"]) == ()


def test_a_worker_whose_database_goes_while_it_starts_works_once_it_is_back(
    postgres_cluster: PostgresCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = threading.Event()

    class KillingLease(AdvisoryLease):
        """A real lease; the server dies right after the first one is taken."""

        def hold(self) -> bool:
            held = super().hold()
            if held and not killed.is_set():
                postgres_cluster.kill()
                killed.set()
            return held

    def make_lease(database: Database, executor: str) -> KillingLease:
        return KillingLease(database, executor)

    monkeypatch.setattr(worker_module, "make_lease", make_lease)
    with shop(create_database(postgres_cluster.url), tmp_path, RULES) as platform:
        platform.records.create(system_actor(), "deal", {"name": "deal"})
        worker = platform.automation.worker(concurrency=1)
        worker.start()
        try:
            assert killed.wait(90)
            time.sleep(1)  # a start without a database
            postgres_cluster.start()
            platform.database.close()
            assert worker.wait_ready(60)
            wait_until(lambda: [run["state"] for run in runs_of(platform)] == ["done"])
        finally:
            worker.stop()
