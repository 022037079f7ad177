"""How runs of one rule for one record meet: queued, single, restart, parallel, under workers, threads and retries."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.access.actor import system_actor
from engine.automation.ledger import Ledger
from engine.platform import Platform
from tests.support.automation import do_runs, person, publish_rules, rows_of, runs_of, shop
from tests.support.worker_process import wait_until, worker

WAITING_RULE = """
    rule r when deal.count changes
      then set note = coalesce(note, "") & "a"
           wait {wait}
           set note = note & "b"
      {option}
    """


def counted(platform: Platform, deal: str, count: int) -> None:
    """Save a deal, which starts the rule."""
    platform.records.update(system_actor(), "deal", deal, {"count": count})


def new_deal(platform: Platform, name: str = "A") -> str:
    """Make a deal that starts nothing."""
    return platform.records.create(system_actor(), "deal", {"name": name}).record.id


def states(platform: Platform) -> list[str]:
    """Give the states of all runs, the oldest first."""
    return [run["state"] for run in runs_of(platform)]


def segments(platform: Platform, run_id: str) -> str:
    """Work on the piece of a run that is due."""
    run = next(run for run in runs_of(platform) if run["id"] == run_id)
    return platform.automation.segments("test", lambda: False)(run_id, run["position"]["segment"])


def test_a_queued_run_waits_without_a_thread_and_says_for_which_run(database_url: str, tmp_path: Path) -> None:
    rules = WAITING_RULE.format(wait="1 day", option="")
    with shop(database_url, tmp_path, rules) as platform:
        deal = new_deal(platform)
        for count in (1, 2, 3):
            counted(platform, deal, count)
            do_runs(platform, waits_too=False)
        first, second, third = runs_of(platform)
        assert states(platform) == ["waiting", "waiting", "waiting"]
        assert [run["held_by"] for run in (first, second, third)] == [None, "turn", "turn"]
        assert first["id"] in second["error"]
        assert second["started_at"] is None
        assert second["due_at"] is None
        # The first one's end starts the second and not the third.
        assert segments(platform, first["id"]) == "done"
        assert states(platform) == ["done", "queued", "waiting"]
        assert segments(platform, second["id"]) == "paused"
        assert segments(platform, second["id"]) == "done"
        assert states(platform) == ["done", "done", "queued"]
        do_runs(platform)
        assert rows_of(platform, "deal")[0]["note"] == "ababab"


def test_a_queued_run_goes_on_when_the_one_before_it_is_parked_and_a_retried_one_waits_its_turn_again(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule r when deal.count changes
          then wait 1 day
               set note = if(count = 1, "1234567890123456789012345678901234567890123456789012345", "ok")
               wait 1 day
        """
    with shop(database_url, tmp_path, rules) as platform:
        boss, deal = person(platform, "bob", "boss"), new_deal(platform)
        counted(platform, deal, 1)
        do_runs(platform, waits_too=False)
        first = runs_of(platform)[0]["id"]
        with platform.database.write() as connection:
            table = platform.records.parts(platform.releases.current()).tables.of("deal").table
            connection.execute(update(table).values(count=1))
        platform.records.update(system_actor(), "deal", deal, {"count": 9})
        do_runs(platform, waits_too=False)
        platform.records.update(system_actor(), "deal", deal, {"count": 1})
        assert segments(platform, first) == "parked"
        second = runs_of(platform)[1]["id"]
        assert states(platform)[:2] == ["failed", "queued"]
        platform.records.update(system_actor(), "deal", deal, {"count": 5})
        assert segments(platform, second) == "paused"
        platform.automation.runs.retry(boss, first)
        assert segments(platform, first) == "wait", "the second one has its turn"
        do_runs(platform)
        assert set(states(platform)) == {"done"}


def test_a_run_that_waits_for_its_turn_is_woken_though_nobody_started_it(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, WAITING_RULE.format(wait="1 day", option="")) as platform:
        deal = new_deal(platform)
        for count in (1, 2, 3):
            counted(platform, deal, count)
            do_runs(platform, waits_too=False)
        run = platform.system.run
        first = runs_of(platform)[0]["id"]
        with platform.database.write() as connection:
            connection.execute(update(run).where(run.c.id == first).values(state="done", turn=0))
        platform.automation.keeper().tick()
        assert states(platform) == ["done", "queued", "waiting"]


