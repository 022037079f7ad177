"""What follows a failure: tries with growing pauses, `on failure`, the failed list, and what a person does there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.automation.ledger import Ledger
from engine.automation.run_state import RunState
from engine.automation.run_views import RunFilter
from engine.automation.tuning import Tuning
from engine.clock import FixedClock
from engine.errors import AccessDenied
from engine.platform import Platform
from tests.support.automation import FAST, do_runs, person, rows_of, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.worker_process import wait_until, worker

NOON = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
LONG = "x" * 60


def hook(sink: HttpSink) -> dict[str, str]:
    """Give the files of an app with a webhook."""
    return {"connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\n"}


def reach(sink: HttpSink) -> dict[str, str]:
    """Give the operator's setting that lets rules call a sink on loopback."""
    return {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}


def step_by_step(platform: Platform, clock: FixedClock) -> list[float]:
    """Do a run until it is over, as time passes; give the pauses between its tries in seconds."""
    pauses: list[float] = []
    while True:
        do_runs(platform, waits_too=False)
        run = runs_of(platform)[0]
        if run["state"] != "waiting":
            return pauses
        pauses.append((run["due_at"] - clock.now()).total_seconds())
        clock.move_to(run["due_at"])
        platform.automation.segments("test", lambda: False)(run["id"], run["position"]["segment"])
        # `do_runs` leaves runs alone that wait; the queue has brought this one.


