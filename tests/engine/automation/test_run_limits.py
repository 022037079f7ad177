"""`once per record` and `limit`: across threads, workers, batches and restarts; and what they cost a save."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.throttles import Throttles
from engine.clock import FixedClock
from engine.errors import ReleaseRefused
from engine.platform import Platform
from engine.records.types import SaveRow
from tests.support.automation import do_runs, publish_rules, rows_of, runs_of, shop
from tests.support.worker_process import wait_until, worker

NOON = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)


def outcomes(platform: Platform) -> list[str]:
    """Give how runs stand, in any order."""
    return sorted(f"{run['state']} {run['outcome']}" for run in runs_of(platform))


def at_once(count: int, do: Callable[[int], None]) -> None:
    """Do something in several threads at the same moment."""
    begun = threading.Barrier(count)

    def work(number: int) -> None:
        begun.wait()
        do(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.promise("RUL-20")
def test_limits_hold_across_saves_at_one_moment_workers_and_restarts_and_name_themselves(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule once when deal.count changes then create job { subject: "once" } once per record per day mode parallel
        rule some when deal is created then create job { subject: "some" } limit 3 per hour
        """
    with shop(database_url, tmp_path, rules, clock=FixedClock(NOON)) as platform:
        deal = platform.records.create(system_actor(), "deal", {"name": "first"}).record.id
        at_once(4, lambda number: _update(platform, deal, number))
        at_once(4, lambda number: _create(platform, str(number)))
        with worker(database_url, tmp_path):
            wait_until(lambda: not any(state.startswith(("queued", "running")) for state in outcomes(platform)))
        assert sorted(row["subject"] for row in rows_of(platform, "job")) == ["once", "some", "some", "some"]
    # The same database, opened again.
    with shop(database_url, tmp_path, rules, clock=FixedClock(NOON + dt.timedelta(minutes=30))) as platform:
        _update(platform, deal, 77)
        _create(platform, "later")
        do_runs(platform)
        assert len(rows_of(platform, "job")) == 4
        left_out = [(run["rule"], run["error"]) for run in runs_of(platform) if run["outcome"] == "limit"]
        assert sorted(left_out) == sorted(
            [("once", "The rule ran for this record before: once per record per day.")] * 4
            + [("some", "The rule ran as often as it may: limit 3 per hour.")] * 3
        )
        shown = platform.automation.runs.list(system_actor()).rows
        assert sum(run.reason is not None and "limit 3 per hour" in run.reason for run in shown) == 3


def _update(platform: Platform, deal: str, number: int) -> None:
    platform.records.update(system_actor(), "deal", deal, {"count": number + 1})


def _create(platform: Platform, name: str) -> None:
    platform.records.create(system_actor(), "deal", {"name": name})


def test_a_batch_takes_what_is_left_of_a_limit(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule some when deal is created then create job { subject: name } limit 5 per day
        rule each when deal is created then create job { subject: "each" } once per record
        """
    with shop(database_url, tmp_path, rules, clock=FixedClock(NOON)) as platform:
        _create(platform, "one")
        rows = [SaveRow(values={"name": str(number)}) for number in range(40)]
        platform.records.save_many(system_actor(), "deal", rows)
        do_runs(platform)
        subjects = [row["subject"] for row in rows_of(platform, "job")]
        assert subjects.count("each") == 41
        assert len(subjects) == 41 + 5
        assert outcomes(platform).count("skipped limit") == 36


def test_a_limit_costs_saves_that_start_its_rule_one_statement_and_others_none(
    database_url: str, tmp_path: Path
) -> None:
    rule = 'rule r when deal.count changes then set note = "x" {}'

    def statements(platform: Platform, option: str, values: dict[str, object]) -> int:
        publish_rules(platform, tmp_path, rule.format(option))
        deals = [platform.records.create(system_actor(), "deal", {"name": "A"}).record.id for _ in range(3)]
        for deal in deals[1:]:
            platform.records.update(system_actor(), "deal", deal, values)
        with platform.database.statements.recording() as sent:
            platform.records.update(system_actor(), "deal", deals[0], values)
        return len(sent)

    with shop(database_url, tmp_path, rule.format("")) as platform:
        plain = statements(platform, "", {"count": 2})
        quiet = statements(platform, "", {"note": "y"})
        for option in ("limit 100 per hour", "once per record per day"):
            assert statements(platform, option, {"note": "y"}) == quiet
            # On PostgreSQL what waited to be sent together goes in two.
            assert plain < statements(platform, option, {"count": 2}) <= plain + 2


def test_counts_of_periods_that_are_over_go_and_those_for_good_stay(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    rules = """
        rule a when deal is created then log "x" limit 5 per day
        rule b when deal is created then log "x" once per record
        """
    with shop(database_url, tmp_path, rules, clock=clock) as platform:
        _create(platform, "A")
        throttles, later = Throttles(platform.system), NOON + dt.timedelta(days=70)
        with platform.database.write() as connection:
            assert throttles.forget_old(connection, NOON + dt.timedelta(days=30)) == 0
            assert throttles.forget_old(connection, later) == 1
        clock.move_to(later)
        publish_rules(platform, tmp_path, rules.replace("deal is created", "deal is saved"))
        deal = rows_of(platform, "deal")[0]["id"]
        _update(platform, deal, 3)
        assert outcomes(platform)[-1] == "skipped limit"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('rule r every day at 09:00 then log "x" once per record', "RUL415"),
        ('rule r before deal is saved then set note = "x" limit 5 per hour', "RUL413"),
        ('rule r before deal is saved then set note = "x" mode single', "RUL413"),
        ('rule r before deal is saved then set note = "x" on failure log "x"', "RUL413"),
        ('rule r when deal is created then log "x" limit 0 per hour', "RUL105"),
        ('rule r when deal is created then log "x" mode single mode queued', "RUL409"),
        ('rule r when deal is created then log "x" on failure set nothing = error.message', "RUL202"),
        ('rule r when deal is created then log "{error.message}"', "EXP"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_their_place(
    rule: str, problem: str, sqlite_url: str, tmp_path: Path
) -> None:
    with pytest.raises(ReleaseRefused) as refused, shop(sqlite_url, tmp_path, rule):
        pass
    assert any(each.code.startswith(problem) for each in refused.value.problems), list(refused.value.problems)