def test_a_run_in_the_middle_of_a_step_is_cancelled_by_the_worker_that_takes_the_new_one(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, WAITING_RULE.format(wait="1 day", option="mode restart")) as platform:
        deal = new_deal(platform)
        counted(platform, deal, 1)
        first, ledger = runs_of(platform)[0]["id"], Ledger(platform.system)
        with platform.database.write() as connection:
            taken = ledger.take(connection, first, 0, executor="other", now=platform.clock.now())
        assert taken is not None
        # Its worker is at work; what it commits late is refused.
        counted(platform, deal, 2)
        do_runs(platform)
        assert states(platform) == ["cancelled", "done"]
        assert runs_of(platform)[1]["id"] in runs_of(platform)[0]["error"]
        assert rows_of(platform, "deal")[0]["note"] == "ab"


def test_modes_cost_a_save_nothing_but_where_a_rule_asks_for_them(database_url: str, tmp_path: Path) -> None:
    rule = 'rule r when deal.count changes then set note = "x" {}'

    def statements(platform: Platform, option: str) -> int:
        publish_rules(platform, tmp_path, rule.format(option))
        deals = [new_deal(platform) for _ in range(3)]
        for deal in deals[1:]:
            counted(platform, deal, 2)
        with platform.database.statements.recording() as sent:
            counted(platform, deals[0], 3)
        return len(sent)

    with shop(database_url, tmp_path, rule.format("")) as platform:
        plain = statements(platform, "")
        assert statements(platform, "mode queued") == plain
        assert statements(platform, "mode parallel") == plain
        assert statements(platform, "mode single") > plain


@pytest.mark.promise("RUL-18")
@pytest.mark.parametrize(
    ("mode", "note", "outcomes"),
    [
        ("single", "ab", [("done", "done"), ("skipped", "single")]),
        ("restart", "aab", [("cancelled", "restarted"), ("done", "done")]),
        ("queued", "abab", [("done", "done"), ("done", "done")]),
        ("parallel", "aabb", [("done", "done"), ("done", "done")]),
    ],
)
def test_a_run_that_meets_another_one_does_what_its_mode_says_and_its_trace_names_the_mode(
    mode: str, note: str, outcomes: list[tuple[str, str]], database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, WAITING_RULE.format(wait="1 day", option=f"mode {mode}")) as platform:
        deal = new_deal(platform)
        for count in (1, 2):
            counted(platform, deal, count)
            do_runs(platform, waits_too=False)
        do_runs(platform)
        assert rows_of(platform, "deal")[0]["note"] == note
        assert [(run["state"], run["outcome"]) for run in runs_of(platform)] == outcomes
        for run in runs_of(platform):
            assert platform.automation.runs.get(system_actor(), run["id"]).mode == mode


def test_many_runs_of_one_record_are_done_one_after_the_other_by_many_threads(
    database_url: str, tmp_path: Path
) -> None:
    rules = WAITING_RULE.format(wait="0 days", option="")
    with shop(database_url, tmp_path, rules) as platform:
        deals = [new_deal(platform, name) for name in "AB"]
        for count in range(1, 7):
            for deal in deals:
                counted(platform, deal, count)
        threads = platform.automation.worker(concurrency=4)
        threads.start()
        try:
            wait_until(lambda: set(states(platform)) == {"done"})
        finally:
            threads.stop()
        assert {row["note"] for row in rows_of(platform, "deal")} == {"ab" * 6}


@pytest.mark.faults
def test_a_queued_run_goes_on_when_the_worker_of_the_one_before_it_dies(postgres_url: str, tmp_path: Path) -> None:
    with shop(postgres_url, tmp_path, WAITING_RULE.format(wait="0 days", option="")) as platform:
        deal = new_deal(platform)
        with worker(postgres_url, tmp_path, crash_at="run.after_commit") as dying:
            counted(platform, deal, 1)
            counted(platform, deal, 2)
            assert dying.wait_dead(60)
        assert "done" not in states(platform)
        with worker(postgres_url, tmp_path):
            wait_until(lambda: set(states(platform)) == {"done"})
        assert rows_of(platform, "deal")[0]["note"] == "abab"


def test_of_two_saves_at_one_moment_mode_single_starts_one_run(postgres_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal.count changes then wait 1 day set note = "x" mode single'
    with shop(postgres_url, tmp_path, rules) as platform:
        deal = new_deal(platform)
        begun = threading.Barrier(4)

        def save(count: int) -> None:
            begun.wait()
            counted(platform, deal, count)

        threads = [threading.Thread(target=save, args=(count,)) for count in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(states(platform)) == ["queued", "skipped", "skipped", "skipped"]
