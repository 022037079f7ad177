"""Waits, held conditions, relative times and schedules over restarts: nothing fires twice, nothing is forgotten."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.automation.service import Automation
from engine.clock import FixedClock
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from plugins.manager import PluginManager
from tests.support.automation import FAST, do_runs, person, publish_rules, rows_of, runs_of, shop
from tests.support.platforms import settings_for
from tests.support.worker_process import wait_until, worker

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
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


@contextmanager
def opened(url: str, folder: Path, clock: FixedClock) -> Iterator[Platform]:
    """Open an installation again, as a process that is started anew does."""
    settings = settings_for(url, folder)
    platform = Platform.open(settings, plugins=PluginManager.load(environment={}), clock=clock, tuning=FAST)
    try:
        yield platform
    finally:
        platform.close()


def at(platform: Platform, clock: FixedClock, moment: str) -> None:
    """Let it be a moment, and do what is due then."""
    clock.move_to(dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC))
    platform.automation.keeper().tick()
    do_runs(platform)
    platform.automation.keeper().tick()
    do_runs(platform)


def subjects(platform: Platform) -> list[str]:
    """Give what jobs were made."""
    return sorted(job["subject"] for job in rows_of(platform, "job"))


def create(platform: Platform, name: str, **values: object) -> str:
    """Make a deal."""
    return platform.records.create(system_actor(), "deal", {"name": name, **values}).record.id


def change(platform: Platform, deal: str, **values: object) -> None:
    """Change a deal."""
    platform.records.update(system_actor(), "deal", deal, values)


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


def waiting(platform: Platform) -> int:
    """Give how many runs wait for a condition, and for nothing else."""
    run = platform.system.run
    with platform.database.read() as connection:
        return int(
            connection.execute(select(func.count()).select_from(run).where(run.c.held_by == "condition")).scalar() or 0
        )


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


@pytest.mark.promise("RUL-05")
def test_held_conditions_and_relative_times_survive_restarts_and_read_their_if_when_firing(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule held when deal has matched stage = "open" and amount > 5 for 3 days
          if note = "go" then create job { subject: "held {name}" }
        rule silent when 7 days after deal.sent_on if note = "go" then create job { subject: "silent {name}" }
        rule nine when 7 days after deal.sent_at at 09:00 then create job { subject: "nine {name}" }
        """
    clock = FixedClock(START)
    with shop(database_url, tmp_path, "", clock=clock) as platform:
        old = create(platform, "old", sent_on="2026-11-01", sent_at="2026-11-10T08:00:00Z", amount="6", note="go")
        publish_rules(platform, tmp_path, rules)
        at(platform, clock, "2026-11-21T04:00")
        # A date is due at 00:00 of Shanghai, 16:00 the day before; a moment at 09:00 there, 01:00.
        steady = create(platform, "steady", sent_on="2026-11-21", sent_at="2026-11-21T08:00:00Z", amount="6")
        stopped = create(platform, "stopped", amount="6", note="go")
        moved = create(platform, "moved", sent_on="2026-11-21", note="go", sent_at="2026-11-21T08:00:00Z")
        emptied = create(platform, "emptied", sent_on="2026-11-21", note="go")
        imported = [SaveRow(values={"name": "imported", "sent_on": "2026-11-10", "sent_at": "2026-11-13T08:00:00Z"})]
        platform.records.save_many(system_actor(), "deal", imported)
        unmet = create(platform, "unmet", sent_on="2026-11-21", amount="6", note="go")
    with opened(database_url, tmp_path, clock) as platform:
        at(platform, clock, "2026-11-23T04:00")
        change(platform, steady, note="go")
        change(platform, unmet, note="stay")
        change(platform, stopped, stage="won")
        change(platform, stopped, stage="open")
        change(platform, moved, sent_on="2026-11-25", sent_at="2026-11-22T08:00:00Z")
        change(platform, emptied, sent_on=None)
        at(platform, clock, "2026-11-24T03:59")
        assert subjects(platform) == []
    with opened(database_url, tmp_path, clock) as platform:
        at(platform, clock, "2026-11-24T04:00")
        assert subjects(platform) == ["held old", "held steady"]
        at(platform, clock, "2026-11-26T04:00")
        assert subjects(platform) == ["held old", "held steady", "held stopped"]
        at(platform, clock, "2026-11-27T15:59")
        assert subjects(platform)[3:] == []
    with opened(database_url, tmp_path, clock) as platform:
        at(platform, clock, "2026-11-27T16:00")
        assert subjects(platform)[3:] == ["silent steady"]
        at(platform, clock, "2026-11-28T01:00")
        assert [each for each in subjects(platform) if "nine" in each] == ["nine steady"]
        at(platform, clock, "2027-03-01T00:00")
        change(platform, steady, note="still", amount="7", sent_on="2026-11-21")
        at(platform, clock, "2027-05-01T00:00")
        assert subjects(platform) == [
            "held old", "held steady", "held stopped", "nine moved", "nine steady", "silent moved", "silent steady",
        ]  # fmt: skip
    assert old


