"""Rules in imports: what is left of rows that were imported is what is left of the same rows created one by one."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from engine.access.actor import Actor, system_actor
from engine.automation.foretelling import HowOften, changed_with, coming_rules
from engine.automation.run_state import OPEN_STATES
from engine.platform import Platform
from engine.records.hooks import SaveKind
from engine.records.saving.bulk import BATCH
from engine.records.types import SaveRow
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from tests.support.worker_process import wait_until, worker

RULES = """
    rule prepare before deal is saved if amount > 900 CNY
      then add tag "big" set note = "large" else set stage = "proposal"
    rule task when deal is created if count = 1
      then create job { subject: "Call {name}", deal: this, due_on: sent_on + 2 days, assignee: owner } as made
           post comment "To be called: {made.subject}."
           notify owner "{name} is to be called."
    rule big when deal comes to match amount > 900 CNY then set stage = "won", count = 9
    rule done when deal.stage changes to "won" if pieces is empty or pieces = 0
      then create line { deal: this, name: "first", quantity: 2 }
    rule together when deal is created if count = 2
      then for each d in records do create job { subject: "Look at {d.name}", deal: d } end
      bulk once
"""
_ONE_IN = 50
"""A row in so many starts a task, another one is big, a third is looked at with those of its batch."""
_OBJECTS = ("deal", "job", "line", "comment", "tagging")
_COLUMNS = ("name", "amount", "count", "sent_on")
_IDS = frozenset(("id", "deal", "about", "tag", "version", "created_at", "modified_at", "created_by", "modified_by"))


def rows(count: int) -> list[dict[str, str]]:
    """Give rows of which most start nothing."""
    return [
        {
            "name": f"deal {number}",
            "amount": str(1000 if number % _ONE_IN == 3 else number % 800),
            "count": str(number % _ONE_IN),
            "sent_on": f"2026-11-{number % 28 + 1:02}",
        }
        for number in range(count)
    ]


def write_csv(path: Path, given: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(given)
    return path


def left_behind(platform: Platform, since: int) -> dict[str, list[str]]:
    """Give what is there, without what differs by chance: records by object, their history, notices; sorted.

    since: the last entry of the history that is of something else.
    """
    names = {row["id"]: row["name"] for row in rows_of(platform, "deal")}
    found = {
        key: sorted(json.dumps(_plain(row, names), sort_keys=True, default=str) for row in rows_of(platform, key))
        for key in _OBJECTS
    }
    log, notice = platform.system.audit, platform.system.notification
    with platform.database.read() as connection:
        entries = connection.execute(
            select(log.c.object, log.c.record_id, log.c.action, log.c.changes).where(
                log.c.object.in_(_OBJECTS), log.c.id > since
            )
        )
        found["history"] = sorted(
            json.dumps([key, names.get(record_id), action, _changes(changes)], sort_keys=True)
            for key, record_id, action, changes in entries
        )
        notices = connection.execute(select(notice.c.user_id, notice.c.record_id, notice.c.text))
        found["notices"] = sorted(
            json.dumps([user_id, names.get(record_id), text]) for user_id, record_id, text in notices
        )
    return found


def _plain(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    about = row.get("deal") or getattr(row.get("about"), "id", None)
    return {**{name: value for name, value in row.items() if name not in _IDS}, "of": names.get(str(about))}


def _changes(changes: Any) -> dict[str, Any]:
    given = json.loads(changes) if isinstance(changes, str) else changes or {}
    return {name: pair for name, pair in given.items() if name not in _IDS}


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Actor:
    return person(platform, "ann", "boss")


def cleared(platform: Platform) -> int:
    """Take all away but the history, which is only ever added to; give its last entry."""
    tables, system = platform.releases.current().tables, platform.system
    with platform.database.write() as connection:
        for name in ("tagging", "tag", "comment", "job", "line", "deal"):
            connection.execute(delete(tables.of(name).table))
        for table in (system.run, system.run_step, system.notification):
            connection.execute(delete(table))
        return connection.execute(select(func.max(system.audit.c.id))).scalar() or 0


def one_by_one_and_imported(
    platform: Platform, ann: Actor, folder: Path, count: int, finish: Callable[[], object]
) -> None:
    """Do both, and compare. finish: does the runs, or waits until they are done."""
    given = rows(count)
    since = cleared(platform)
    for row in given:
        platform.records.create(ann, "deal", row, confirm=None)
    finish()
    single, started = left_behind(platform, since), runs_by_rule(platform)
    since = cleared(platform)
    path = write_csv(folder / "deals.csv", given)
    told = platform.imports.import_csv(ann, "deal", path, dry_run=True).rules
    result = platform.imports.import_csv(ann, "deal", path)
    assert (result.created, result.refused) == (count, 0)
    finish()
    share, batches = count // _ONE_IN, -(-count // BATCH)
    assert started == {"task": share, "big": share, "done": share, "together": share}
    assert runs_by_rule(platform) == {**started, "together": batches}
    # What a run starts in its turn is not told.
    assert told == {"task": share, "big": share, "together": batches}
    imported = left_behind(platform, since)
    for what, each in single.items():
        assert imported[what] == each, what
    assert {what: len(each) for what, each in single.items() if what not in ("deal", "history")} == {
        "job": 2 * share,
        "comment": share,
        "tagging": share,
        "line": share,
        "notices": share,
    }


def runs_by_rule(platform: Platform) -> Counter[str]:
    """Give how many runs each rule had, all of which are done."""
    found = runs_of(platform)
    assert {run["state"] for run in found} == {"done"}
    return Counter(run["rule"] for run in found)


@pytest.mark.promise("RUN-11")
@pytest.mark.soak
@pytest.mark.parametrize("count", [100_000])
def test_an_import_of_100_000_rows_with_5_rules_leaves_what_they_leave_one_by_one(
    database_kind: str, database_url: str, tmp_path: Path, count: int
) -> None:
    workers = 1 if database_kind == "sqlite" else 2
    with shop(database_url, tmp_path, RULES) as platform, ExitStack() as stack:
        ann = person(platform, "ann", "boss")
        for _ in range(workers):
            stack.enter_context(worker(database_url, tmp_path))
        one_by_one_and_imported(
            platform, ann, tmp_path, count, lambda: wait_until(lambda: nothing_open(platform), timeout_s=1_200)
        )


def nothing_open(platform: Platform) -> bool:
    """Say whether all runs are over."""
    run = platform.system.run
    with platform.database.read() as connection:
        is_open = run.c.state.in_([state.value for state in OPEN_STATES])
        return connection.execute(select(run.c.id).where(is_open).limit(1)).first() is None


def test_an_import_of_2_000_rows_with_5_rules_leaves_what_they_leave_one_by_one(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    one_by_one_and_imported(platform, ann, tmp_path, 2_000, lambda: do_runs(platform, limit=20_000))


@pytest.mark.faults
def test_an_import_of_20_000_rows_under_5_rules_tells_them_before_and_leaves_what_they_leave_one_by_one(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    one_by_one_and_imported(platform, ann, tmp_path, 20_000, lambda: do_runs(platform, limit=20_000))

    def statements(batches: int) -> int:
        cleared(platform)
        path = write_csv(tmp_path / "deals.csv", rows(batches * BATCH))
        with platform.database.statements.recording() as sent:
            platform.imports.import_csv(ann, "deal", path)
        return len([each for each in sent if "fs_rule_state" not in each])

    one, two, three = (statements(batches) for batches in (1, 2, 3))
    assert three - two == two - one


def test_the_statements_of_an_import_do_not_grow_with_the_runs_that_it_starts(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    def statements(count: int) -> int:
        cleared(platform)
        path = write_csv(tmp_path / "deals.csv", rows(count))
        with platform.database.statements.recording() as sent:
            platform.imports.import_csv(ann, "deal", path)
        assert len(runs_of(platform)) == 2 * count // _ONE_IN + 1
        # Which rules are switched off is asked again once some time has gone by.
        return len([each for each in sent if "fs_rule_state" not in each])

    assert statements(3_000) <= statements(1_500)


def test_a_dry_run_tells_which_rules_an_import_starts_and_how_often_and_starts_none(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    cleared(platform)
    path = write_csv(tmp_path / "deals.csv", rows(100))
    told = platform.imports.import_csv(ann, "deal", path, dry_run=True)
    assert told.rules == {"big": 2, "task": 2, "together": 1}
    assert runs_of(platform) == []
    platform.imports.import_csv(ann, "deal", path)
    assert Counter(run["rule"] for run in runs_of(platform)) == told.rules


def test_which_rules_a_bulk_act_may_start_follows_from_the_fields_it_changes(platform: Platform) -> None:
    release = platform.releases.current()
    index, parts = platform.automation.index(release), platform.records.parts(release)

    def told(*names: str) -> dict[str, HowOften]:
        changed = changed_with(parts, "deal", names)
        found = coming_rules(index, "deal", [SaveKind.UPDATED], changed)
        return {each.program.name: each.often for each in found}

    before = {"prepare": HowOften.IN_SAVE}
    assert told("note") == before
    assert told("stage") == {**before, "done": HowOften.EACH}
    assert told("amount") == {**before, "big": HowOften.EACH}


def test_a_run_of_a_batch_tells_the_order_of_its_saves_and_its_records(sqlite_url: str, tmp_path: Path) -> None:
    rules = """
        rule together when deal is created then create job { subject: "{count(records)}" } bulk once
        rule each when deal is created then log "x"
    """
    with shop(sqlite_url, tmp_path, rules) as platform:
        records = platform.records
        given = [SaveRow(values={"name": f"deal {number}"}) for number in range(3)]
        made = records.save_many(system_actor(), "deal", given, all_or_nothing=True)
        ids = [str(each.id) for each in made.rows]
        do_runs(platform)
        (run,) = [each for each in runs_of(platform) if each["rule"] == "together"]
        trace = platform.automation.runs.get(system_actor(), run["id"])
        assert [step.number for step in trace.order] == list(range(1, 12))
        named = {step.number: step.names for step in trace.order}
        assert (named[9], named[11]) == (("each", "together"), ("together",))
        assert (sorted(trace.records), trace.record_count) == (sorted(ids), 3)
        (alone,) = [each for each in runs_of(platform) if each["rule"] == "each"][:1]
        assert platform.automation.runs.get(system_actor(), alone["id"]).records == ()
