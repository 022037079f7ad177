"""Runs that wait: over kills and releases, met as their time runs out, told by saves however late these commit."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import faults
from engine.access.actor import system_actor
from engine.automation.service import Automation
from engine.clock import FixedClock
from engine.platform import Platform
from tests.support.automation import do_runs, person, publish_rules, rows_of, runs_of, shop
from tests.support.moved_clock import START, at, change, create, opened, subjects, waiting
from tests.support.worker_process import wait_until, worker

FLOW = """
    rule flow
      when deal is created
      then create job { subject: "first {name}", deal: this } as one
           wait 1 second
           update one { subject: "second {name}" }
           wait until stage = "won" at most count * 1 second
             on timeout
               update one { subject: "late {name}" }
               if note = "stop" then stop end
             end
           create job { subject: "after {one.subject}", deal: this }
    """


@pytest.mark.faults
@pytest.mark.promise("RUL-15")
def test_waits_go_on_after_kills_with_their_names_and_time_out_once(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, FLOW) as platform:
        won = [create(platform, f"won {number}", count=86_400) for number in range(6)]
        late = [create(platform, f"late {number}", count=3, note="stop" if number % 2 else "") for number in range(6)]
        for point in ("run.waiting:4", "run.before_commit:9", "run.after_commit:5", "run.waiting:9"):
            with worker(database_url, tmp_path, crash_at=point) as doomed:
                assert doomed.wait_dead(60), point
        with worker(database_url, tmp_path) as living:
            wait_until(lambda: waiting(platform) == 6)
            living.kill()
        for deal in won:
            change(platform, deal, note="seen", stage="won")
        with worker(database_url, tmp_path):
            wait_until(lambda: Counter(run["state"] for run in runs_of(platform)) == {"done": 12})
        jobs = Counter((job["deal"], job["subject"]) for job in rows_of(platform, "job"))
    wanted: Counter[tuple[str, str]] = Counter()
    for number, deal in enumerate(won):
        wanted += Counter([(deal, f"second won {number}"), (deal, f"after second won {number}")])
    for number, deal in enumerate(late):
        wanted += Counter([(deal, f"late late {number}")])
        wanted += Counter([] if number % 2 else [(deal, f"after late late {number}")])
    assert jobs == wanted


def test_runs_of_an_earlier_release_are_told_of_saves_as_before(database_url: str, tmp_path: Path) -> None:
    rules = "rule r when line is created then wait until deal.stage = 'won' create job { subject: name }"
    clock = FixedClock(START)
    with shop(database_url, tmp_path, rules, clock=clock) as platform:
        deal = create(platform, "A")
        platform.records.create(system_actor(), "line", {"name": "L", "deal": deal})
        publish_rules(platform, tmp_path, "rule other when job is created then log 'x'")
        at(platform, clock, "2026-11-21T05:00")
        publish_rules(platform, tmp_path, "rule third when job is created then log 'y'")
    with opened(database_url, tmp_path, clock) as platform:
        at(platform, clock, "2026-11-21T06:00")
        change(platform, deal, stage="won")
        at(platform, clock, "2026-11-21T07:00")
        assert subjects(platform) == ["L"]
        publish_rules(platform, tmp_path, "rule fourth when job is created then log 'z'")
        platform.automation.keeper().tick()
        with platform.database.read() as connection:
            assert connection.execute(select(platform.system.awaited)).all() == []


def test_a_save_notes_something_only_where_a_rule_waits_for_its_object(database_url: str, tmp_path: Path) -> None:
    rules = "rule r when line is created then wait until deal.stage = 'won' create job { subject: name }"
    with shop(database_url, tmp_path, rules) as platform:
        deal = create(platform, "A")
        create_job = {"subject": "x", "deal": deal}
        with platform.database.statements.recording() as statements:
            platform.records.create(system_actor(), "job", create_job)
        assert not any("fs_touched" in each or "fs_wait" in each for each in statements)
        with platform.database.statements.recording() as statements:
            change(platform, deal, note="x")
        assert sum("fs_touched" in each for each in statements) == 1
        assert not any("fs_wait" in each for each in statements)


def test_a_condition_met_just_as_its_time_runs_out_is_decided_once(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal is created
          then wait until stage = "won" at most 1 day on timeout create job { subject: "late" } stop end
               create job { subject: "met" }
        """
    clock = FixedClock(START)
    with shop(database_url, tmp_path, rules, clock=clock) as platform:
        deals = [create(platform, f"d{number}") for number in range(8)]
        do_runs(platform)
        clock.move_to(START + dt.timedelta(days=1))
        barrier = threading.Barrier(3)

        def keep() -> None:
            barrier.wait()
            for _ in range(6):
                platform.automation.keeper().tick()

        keepers = [threading.Thread(target=keep) for _ in range(2)]
        for each in keepers:
            each.start()
        barrier.wait()
        for deal in deals:
            change(platform, deal, stage="won")
        for each in keepers:
            each.join()
        for name in ("one", "two"):
            look_together(platform.automation, platform, name)
        platform.automation.keeper().tick()
        do_runs(platform)
        assert len(subjects(platform)) == 8
        assert {run["state"] for run in runs_of(platform)} == {"done"}


