"""What runs under way meet: a new release, users who lose rights, and the limits of chains."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from engine.records.types import SaveRow
from tests.support.automation import APP, FAST, do_runs, person, rows_of, runs_of, shop


def publish(platform: Platform, folder: Path, files: dict[str, str | None]) -> None:
    """Publish changed files of the app; None takes one away."""
    for name, text in files.items():
        path = folder / "shop" / name
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
    platform.apply_release([folder / "shop"], author="test")


@pytest.mark.promise("RUN-08")
def test_runs_keep_their_text_over_a_release_and_park_where_a_field_or_object_is_gone(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule text when deal is created if count = 1 then wait 1 day set note = "old"
        rule field when deal is created if count = 2 then wait 1 day set discount = 5% set note = "never"
        rule object when deal is created if count = 3 then wait 1 day create job { subject: "x" } set note = "never"
        rule reads when deal is created if count = 4 then wait 1 day create line { deal: this, name: text(discount) }
        """
    with shop(database_url, tmp_path, rules) as platform:
        for count in (1, 2, 3, 4):
            platform.records.create(system_actor(), "deal", {"name": str(count), "count": count})
        do_runs(platform, waits_too=False)
        assert {run["state"] for run in runs_of(platform)} == {"waiting"}
        deal = APP["objects/deal.yaml"].replace("          discount: {type: percent}\n", "")
        files: dict[str, str | None] = {"objects/deal.yaml": deal, "objects/job.yaml": None}
        for role in ("rep", "boss", "machine"):
            files[f"roles/{role}.yaml"] = "\n".join(
                line for line in APP[f"roles/{role}.yaml"].splitlines() if " job:" not in line
            )
        files["rules/all.rules"] = 'rule text when deal is created if count = 1 then wait 1 day set note = "new"'
        publish(platform, tmp_path, files)
        do_runs(platform)
        notes = {row["name"]: row["note"] for row in rows_of(platform, "deal")}
        assert notes == {"1": "old", "2": None, "3": None, "4": None}
        ended = {run["rule"]: (run["state"], run["error"]) for run in runs_of(platform)}
        assert ended["text"] == ("done", None)
        assert ended["field"][0] == "failed"
        assert "discount" in ended["field"][1]
        assert ended["object"] == ("failed", "There is no object 'job'.")
        assert ended["reads"][0] == "failed"
        assert "discount" in ended["reads"][1]


@pytest.mark.promise("RUN-21")
@pytest.mark.parametrize("waits", [False, True], ids=["queued", "waiting"])
@pytest.mark.parametrize("loses", ["account", "role", "record", "role of the owner"])
def test_a_run_parks_when_its_user_may_no_longer_do_its_step(
    loses: str, waits: bool, sqlite_url: str, tmp_path: Path
) -> None:
    wait = "wait 1 day" if waits else ""
    who = "as owner" if loses == "role of the owner" else ""
    rules = f"""
        rule r when deal is created then create job {{ subject: "before" }} {wait} set note = "x" {who}
        """
    with shop(sqlite_url, tmp_path, rules) as platform:
        ann = person(platform, "ann", "rep")
        platform.records.create(ann, "deal", {"name": "A"})
        if waits:
            do_runs(platform, waits_too=False)
            assert [run["state"] for run in runs_of(platform)] == ["waiting"]
        login, administration = "ann@example.com", platform.accounts.administration
        if loses == "account":
            administration.disable(login)
        elif loses == "record":
            publish(platform, tmp_path, {"roles/rep.yaml": APP["roles/rep.yaml"].replace("update: all", "update: no")})
        else:
            administration.set_roles(login, [], by="test")
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "failed"
        reasons = {"account": "may not act any more", "record": "your roles do not allow it"}
        assert reasons.get(loses, "There is no object") in run["error"], run["error"]
        assert rows_of(platform, "deal")[0]["note"] is None
        made_before = waits or loses == "record"
        assert len(rows_of(platform, "job")) == int(made_before)


