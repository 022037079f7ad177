"""Which runs saves start, and which piece of a run a worker may take."""

from __future__ import annotations

from pathlib import Path

from engine.access.actor import system_actor
from engine.automation.ledger import Ledger
from engine.automation.run_state import Run
from engine.platform import Platform
from engine.records.types import SaveRow
from tests.support.automation import do_runs, rows_of, runs_of, shop


def test_rows_saved_together_start_a_run_each(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created if name != "C" then set note = "x"') as platform:
        rows = [SaveRow(values={"name": name}) for name in "ABCD"]
        platform.records.save_many(system_actor(), "deal", rows, all_or_nothing=True)
        do_runs(platform)
        assert len(runs_of(platform)) == 3
        notes = {row["name"]: row["note"] for row in rows_of(platform, "deal")}
        assert notes == {"A": "x", "B": "x", "C": None, "D": "x"}


def taken(platform: Platform, run_id: str, segment: int) -> Run | None:
    """Try to take a piece of a run."""
    with platform.database.write() as connection:
        return Ledger(platform.system).take(connection, run_id, segment, executor="one", now=platform.clock.now())


def test_only_the_piece_that_is_due_is_taken_and_none_of_a_run_that_is_over(sqlite_url: str, tmp_path: Path) -> None:
    with shop(sqlite_url, tmp_path, 'rule r when deal is created then wait 1 day set note = "x"') as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        run_id = runs_of(platform)[0]["id"]
        assert taken(platform, "no such run", 0) is None
        assert taken(platform, run_id, 1) is None
        do_runs(platform, waits_too=False)
        (run,) = runs_of(platform)
        assert (run["position"], run["attempt"]) == ({"segment": 1, "begun": 0}, 0)
        assert taken(platform, run_id, 0) is None
        do_runs(platform)
        (run,) = runs_of(platform)
        assert (run["state"], run["actions"], run["rows"]) == ("done", 1, 1)
        assert (run["position"], run["attempt"]) == ({"segment": 1, "begun": 0}, 0)
        assert taken(platform, run_id, run["position"]["segment"]) is None


def test_actions_are_counted_and_what_is_asked_or_waited_for_is_not(sqlite_url: str, tmp_path: Path) -> None:
    rules = """
        rule r when deal is created
          then set note = "x" unless amount > 5
               wait 1 hour
               if count = 1 then set count = 2 end
               create job { subject: name }
        """
    with shop(sqlite_url, tmp_path, rules) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A", "count": 1})
        platform.records.create(system_actor(), "deal", {"name": "B", "count": 1, "amount": "9"})
        do_runs(platform)
        assert [(run["state"], run["actions"]) for run in runs_of(platform)] == [("done", 3), ("done", 2)]


def test_a_run_has_its_end_when_it_is_over_and_not_before(sqlite_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal is created if pad("x", count) = "x" then set note = "x"'
    with shop(sqlite_url, tmp_path, rules) as platform:
        for count in (1, 70_000):
            platform.records.create(system_actor(), "deal", {"name": "A", "count": count})
        ends = {run["state"]: run["finished_at"] for run in runs_of(platform)}
        assert set(ends) == {"queued", "skipped"}
        assert ends["queued"] is None
        assert ends["skipped"] is not None
        do_runs(platform)
        assert all(run["finished_at"] is not None for run in runs_of(platform))
