"""Runs past their time are deleted by the nightly job; counts, blame and audit stay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from engine.access.actor import Actor, system_actor
from engine.automation.insight.views import Setter
from engine.automation.retention import Retention
from engine.clock import FixedClock
from engine.errors import ReleaseRefused
from engine.platform import Platform
from tests.support.automation import APP, do_runs, person, runs_of, shop

START = dt.datetime(2026, 1, 1, 4, 0, tzinfo=dt.UTC)
RULES = """
    rule short when deal is created then set note = "short" create job { subject: name }
    rule usual when job is created then set done = true
    rule slow when deal is created then wait 200 days set secret = "x" as system
    rule bad when deal is created then set secret = "x"
    """


def app(more: str) -> dict[str, str]:
    """Give the app with how long runs are kept."""
    return {"app.yaml": APP["app.yaml"].replace("automation: {roles: [machine]}", f"automation: {{{more}}}")}


def after(platform: Platform, clock: FixedClock, days: float) -> dict[str, list[str]]:
    """Do the nightly job so many days after the start; give the states of the runs that are left, by rule."""
    clock.move_to(START + dt.timedelta(days=days))
    index_of = platform.automation.index
    Retention(platform.database, platform.system, clock, platform.releases.current, index_of).delete_old()
    left: dict[str, list[str]] = {}
    for run in runs_of(platform):
        left.setdefault(run["rule"], []).append(run["state"])
    return left


def count(platform: Platform, table: Table) -> int:
    """Count the rows of a table."""
    with platform.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def blame(platform: Platform, actor: Actor, job: str) -> list[tuple[Setter, str | None, str | None, int | None]]:
    """Give what set the field `done` of a job, back to the root cause."""
    (found,) = platform.automation.insight.blame(actor, "job", job, fields=("done",))
    return [(each.kind, each.rule, each.step, each.release) for each in found.chain]


@pytest.mark.promise("RUN-22")
def test_runs_are_kept_as_long_as_said_and_counts_blame_and_audit_for_good(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with shop(database_url, tmp_path, RULES, clock=clock, files=app("keep_runs_of: {short: 30}")) as platform:
        rep, boss = person(platform, "ann", "rep"), person(platform, "bob", "boss")
        for name in ("A", "B"):
            platform.records.create(rep, "deal", {"name": name})
        do_runs(platform, waits_too=False)
        jobs = platform.records.reading(boss)
        with jobs as transaction:
            job = next(iter(transaction.cache.records("job")))["id"]
        with platform.records.transaction(system_actor()) as transaction:
            assert platform.automation.calls.others.received(transaction, "unheard", {"sku": "a"}) == 0
        entries, whole = count(platform, platform.system.audit), blame(platform, boss, job)
        assert [kind for kind, *_ in whole] == [Setter.RULE, Setter.RULE, Setter.PERSON]
        all_there = {"short": ["done"] * 2, "usual": ["done"] * 2, "slow": ["waiting"] * 2, "bad": ["failed"] * 2}
        assert after(platform, clock, 29.9) == all_there
        assert after(platform, clock, 30.1) == {each: all_there[each] for each in ("usual", "slow", "bad")}
        assert after(platform, clock, 89.9) == {each: all_there[each] for each in ("usual", "slow", "bad")}
        assert count(platform, platform.system.call) == 1, "a call that no rule waited for"
        # What is not over stays, however old it is.
        assert after(platform, clock, 90.1) == {"slow": ["waiting"] * 2}
        assert count(platform, platform.system.call) == 0
        steps = platform.system.run_step
        with platform.database.read() as connection:
            assert set(connection.execute(select(steps.c.run_id)).scalars()) <= {run["id"] for run in runs_of(platform)}
            counts = platform.system.run_count
            rows = connection.execute(select(counts.c.rule, counts.c.day, counts.c.state, counts.c.runs)).all()
        assert sorted(tuple(row) for row in rows) == [
            ("bad", "2026-01-01", "failed", 2),
            ("short", "2026-01-01", "done", 2),
            ("usual", "2026-01-01", "done", 2),
        ]
        assert count(platform, platform.system.audit) == entries
        assert blame(platform, boss, job) == whole
        do_runs(platform)
        assert after(platform, clock, 400) == {}


def test_an_app_says_for_all_its_rules_how_long_runs_are_kept(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    files = app("roles: [machine], keep_runs: 10, keep_runs_of: {usual: 400}")
    with shop(database_url, tmp_path, RULES, clock=clock, files=files) as platform:
        platform.records.create(person(platform, "ann", "rep"), "deal", {"name": "A"})
        do_runs(platform, waits_too=False)
        assert after(platform, clock, 10.1) == {"usual": ["done"], "slow": ["waiting"]}
        assert after(platform, clock, 399) == {"usual": ["done"], "slow": ["waiting"]}


def test_the_workers_housekeeping_deletes_what_is_past_its_time(sqlite_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with shop(sqlite_url, tmp_path, RULES, clock=clock) as platform:
        platform.records.create(person(platform, "ann", "rep"), "deal", {"name": "A"})
        do_runs(platform, waits_too=False)
        clock.move_to(START + dt.timedelta(days=91))
        platform.automation.keeper().tick()
        assert [run["rule"] for run in runs_of(platform)] == ["slow"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("keep_runs: 0", "APP"), ("keep_runs: soon", "APP"), ("keep_runs_of: {nothing: 5}", "APP461")],
)
def test_what_makes_no_sense_is_refused(said: str, code: str, sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused) as refused, shop(sqlite_url, tmp_path, RULES, files=app(said)):
        pass
    assert any(each.code.startswith(code) for each in refused.value.problems)


def test_links_of_surveys_go_some_time_after_they_were_good(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with shop(database_url, tmp_path, RULES, clock=clock) as platform:
        table, ids = platform.system.survey, {}
        with platform.database.write() as connection:
            for number, days in enumerate([14] * 501 + [20]):
                ids[number] = platform.ids.new()
                good_until = START + dt.timedelta(days=days)
                row = {"id": ids[number], "hash": f"h{number}", "form": "nps", "created_at": START}
                connection.execute(table.insert().values(**row, expires_at=good_until, used_at=START))
        for later, left in ((14.5, 502), (103.9, 502), (104.1, 1), (110.1, 0)):
            after(platform, clock, later)
            assert count(platform, table) == left, later