SCHEDULES = """
    rule gap every day at 02:30 in "America/New_York" then create job { subject: "gap" }
    rule skip every day at 12:00 then create job { subject: "skip" } missed skip
    rule once every day at 12:00 then create job { subject: "once" }
    rule all every day at 12:00 then create job { subject: "all" } missed all
    rule overlap every day at 01:30 in "America/New_York" then create job { subject: "overlap" }
    """


@pytest.mark.promise("RUN-13")
def test_schedules_over_clock_changes_outages_and_clocks_set_back(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(dt.datetime(2026, 10, 31, 16, 0, tzinfo=dt.UTC))
    with shop(database_url, tmp_path, SCHEDULES, clock=clock) as platform:

        def since(subject: str, moment: str) -> int:
            before = Counter(subjects(platform))[subject]
            at(platform, clock, moment)
            return Counter(subjects(platform))[subject] - before

        at(platform, clock, "2026-10-31T16:00")
        # 1 November: 01:30 comes at 05:30 and, once clocks have gone back, again at 06:30.
        assert since("overlap", "2026-11-01T05:29") == 0
        assert since("overlap", "2026-11-01T05:30") == 1
        assert since("overlap", "2026-11-01T06:30") == 0
        assert since("overlap", "2026-11-01T23:00") == 0
        at(platform, clock, "2027-03-13T23:00")
        # 14 March: there is no 02:30; clocks go forward at 07:00.
        assert since("gap", "2027-03-14T06:59") == 0
        assert since("gap", "2027-03-14T07:00") == 1
        assert since("gap", "2027-03-15T06:29") == 0
        assert since("gap", "2027-03-15T06:30") == 1
        # Noon of Shanghai is 04:00. Nobody worked for four days.
        at(platform, clock, "2027-04-01T04:00")
        before = Counter(subjects(platform))
        at(platform, clock, "2027-04-05T05:00")
        caught_up = Counter(subjects(platform)) - before
        assert (caught_up["skip"], caught_up["once"], caught_up["all"]) == (0, 1, 4)
        for moment in ("2027-04-06T04:00", "2027-04-05T03:00", "2027-04-05T04:30", "2027-04-06T04:00"):
            at(platform, clock, moment)
        once = Counter(subjects(platform)) - before - caught_up
        assert (once["skip"], once["once"], once["all"]) == (1, 1, 1)


PENDING = """
    rule moment when 3 days after deal.sent_at then log "x"
    rule held when deal has matched stage = "open" for 3 days then log "x"
    rule pause when line is created if name starts with "w" then wait 3 days
    rule until when line is created if name starts with "u" then wait until state = "ok" at most 3 days
    """


@pytest.mark.faults
@pytest.mark.promise("RUN-12")
def test_an_idle_worker_has_as_many_threads_with_20_000_pending(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, PENDING) as platform:
        working = platform.automation.worker(concurrency=4)
        working.start()
        try:
            deal = create(platform, "first")
            lines(platform, deal, "w", 20)
            wait_until(lambda: waits(platform) == 20, timeout_s=240)
            idle = threading.active_count()
            rows = [
                SaveRow(values={"name": f"d{number}", "sent_at": "2099-01-01T00:00:00Z"}) for number in range(9_500)
            ]
            platform.records.save_many(system_actor(), "deal", rows)
            lines(platform, deal, "w", 480)
            lines(platform, deal, "u", 500)
            wait_until(lambda: waits(platform) == 1_000 and waiting(platform) == 500, timeout_s=240)
            assert timers(platform) + waits(platform) > 20_000
            assert threading.active_count() <= idle
        finally:
            working.stop()


def lines(platform: Platform, deal: str, kind: str, count: int) -> None:
    """Make lines that start runs."""
    rows = [SaveRow(values={"name": f"{kind}{number}", "deal": deal}) for number in range(count)]
    platform.records.save_many(system_actor(), "line", rows)


def waits(platform: Platform) -> int:
    """Give how many runs wait."""
    run = platform.system.run
    with platform.database.read() as connection:
        found = select(func.count()).select_from(run).where(run.c.state == "waiting")
        return int(connection.execute(found).scalar() or 0)


def timers(platform: Platform) -> int:
    """Give how many times of records are pending."""
    timer = platform.system.timer
    with platform.database.read() as connection:
        found = select(func.count()).select_from(timer).where(timer.c.state == "pending")
        return int(connection.execute(found).scalar() or 0)


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