@pytest.mark.promise("RUN-04")
def test_tries_have_growing_pauses_then_on_failure_runs_and_the_run_waits_for_a_person_who_retries_or_dismisses(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule r when deal.count changes if count = 1
          then create job { subject: "once" }
               call webhook sink { name: name }
               set note = "sent"
          retry 4 times
          on failure
            notify owner "{name}: {error.message} ({error.tries} tries of {error.step})"
            set note = "failed"
        """
    clock = FixedClock(NOON)
    tuning = Tuning(failures_to_pause=1_000)
    with http_sink() as sink:
        sink.answer = lambda number: (429, {"Retry-After": "100"}) if number == 1 else (503, {})
        with shop(
            database_url, tmp_path, rules, files=hook(sink), environment=reach(sink), clock=clock, tuning=tuning
        ) as platform:
            boss, rep = person(platform, "bob", "boss"), person(platform, "ann", "rep")
            platform.records.create(boss, "deal", {"name": "A", "count": 1})
            pauses = step_by_step(platform, clock)
            assert len(pauses) == 4
            assert 10 <= pauses[0] <= 12
            assert 100 <= pauses[1] <= 101, "as long as the other side asked for"
            assert 40 <= pauses[2] <= 48
            assert 80 <= pauses[3] <= 96
            assert len({round(pause / base, 6) for pause, base in zip(pauses, (10, 100, 40, 80), strict=True)}) > 1
            (run,) = runs_of(platform)
            assert (run["state"], run["outcome"], len(sink.received)) == ("failed", "failed", 5)
            assert "answered 503" in run["error"]
            assert rows_of(platform, "deal")[0]["note"] == "failed"
            assert _told(platform) == [f"A: {run['error']} (5 tries of actions/1)"]
            listed = platform.automation.runs.list(boss, RunFilter(state=RunState.FAILED)).rows
            assert [(each.id, each.reason) for each in listed] == [(run["id"], run["error"])]
            steps = platform.automation.runs.get(boss, run["id"]).steps
            assert [step.path for step in steps if step.path.startswith("failure")] == ["failure/1/0", "failure/1/1"]
            # A second failure is another one: what is done on failure is done again, what was done before is not.
            platform.automation.runs.retry(boss, run["id"])
            step_by_step(platform, clock)
            assert runs_of(platform)[0]["state"] == "failed"
            assert len(_told(platform)) == 2
            sink.answer = lambda number: (200, {})
            with pytest.raises(AccessDenied):
                platform.automation.runs.retry_many(rep, [run["id"]])
            assert platform.automation.runs.retry_many(boss, [run["id"], run["id"]]) == 1
            do_runs(platform)
            assert runs_of(platform)[0]["state"] == "done"
            assert rows_of(platform, "deal")[0]["note"] == "sent"
            assert len(rows_of(platform, "job")) == 1
            assert len({each.key for each in sink.received}) == 1


def _told(platform: Platform) -> Sequence[str]:
    table = platform.system.notification
    with platform.database.read() as connection:
        return list(connection.execute(select(table.c.text).order_by(table.c.at)).scalars())


def test_many_failed_runs_are_retried_or_put_aside_at_once(database_url: str, tmp_path: Path) -> None:
    rules = f"""
        rule a when deal is created then set note = "{LONG}"
        rule b when deal is created then set note = "{LONG}"
        """
    tuning = replace(FAST, failures_to_switch_off=1_000)
    with shop(database_url, tmp_path, rules, tuning=tuning) as platform:
        boss, rep, runs = person(platform, "bob", "boss"), person(platform, "ann", "rep"), platform.automation.runs
        for number in range(6):
            platform.records.create(boss, "deal", {"name": str(number)})
        do_runs(platform)
        assert runs.dismiss_many(boss, RunFilter(rule="a")) == 6
        failed = [run["id"] for run in runs_of(platform) if run["state"] == "failed"]
        assert runs.retry_many(boss, [*failed[:2], "no id", runs_of(platform)[0]["id"]]) == 2
        states = [run["state"] for run in runs_of(platform)]
        assert sorted(states) == ["dismissed"] * 6 + ["failed"] * 4 + ["queued"] * 2
        do_runs(platform)
        assert runs.retry_many(boss, RunFilter()) == 6
        do_runs(platform)
        assert runs.dismiss_many(boss, RunFilter(object="job")) == 0
        for act in (runs.retry_many, runs.dismiss_many):
            with pytest.raises(AccessDenied):
                act(rep, RunFilter())


@pytest.mark.faults
@pytest.mark.parametrize("crash_at", ["run.before_commit", "run.after_commit"])
def test_what_is_done_on_failure_is_done_once_though_workers_die(
    crash_at: str, database_url: str, tmp_path: Path
) -> None:
    rules = f"""
        rule r when deal is created then create job {{ subject: "first" }} set note = "{LONG}"
          on failure create job {{ subject: "one" }} create job {{ subject: "two" }}
        """
    with shop(database_url, tmp_path, rules) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        for _ in range(2):
            with worker(database_url, tmp_path, crash_at=crash_at) as dying:
                assert dying.wait_dead(60)
        with worker(database_url, tmp_path):
            wait_until(lambda: runs_of(platform)[0]["state"] == "failed")
        assert sorted(row["subject"] for row in rows_of(platform, "job")) == ["first", "one", "two"]


def test_on_failure_follows_a_run_whose_worker_died_again_and_again(sqlite_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal is created then set note = "x" on failure create job { subject: error.message }'
    with shop(sqlite_url, tmp_path, rules, tuning=replace(FAST, crashes=2)) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        run_id, ledger = runs_of(platform)[0]["id"], Ledger(platform.system)
        for number in range(2):
            with platform.database.write() as connection:
                ledger.take(connection, run_id, 0, executor=f"dead {number}", now=platform.clock.now())
        do_runs(platform)
        assert runs_of(platform)[0]["error"] == "The worker died 2 times at this step."
        assert [row["subject"] for row in rows_of(platform, "job")] == ["The worker died 2 times at this step."]


@pytest.mark.promise("RUN-05")
def test_ten_failures_in_a_row_switch_a_rule_off_for_good_until_somebody_presses(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, f'rule bad when deal is created then set note = "{LONG}"') as platform:
        boss, rep, desk = person(platform, "bob", "boss"), person(platform, "ann", "rep"), platform.automation.desk
        for number in range(9):
            platform.records.create(rep, "deal", {"name": str(number)})
            do_runs(platform)
        assert desk.rules_off(boss) == []
        platform.records.create(rep, "deal", {"name": "ten"})
        do_runs(platform)
        (off,) = desk.rules_off(boss)
        assert (off.rule, off.failures, off.reason) == ("bad", 10, runs_of(platform)[9]["error"])
        assert off.reason is not None
        (told,) = _told(platform)
        assert off.reason in told
        platform.records.create(rep, "deal", {"name": "eleven"})
        assert len(runs_of(platform)) == 10
        with pytest.raises(AccessDenied):
            desk.switch_on(rep, "bad")
        desk.switch_on(boss, "bad")
        platform.records.create(rep, "deal", {"name": "twelve"})
        assert len(runs_of(platform)) == 11
        entries = _audited(platform)
        assert [(action, who) for action, who, _ in entries] == [
            ("switched_off", "automation"),
            ("switched_on", "bob"),
        ]
        assert all(changes["rule"] == [None, "bad"] for _, _, changes in entries)


def _audited(platform: Platform) -> list[tuple[str, str, dict[str, list[object]]]]:
    audit = platform.system.audit
    asked = select(audit.c.action, audit.c.actor_name, audit.c.changes).where(audit.c.object == "fs_rule")
    with platform.database.read() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(asked.order_by(audit.c.id))]