@pytest.mark.promise("RUN-10")
def test_chains_stop_at_their_limits_with_their_rules_and_records_named_and_others_go_on(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule once when deal.count changes if count < 100 then set count = count + 1
        rule thrice when deal.discount changes then set discount = discount + 1% allow loop at most 3
        rule deep when job is created if subject starts with "deep" then create job { subject: subject & "x" }
          allow loop at most 30
        rule wide when line is created if quantity > 0
          then create line { deal: deal, name: "a", quantity: quantity }
               create line { deal: deal, name: "b", quantity: quantity }
          allow loop at most 30
        rule rows when deal.note changes if note = "many" then update lines { state: "seen" }
        rule daily every day at 09:00 for each deal where stage = "won" then set note = "seen"
        """
    tuning = replace(FAST, max_actions=40, max_rows=30, max_depth=16)
    assert (replace(FAST).max_actions, replace(FAST).max_rows, replace(FAST).max_depth) == (1_000, 10_000, 16)
    clock = FixedClock(dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC))
    with shop(database_url, tmp_path, rules, tuning=tuning, clock=clock) as platform:
        records, system = platform.records, system_actor()
        platform.automation.keeper().tick()
        # Once a record and root cause; each row of a batch is a cause of its own.
        records.save_many(system, "deal", [SaveRow(values={"name": f"{n}", "count": 1}) for n in range(5)])
        do_runs(platform)
        assert {row["count"] for row in rows_of(platform, "deal")} == {2}
        once = [run for run in runs_of(platform) if run["rule"] == "once"]
        assert sorted(run["state"] for run in once) == ["done"] * 5 + ["skipped"] * 5
        assert len({run["root_cause"] for run in once}) == 5
        loops = records.create(system, "deal", {"name": "loop", "discount": "1"}).record.id
        do_runs(platform)
        thrice = [run["state"] for run in runs_of(platform) if run["rule"] == "thrice"]
        assert thrice == ["done"] * 3 + ["skipped"]
        assert any(f"thrice (deal {loops})" in (run["error"] or "") for run in runs_of(platform))
        # A chain deeper than 16.
        first = records.create(system, "job", {"subject": "deep"}).record.id
        do_runs(platform)
        deep = [run for run in runs_of(platform) if run["rule"] == "deep"]
        assert [run["depth"] for run in deep] == list(range(18))[: len(deep)]
        assert (deep[-1]["state"], deep[-1]["outcome"]) == ("failed", "stopped")
        assert deep[-1]["depth"] == 17
        assert f"deep (job {first})" in deep[-1]["error"]
        # More actions than one cause may do: each run starts two more.
        line = records.create(system, "line", {"name": "root", "deal": loops, "quantity": 1}).record.id
        do_runs(platform)
        wide = [run for run in runs_of(platform) if run["rule"] == "wide"]
        stopped = [run for run in wide if run["outcome"] == "stopped"]
        assert stopped
        assert sum(run["actions"] for run in wide) <= 40
        assert all(f"wide (line {line})" in run["error"] for run in stopped)
        assert all("limit" in run["error"] for run in stopped)
        _writes_too_many_rows(platform)
        _each_record_of_a_schedule_is_a_cause(platform, clock)
        # Others are left alone by all that.
        records.create(system, "deal", {"name": "last", "count": 7})
        do_runs(platform)
        assert [row["count"] for row in rows_of(platform, "deal") if row["name"] == "last"] == [8]


def _writes_too_many_rows(platform: Platform) -> None:
    """See that the step that would write more rows than one cause may is rolled back whole."""
    records, system = platform.records, system_actor()
    other = records.create(system, "deal", {"name": "other"}).record.id
    lines = [SaveRow(values={"name": f"{n}", "deal": other, "quantity": 0}) for n in range(31)]
    records.save_many(system, "line", lines)
    records.update(system, "deal", other, {"note": "many"})
    do_runs(platform)
    (over,) = [run for run in runs_of(platform) if run["rule"] == "rows"]
    assert (over["state"], over["outcome"]) == ("failed", "stopped")
    assert "more than 30 rows" in over["error"]
    assert f"rows (deal {other})" in over["error"]
    assert all(row["state"] is None for row in rows_of(platform, "line"))


def _each_record_of_a_schedule_is_a_cause(platform: Platform, clock: FixedClock) -> None:
    """See that the runs of a schedule have a root each."""
    records, system = platform.records, system_actor()
    for name in ("won", "won too"):
        records.create(system, "deal", {"name": name, "stage": "won"})
    clock.move_to(dt.datetime(2026, 11, 22, 1, 0, tzinfo=dt.UTC))
    platform.automation.keeper().tick()
    do_runs(platform)
    daily = [run for run in runs_of(platform) if run["rule"] == "daily" and run["record_id"] is not None]
    assert len({run["root_cause"] for run in daily}) == len(daily) == 2
