"""Held conditions, relative times and schedules over restarts and clock changes; what is pending holds no thread."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from tests.support.automation import publish_rules, shop
from tests.support.moved_clock import START, at, change, create, opened, subjects, waiting
from tests.support.worker_process import wait_until


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


POOLED = 8
"""Threads of a worker of four: its own for runs, and those that write down how runs ended."""
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
            # Pools that have not all their threads yet may grow to what an idle worker has after much work.
            most = threading.active_count() + POOLED
            rows = [
                SaveRow(values={"name": f"d{number}", "sent_at": "2099-01-01T00:00:00Z"}) for number in range(9_500)
            ]
            platform.records.save_many(system_actor(), "deal", rows)
            lines(platform, deal, "w", 480)
            lines(platform, deal, "u", 500)
            wait_until(lambda: waits(platform) == 1_000 and waiting(platform) == 500, timeout_s=240)
            assert timers(platform) + waits(platform) > 20_000
            assert threading.active_count() <= most
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
