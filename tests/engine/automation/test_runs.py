"""Runs without a worker: what rules do, once, for whom, and what stops them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.automation.ledger import Ledger
from engine.automation.run_log import RunNotOpen
from engine.automation.run_state import LeaseLost, RunState
from engine.clock import FixedClock
from engine.errors import AccessDenied
from tests.support.automation import FAST, do_runs, person, publish_rules, rows_of, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.worker_process import wait_until


def hook(url: str, secret: str | None = None) -> dict[str, str]:
    """Give the files of an app with a webhook."""
    more = f"secret: {secret}\n" if secret else ""
    return {"connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {url}\n{more}"}


def reach(sink: HttpSink) -> dict[str, str]:
    """Give the operator's setting that lets rules call a sink on loopback."""
    return {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}


def test_a_matching_save_does_its_actions_in_order(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule big "Big deals"
          when deal is created or deal.stage changes to "proposal"
          if amount >= app.limit
          then set note = "to review", count = 1
               create job { subject: "Review {name}", assignee: owner, deal: this } as review
               notify owner "{name} needs a review."
        """
    with shop(database_url, tmp_path, rules) as platform:
        ann = person(platform, "ann", "rep")
        deal = platform.records.create(ann, "deal", {"name": "Pumps", "amount": "2000"}).record
        platform.records.create(ann, "deal", {"name": "Nut", "amount": "2"})
        do_runs(platform)
        (job,) = rows_of(platform, "job")
        assert (job["subject"], job["deal"], job["assignee"]) == ("Review Pumps", deal.id, ann.user_id)
        after = platform.records.get(ann, "deal", deal.id)
        assert (after["note"], after["count"], after.version) == ("to review", 1, 2)
        (run,) = runs_of(platform)
        assert (run["state"], run["outcome"], run["actions"]) == ("done", "done", 3)
        trace = platform.automation.runs.get(system_actor(), run["id"])
        assert [step.kind for step in trace.steps] == ["set", "create", "notify"]
        assert trace.condition is not None
        assert trace.condition.text == "amount >= app.limit"


def test_a_webhook_is_tried_again_with_the_same_key_and_body_and_waits_as_long_as_asked(
    sqlite_url: str, tmp_path: Path
) -> None:
    rules = """
        rule r when deal is created
          then call webhook sink { at: text(count) } as answer
               set note = text(answer.status)
        """
    with http_sink() as sink:
        sink.answer = lambda number: ((429, {"Retry-After": "7"}), (500, {}), (200, {}))[min(number, 2)]
        with shop(sqlite_url, tmp_path, rules, files=hook(sink.url), environment=reach(sink)) as platform:
            platform.records.create(system_actor(), "deal", {"name": "A", "count": 1})
            do_runs(platform, waits_too=False)
            (run,) = runs_of(platform)
            assert run["state"] == "waiting"
            assert run["due_at"] - platform.clock.now() > dt.timedelta(seconds=5)
            do_runs(platform)
            (run,) = runs_of(platform)
            assert run["state"] == "done"
            assert rows_of(platform, "deal")[0]["note"] == "200"
            assert {(each.key, each.raw) for each in sink.received} == {(f"{run['id']}:actions/0", b'{"at":"1"}')}
            assert len(sink.received) == 3


def test_a_failed_run_goes_on_at_the_step_that_failed_when_retried(sqlite_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal is created
          then create job { subject: "once" }
               call webhook sink { name: name }
               set note = "x"
        """
    with http_sink() as sink:
        sink.answer = lambda number: (500 if number < 6 else 200, {})
        with shop(sqlite_url, tmp_path, rules, files=hook(sink.url), environment=reach(sink)) as platform:
            boss = person(platform, "bob", "boss")
            platform.records.create(boss, "deal", {"name": "A"})
            do_runs(platform)
            (run,) = runs_of(platform)
            assert (run["state"], len(sink.received)) == ("failed", 6)
            assert "answered 500" in run["error"]
            trace = platform.automation.runs.get(boss, run["id"])
            assert trace.may_retry
            assert [step.outcome for step in trace.steps].count("failed") == 6
            platform.automation.runs.retry(boss, run["id"])
            do_runs(platform)
            assert runs_of(platform)[0]["state"] == "done"
            assert len(rows_of(platform, "job")) == 1
            assert len({(each.key, each.raw) for each in sink.received}) == 1
            with pytest.raises(RunNotOpen):
                platform.automation.runs.retry(boss, run["id"])


def test_an_answer_that_stays_wrong_parks_at_once_and_can_be_dismissed(sqlite_url: str, tmp_path: Path) -> None:
    rules = "rule r when deal is created then call webhook sink { name: name }"
    with http_sink() as sink:
        sink.answer = lambda number: (410, {})
        with shop(sqlite_url, tmp_path, rules, files=hook(sink.url), environment=reach(sink)) as platform:
            boss, rep = person(platform, "bob", "boss"), person(platform, "ann", "rep")
            platform.records.create(boss, "deal", {"name": "A"})
            do_runs(platform)
            (run,) = runs_of(platform)
            assert (run["state"], len(sink.received)) == ("failed", 1)
            with pytest.raises(AccessDenied):
                platform.automation.runs.dismiss(rep, run["id"])
            assert platform.automation.runs.dismiss(boss, run["id"]).state is RunState.DISMISSED


def test_a_webhook_into_the_own_network_is_refused_unless_the_operator_allows_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    rules = "rule r when deal is created then call webhook sink { name: name }"
    with http_sink() as sink, shop(sqlite_url, tmp_path, rules, files=hook(sink.url)) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        do_runs(platform)
        assert runs_of(platform)[0]["state"] == "failed"
        assert sink.received == []


def test_ten_failures_in_a_row_switch_a_rule_off_and_tell_who_looks_after_it(database_url: str, tmp_path: Path) -> None:
    rules = 'rule bad when deal is created then set note = "1234567890123456789012345678901234567890123456789012345"'
    with shop(database_url, tmp_path, rules) as platform:
        boss = person(platform, "bob", "boss")
        for number in range(12):
            platform.records.create(boss, "deal", {"name": str(number)})
            do_runs(platform)
        assert len(runs_of(platform)) == 10
        notification = platform.system.notification
        with platform.database.read() as connection:
            told = connection.execute(select(notification.c.user_id, notification.c.text)).all()
        assert [row[0] for row in told] == [boss.user_id]
        assert "10 times in a row" in told[0][1]
        platform.automation.desk.switch_on(boss, "bad")
        platform.records.create(boss, "deal", {"name": "again"})
        assert len(runs_of(platform)) == 11


def test_what_a_worker_commits_after_another_took_the_run_is_refused(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created then set note = "x"') as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        ledger, run_id = Ledger(platform.system), runs_of(platform)[0]["id"]
        now = platform.clock.now()
        with platform.database.write() as connection:
            zombie = ledger.take(connection, run_id, 0, executor="one", now=now)
        with platform.database.write() as connection:
            heir = ledger.take(connection, run_id, 0, executor="two", now=now)
        assert zombie is not None
        assert heir is not None
        with pytest.raises(LeaseLost), platform.database.write() as connection:
            ledger.advance(connection, zombie, actions=1)
        with platform.database.write() as connection:
            ledger.advance(connection, heir, actions=1)
        with pytest.raises(LeaseLost), platform.database.write() as connection:
            ledger.finish(connection, zombie, RunState.DONE, now=now, outcome="done")


def test_a_run_that_takes_its_worker_with_it_again_and_again_is_parked(sqlite_url: str, tmp_path: Path) -> None:
    tuning = replace(FAST, crashes=3)
    with shop(sqlite_url, tmp_path, 'rule r when deal is created then set note = "x"', tuning=tuning) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        ledger, run_id = Ledger(platform.system), runs_of(platform)[0]["id"]
        for number in range(3):
            with platform.database.write() as connection:
                ledger.take(connection, run_id, 0, executor=f"dead {number}", now=platform.clock.now())
        do_runs(platform)
        (run,) = runs_of(platform)
        assert (run["state"], run["error"]) == ("failed", "The worker died 3 times at this step.")
        assert rows_of(platform, "deal")[0]["note"] is None


def test_a_waiting_run_stops_when_its_user_has_left(sqlite_url: str, tmp_path: Path) -> None:
    with shop(sqlite_url, tmp_path, 'rule r when deal is created then wait 1 day set note = "x"') as platform:
        ann = person(platform, "ann", "rep")
        platform.records.create(ann, "deal", {"name": "A"})
        do_runs(platform, waits_too=False)
        assert ann.user_id is not None
        platform.records.update(system_actor(), "user", ann.user_id, {"active": False})
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "failed"
        assert "may not act any more" in run["error"]


@pytest.mark.promise("LIF-08")
def test_a_run_keeps_the_text_of_the_rule_it_started_with(sqlite_url: str, tmp_path: Path) -> None:
    with shop(sqlite_url, tmp_path, 'rule r when deal is created then wait 1 day set note = "old"') as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        do_runs(platform, waits_too=False)
        publish_rules(platform, tmp_path, 'rule r when deal is created then wait 1 day set note = "new"')
        platform.records.create(system_actor(), "deal", {"name": "B"})
        do_runs(platform)
        assert {row["name"]: row["note"] for row in rows_of(platform, "deal")} == {"A": "old", "B": "new"}


def test_a_chain_that_does_too_many_actions_stops_with_its_rules_named(sqlite_url: str, tmp_path: Path) -> None:
    rules = "rule r when deal is created then for each line in lines do create job { subject: line.name } end"
    tuning = replace(FAST, max_actions=5)
    with shop(
        sqlite_url, tmp_path, rules.replace("is created", 'is created or deal.stage changes to "won"'), tuning=tuning
    ) as platform:
        deal = platform.records.create(system_actor(), "deal", {"name": "A"}).record
        do_runs(platform)
        for number in range(8):
            platform.records.create(system_actor(), "line", {"name": str(number), "deal": deal.id})
        platform.records.update(system_actor(), "deal", deal.id, {"stage": "won"})
        do_runs(platform)
        assert len(rows_of(platform, "job")) == 5
        last = runs_of(platform)[-1]
        assert (last["state"], last["outcome"]) == ("failed", "stopped")
        assert f"r (deal {deal.id})" in last["error"]


def test_a_schedule_over_many_records_starts_one_run_each(sqlite_url: str, tmp_path: Path) -> None:
    clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    rules = 'rule r every day at 09:00 for each deal where count > 1 then set note = "seen"'
    with shop(sqlite_url, tmp_path, rules, clock=clock) as platform:
        keeper = platform.automation.keeper()
        keeper.tick()
        for number in range(210):
            platform.records.create(system_actor(), "deal", {"name": str(number), "count": number % 3})
        clock.move_to(dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC))
        keeper.tick()
        platform.automation.keeper().tick()
        do_runs(platform)
        assert sum(row["note"] == "seen" for row in rows_of(platform, "deal")) == 70
        sweep, *each = runs_of(platform)
        assert sweep["record_id"] is None
        assert {run["cause_run"] for run in each} == {sweep["id"]}
        assert len({run["root_cause"] for run in each}) == 70
        moments = platform.automation.next_runs("r", 2)
        assert [moment.isoformat() for moment in moments] == ["2026-11-23T01:00:00+00:00", "2026-11-24T01:00:00+00:00"]


@pytest.mark.parametrize(("missed", "caught_up"), [("", 1), ("missed skip", 0), ("missed all", 1_441)])
def test_what_an_outage_of_a_day_missed_is_done_once_never_or_every_time(
    missed: str, caught_up: int, sqlite_url: str, tmp_path: Path
) -> None:
    begin = dt.datetime(2026, 11, 21, 0, 0, 30, tzinfo=dt.UTC)
    clock = FixedClock(begin)
    rules = f'rule r every 1 minutes then log "x" {missed}'
    with shop(sqlite_url, tmp_path, rules, clock=clock) as platform:
        keeper = platform.automation.keeper()
        keeper.tick()
        clock.move_to(begin + dt.timedelta(days=1, minutes=1))
        keeper.tick()
        keeper.tick()
        assert len(runs_of(platform)) == caught_up
        dues = {str(run["snapshot"]["facts"]["due"]) for run in runs_of(platform)}
        assert len(dues) == caught_up, "no moment twice"
        clock.move_to(clock.now() + dt.timedelta(minutes=1))
        keeper.tick()
        assert len(runs_of(platform)) == caught_up + 1


def test_a_worker_does_runs_and_stops_in_good_order(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created then set note = "x"') as platform:
        worker = platform.automation.worker(concurrency=2)
        worker.start()
        try:
            assert worker.wait_ready(60)
            for number in range(20):
                platform.records.create(system_actor(), "deal", {"name": str(number)})
            wait_until(lambda: all(run["state"] == "done" for run in runs_of(platform)))
        finally:
            worker.stop()
        assert [row["note"] for row in rows_of(platform, "deal")] == ["x"] * 20
