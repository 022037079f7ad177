"""Runs without a worker: what rules do, once, for whom, and what stops them."""

from __future__ import annotations

from pathlib import Path

from engine.access.actor import system_actor
from tests.support.automation import do_runs, person, rows_of, runs_of, shop


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
