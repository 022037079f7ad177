"""Reasons that tell a chain of causes name only records that their reader may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.automation.chains import places_in, seen_text
from engine.automation.run_log import RunNotFound
from tests.support.automation import do_runs, person, runs_of, shop

RULES = """
rule there when job.done changes if subject = "mine"
  then update job where subject = "theirs" { done: not it.done } as system allow loop at most 1
rule back when job.done changes if subject = "theirs"
  then update job where subject = "mine" { done: not it.done } as system allow loop at most 1
"""


def test_ids_of_records_that_may_not_be_read_are_left_out_of_texts() -> None:
    one, two = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
    text = f"It ran before: a (deal {one}) → b (job {two}) → c."
    assert places_in([text, None]) == {("deal", one), ("job", two)}
    assert seen_text(text, {("deal", one)}) == f"It ran before: a (deal {one}) → b (job) → c."
    assert seen_text(None, ()) is None
    assert seen_text("It has no (chain of) causes.", ()) == "It has no (chain of) causes."


def test_a_run_tells_its_chain_without_the_records_of_others(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        ann, bob = person(platform, "ann", "rep"), person(platform, "bob", "boss")
        mine = platform.records.create(ann, "job", {"subject": "mine"}).record.id
        theirs = platform.records.create(bob, "job", {"subject": "theirs"}).record.id
        platform.records.update(ann, "job", mine, {"done": True})
        do_runs(platform)
        looped = next(run for run in runs_of(platform) if run["outcome"] == "loop")
        assert theirs in looped["error"]
        log = platform.automation.runs
        for who, named in ((ann, {mine}), (bob, {mine, theirs})):
            summary = log.get(who, looped["id"]).summary
            assert {each for each in (mine, theirs) if each in (summary.reason or "")} == named
            assert "back (job" in (summary.reason or "")
        # A record of the chain that may be read does not open a run about one that may not.
        of_bob = next(run for run in runs_of(platform) if run["record_id"] == theirs)
        with pytest.raises(RunNotFound):
            log.get(ann, of_bob["id"])