def look_together(automation: Automation, platform: Platform, name: str) -> None:
    """Let two workers take the same pieces of runs."""
    pieces = [(run["id"], run["position"]["segment"]) for run in runs_of(platform) if run["state"] == "queued"]
    workers = [automation.segments(f"{name} {number}", lambda: False) for number in range(2)]
    for piece in pieces:
        threads = [threading.Thread(target=each, args=piece) for each in workers]
        for each in threads:
            each.start()
        for each in threads:
            each.join()


def test_a_save_that_commits_after_the_run_began_to_wait_is_not_missed(postgres_url: str, tmp_path: Path) -> None:
    rules = "rule r when deal is created then wait until exists(jobs where done) set note = 'seen'"
    with shop(postgres_url, tmp_path, rules, clock=FixedClock(START)) as platform:
        deal = create(platform, "A")
        with platform.records.transaction(system_actor()) as slow:
            slow.create("job", {"subject": "x", "deal": deal, "done": True})
            slow.connection  # noqa: B018  # sends what it writes, its note too: before the run's keys are there
            do_runs(platform)
            assert waiting(platform) == 1
        platform.automation.keeper().tick()
        do_runs(platform)
        assert [row["note"] for row in rows_of(platform, "deal")] == ["seen"]


def test_a_save_between_the_look_and_its_commit_is_not_missed(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "rule r when deal is created then wait until stage = 'won' set note = 'seen'"
    with shop(postgres_url, tmp_path, rules, clock=FixedClock(START)) as platform:
        deal = create(platform, "A")
        platform.automation.keeper().tick()

        def save_meanwhile(point: str) -> None:
            if point == "run.before_commit":
                monkeypatch.undo()
                change(platform, deal, stage="won")
                # Nobody is found to wait, since what the look writes is not committed.
                platform.automation.keeper().tick()

        monkeypatch.setattr(faults, "reach", save_meanwhile)
        do_runs(platform)
        assert [row["note"] for row in rows_of(platform, "deal")] == ["seen"]


def test_a_person_without_rights_waits_with_the_rules_eyes(database_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal is created then wait until secret = "x" create job { subject: "seen {secret}" }'
    with shop(database_url, tmp_path, rules, clock=FixedClock(START)) as platform:
        rep = person(platform, "ann", "rep")
        deal = platform.records.create(rep, "deal", {"name": "A"}).record.id
        do_runs(platform)
        change(platform, deal, secret="x")
        platform.automation.keeper().tick()
        do_runs(platform)
        # Conditions see the whole record; what the rule writes is what its user may read.
        assert subjects(platform) == ["seen "]
