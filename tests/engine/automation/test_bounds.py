"""What bounds a run: the actions of the runs before it, and who it may act as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from metamodel.values import Ref
from tests.support.automation import FAST, do_runs, rows_of, runs_of, shop


def test_actions_are_counted_over_all_runs_of_one_cause(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule chain when job is created if len(subject) < 10 then create job { subject: subject & "x" }
          allow loop at most 30
        """
    with shop(database_url, tmp_path, rules, tuning=replace(FAST, max_actions=3)) as platform:
        platform.records.create(system_actor(), "job", {"subject": "x"})
        do_runs(platform)
        assert len(rows_of(platform, "job")) == 1 + 3
        assert [run["outcome"] for run in runs_of(platform)] == ["done", "done", "done", "stopped"]


@pytest.mark.parametrize("owned", [True, False], ids=["by a queue", "by nobody"])
def test_a_rule_acts_as_no_owner_where_the_owner_is_no_user(owned: bool, sqlite_url: str, tmp_path: Path) -> None:
    rules = 'rule r when deal.stage changes to "won" then set note = "mine" as owner'
    with shop(sqlite_url, tmp_path, rules) as platform:
        queue = platform.records.create(system_actor(), "queue", {"name": "Inbox"}).record.id
        values = {"name": "A", "owner": Ref("queue", queue) if owned else None}
        deal = platform.records.create(system_actor(), "deal", values).record.id
        platform.records.update(system_actor(), "deal", deal, {"stage": "won"})
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "failed"
        assert run["error"] == "The rule acts as the record's owner, and the owner is not a user."
        assert platform.records.get(system_actor(), "deal", deal)["note"] is None
