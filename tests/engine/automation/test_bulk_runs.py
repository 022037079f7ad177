"""Rules in imports: what is left of rows that were imported is what is left of the same rows created one by one."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from engine.access.actor import Actor
from engine.automation.foretelling import HowOften, changed_with, coming_rules
from engine.platform import Platform
from engine.records.hooks import SaveKind
from tests.support.automation import do_runs, person, rows_of, runs_of, shop

RULES = """
    rule clean before deal is saved then set note = "clean" unless name = "keep"
    rule guard before deal is saved if amount > 900 CNY then add tag "big" else set stage = "proposal"
    rule task when deal is created if count = 1
      then create job { subject: "Call {name}", deal: this, due_on: sent_on + 2 days, assignee: owner } as made
           post comment "To be called: {made.subject}."
    rule big when deal comes to match amount > 900 CNY then set stage = "won", count = 9
    rule done when deal.stage changes to "won" if pieces is empty or pieces = 0
      then create line { deal: this, name: "first", quantity: 2 }
"""
_COLUMNS = ("name", "amount", "count", "sent_on")
_IDS = frozenset(("id", "deal", "about", "tag", "version", "created_at", "modified_at", "created_by", "modified_by"))


def rows(count: int) -> list[dict[str, str]]:
    """Rows of which one in twenty starts a task, one in twenty is big, and some have neither."""
    return [
        {
            "name": f"deal {number}",
            "amount": str(1000 if number % 20 == 3 else number % 800),
            "count": str(number % 20),
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


def left_behind(platform: Platform) -> dict[str, list[str]]:
    """Give what is there, without what differs by chance: records by object and their history, sorted."""
    names = {row["id"]: row["name"] for row in rows_of(platform, "deal")}
    found = {
        key: sorted(json.dumps(_plain(row, names), sort_keys=True, default=str) for row in rows_of(platform, key))
        for key in ("deal", "job", "line", "comment", "tagging")
    }
    log = platform.system.audit
    with platform.database.read() as connection:
        entries = connection.execute(
            select(log.c.object, log.c.record_id, log.c.action, log.c.changes).where(
                log.c.object.in_(["deal", "job", "line", "comment", "tagging"])
            )
        )
        found["history"] = sorted(
            json.dumps([key, names.get(record_id), action, _changes(changes)], sort_keys=True)
            for key, record_id, action, changes in entries
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


def cleared(platform: Platform) -> None:
    tables, system = platform.releases.current().tables, platform.system
    with platform.database.write() as connection:
        for name in ("tagging", "tag", "comment", "job", "line", "deal"):
            connection.execute(delete(tables.of(name).table))
        for table in (system.audit, system.run, system.run_step):
            connection.execute(delete(table))


def one_by_one_and_imported(platform: Platform, ann: Actor, folder: Path, count: int) -> None:
    """Do both, and compare."""
    given = rows(count)
    cleared(platform)
    for row in given:
        platform.records.create(ann, "deal", row, confirm=None)
    do_runs(platform, limit=10 * count)
    single, started = left_behind(platform), Counter(run["rule"] for run in runs_of(platform))
    assert {run["state"] for run in runs_of(platform)} == {"done"}
    cleared(platform)
    result = platform.imports.import_csv(ann, "deal", write_csv(folder / "deals.csv", given))
    assert (result.created, result.refused) == (count, 0)
    do_runs(platform, limit=10 * count)
    assert Counter(run["rule"] for run in runs_of(platform)) == started
    assert set(started) == {"task", "big", "done"}
    imported = left_behind(platform)
    for what, each in single.items():
        assert imported[what] == each, what
    assert len(single["job"]) == len(single["comment"]) == len(single["tagging"]) == count // 20


def test_an_import_of_2_000_rows_with_5_rules_leaves_what_they_leave_one_by_one(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    one_by_one_and_imported(platform, ann, tmp_path, 2_000)


@pytest.mark.soak
def test_an_import_of_100_000_rows_with_5_rules_leaves_what_they_leave_one_by_one(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    one_by_one_and_imported(platform, ann, tmp_path, 100_000)


def test_a_dry_run_tells_which_rules_an_import_starts_and_how_often_and_starts_none(
    platform: Platform, ann: Actor, tmp_path: Path
) -> None:
    cleared(platform)
    path = write_csv(tmp_path / "deals.csv", rows(40))
    told = platform.imports.import_csv(ann, "deal", path, dry_run=True)
    assert told.rules == {"big": 2, "task": 2}
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

    before = {"clean": HowOften.IN_SAVE, "guard": HowOften.IN_SAVE}
    assert told("note") == before
    assert told("stage") == {**before, "done": HowOften.EACH}
    assert told("amount") == {**before, "big": HowOften.EACH}
