"""Targets that keep failing: paused for every rule, tried again by one run, opened for all; other targets go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.automation.run_desk import NotPaused
from engine.automation.tuning import Tuning
from engine.clock import FixedClock
from engine.errors import AccessDenied
from engine.platform import Platform
from tests.support.automation import do_runs, person, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink

NOON = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
RULES = """
    rule one when deal is created then call webhook broken { name: name } mode parallel
    rule two when job is created then call webhook broken { name: subject } mode parallel
    rule three when line is created then call webhook sound { name: name } mode parallel
    """
TUNING = Tuning(failures_to_pause=4, first_break_s=300.0, longest_break_s=1_000.0, jitter=0.0, first_pause_s=20.0)


@dataclass(frozen=True, slots=True)
class Place:
    """An installation whose rules call two servers."""

    platform: Platform
    clock: FixedClock
    broken: HttpSink
    sound: HttpSink

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.clock.move_to(self.clock.now() + dt.timedelta(seconds=seconds))
        segments = self.platform.automation.segments("test", lambda: False)
        for run in runs_of(self.platform):
            due = run["due_at"] is None or run["due_at"] <= self.clock.now()
            if run["state"] in ("queued", "waiting") and due:
                segments(run["id"], run["position"]["segment"])

    def states(self, rule: str) -> list[str]:
        """Give the states of a rule's runs."""
        return [run["state"] for run in runs_of(self.platform) if run["rule"] == rule]


@contextmanager
def place(database_url: str, folder: Path) -> Iterator[Place]:
    """Open the installation; one server answers 500 at first."""
    clock = FixedClock(NOON)
    with http_sink() as broken, http_sink() as sound:
        broken.answer = lambda number: (500, {})
        files = {
            f"connections/{name}.yaml": f"connection: {name}\nkind: webhook_out\nurl: {sink.url}\n"
            for name, sink in (("broken", broken), ("sound", sound))
        }
        hosts = {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{broken.host}", "{sound.host}"]'}
        with shop(database_url, folder, RULES, files=files, environment=hosts, clock=clock, tuning=TUNING) as platform:
            yield Place(platform, clock, broken, sound)


def test_a_target_that_keeps_failing_is_paused_for_all_rules_and_tried_again_by_one_run(
    database_url: str, tmp_path: Path
) -> None:
    with place(database_url, tmp_path) as here:
        create = here.platform.records.create
        for number in range(6):
            create(system_actor(), "deal", {"name": str(number)})
        deal = create(system_actor(), "deal", {"name": "last"}).record.id
        create(system_actor(), "job", {"subject": "other rule"})
        create(system_actor(), "line", {"name": "sound", "deal": deal})
        here.pass_time(0)
        assert len(here.broken.received) == 4, "after four failures nobody calls it"
        assert here.states("three") == ["done"]
        assert len(here.sound.received) == 1
        waiting = [run for run in runs_of(here.platform) if run["held_by"] == "target webhook broken"]
        assert {run["rule"] for run in waiting} == {"one", "two"}
        assert len(waiting) == 4
        assert {run["attempt"] for run in waiting} == {0}, "it is none of their tries"
        assert {run["due_at"] - NOON for run in waiting} == {dt.timedelta(seconds=300)}
        assert "paused since it failed 4 times in a row" in waiting[0]["error"]
        (target,) = here.platform.automation.targets.all()
        assert (target.name, target.failures, target.waiting) == ("webhook broken", 4, 4)
        assert target.paused_until == NOON + dt.timedelta(seconds=300)
        # Those that had tried it are due before the pause is over, and wait for its end like the others.
        here.pass_time(100)
        assert len(here.broken.received) == 4
        # Its failure after the pause makes the next pause twice as long; one run alone tried.
        here.pass_time(201)
        assert len(here.broken.received) == 5
        (target,) = here.platform.automation.targets.all()
        assert target.paused_until == here.clock.now() + dt.timedelta(seconds=600)
        here.pass_time(400)
        assert len(here.broken.received) == 5
        # It works again: what waits goes on at once, and nothing is left to show.
        here.broken.answer = lambda number: (200, {})
        here.pass_time(201)
        here.pass_time(0)
        here.pass_time(0)
        assert set(here.states("one") + here.states("two")) == {"done"}
        assert here.platform.automation.targets.all() == []
        assert len({each.key for each in here.broken.received}) == 8


def test_a_press_ends_a_pause_and_is_an_entry_of_the_audit_log(database_url: str, tmp_path: Path) -> None:
    with place(database_url, tmp_path) as here:
        desk = here.platform.automation.desk
        boss, rep = person(here.platform, "bob", "boss"), person(here.platform, "ann", "rep")
        for number in range(6):
            here.platform.records.create(system_actor(), "deal", {"name": str(number)})
        here.pass_time(0)
        here.broken.answer = lambda number: (200, {})
        with pytest.raises(AccessDenied):
            desk.targets(rep)
        with pytest.raises(AccessDenied):
            desk.end_pause(rep, "webhook broken")
        with pytest.raises(NotPaused):
            desk.end_pause(boss, "webhook sound")
        assert [each.name for each in desk.targets(boss)] == ["webhook broken"]
        desk.end_pause(boss, "webhook broken")
        assert desk.targets(boss) == []
        here.pass_time(0)
        assert here.states("one").count("done") == 2, "those that were held went on at once"
        audit = here.platform.system.audit
        with here.platform.database.read() as connection:
            asked = select(audit.c.action, audit.c.actor_name, audit.c.changes).where(audit.c.object == "fs_target")
            assert [tuple(row) for row in connection.execute(asked)] == [
                ("pause_ended", "bob", {"target": [None, "webhook broken"]})
            ]


def test_answers_that_refuse_are_no_failures_of_the_target(sqlite_url: str, tmp_path: Path) -> None:
    with place(sqlite_url, tmp_path) as here:
        here.broken.answer = lambda number: (403, {})
        for number in range(8):
            here.platform.records.create(system_actor(), "deal", {"name": str(number)})
        do_runs(here.platform)
        assert set(here.states("one")) == {"failed"}
        assert len(here.broken.received) == 8
        assert here.platform.automation.targets.all() == []


def test_calls_under_way_when_a_target_is_paused_do_not_lengthen_the_pause(database_url: str, tmp_path: Path) -> None:
    with place(database_url, tmp_path) as here:
        targets = here.platform.automation.targets
        calls = [targets.require("x") for _ in range(7)]
        for call in calls:
            targets.failed("x", "away", call)
        (target,) = targets.all()
        assert target.failures == 7
        assert target.paused_until == NOON + dt.timedelta(seconds=300)
