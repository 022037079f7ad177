"""Runs whose row holds what no program wrote are parked, and what comes after them is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from engine.automation.run_state import RunState
from engine.automation.run_views import RunFilter
from tests.support.automation import do_runs, person, rows_of, runs_of, shop


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("snapshot", "[1, 2]"),
        ("snapshot", '{"facts": {"$money": 5}}'),
        ("position", "7"),
        ("cause", "5"),
    ],
)
def test_a_run_that_cannot_be_read_is_parked_with_its_reason_and_others_are_done(
    column: str, content: str, database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created then set note = "x"') as platform:
        boss = person(platform, "bob", "boss")
        for number in range(3):
            platform.records.create(boss, "deal", {"name": str(number)})
        broken = runs_of(platform)[1]["id"]
        with platform.database.write() as connection:
            change = text(f"UPDATE fs_run SET {column} = :content WHERE id = :id")
            if connection.dialect.name == "postgresql":
                change = text(f"UPDATE fs_run SET {column} = CAST(:content AS jsonb) WHERE id = CAST(:id AS uuid)")
            connection.execute(change, {"content": content, "id": broken})
        segments = platform.automation.segments("test", lambda: False)
        assert segments(broken, 0) == "parked"
        do_runs(platform)
        runs = {run["id"]: run for run in runs_of(platform)}
        assert sorted(run["state"] for run in runs.values()) == ["done", "done", "failed"]
        assert runs[broken]["error"].startswith(f"The run cannot be read ({column})")
        assert sorted(str(row["note"]) for row in rows_of(platform, "deal")) == ["None", "x", "x"]
        log = platform.automation.runs
        (listed,) = log.list(boss, RunFilter(state=RunState.FAILED)).rows
        assert listed.reason == runs[broken]["error"]
        assert log.get(boss, broken).summary.id == broken
        assert log.retry_many(boss, [broken]) == 0
        assert log.dismiss_many(boss, [broken]) == 1
