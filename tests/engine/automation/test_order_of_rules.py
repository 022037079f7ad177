"""Rules of one event run by priority, then name, whichever file they stand in; an inactive one is checked, not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ReleaseRefused
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from tests.support.platforms import write_files

FIRST = """
    rule d before deal is created then set note = note & "d"
    rule b before deal is created then set note = note & "b" priority 5
    rule later when deal is created then create job { subject: "later" } priority 2
    rule beta when deal is created then create job { subject: "beta" }
    """
SECOND = """
    rule a before deal is created then set note = note & "a" priority 9
    rule c before deal is created then set note = note & "c" priority 5
    rule e before deal is created then set note = note & "e"
    rule alpha when deal is created then create job { subject: "alpha" }
    rule first when deal is created then create job { subject: "first" } priority 1
    rule off when deal is created then create job { subject: "off" } inactive
    rule off_before before deal is created then set note = "off" inactive
    """


@pytest.mark.promise("RUL-16")
@pytest.mark.parametrize("swapped", [False, True])
def test_rules_run_by_priority_then_name_whichever_file_they_stand_in(
    swapped: bool, database_url: str, tmp_path: Path
) -> None:
    one, other = (SECOND, FIRST) if swapped else (FIRST, SECOND)
    with shop(database_url, tmp_path, one, files={"rules/zz.rules": other}) as platform:
        ann = person(platform, "ann", "rep")
        platform.records.create(ann, "deal", {"name": "A", "note": "-"})
        do_runs(platform)
        assert [row["note"] for row in rows_of(platform, "deal")] == ["-debca"]
        assert [run["rule"] for run in runs_of(platform)] == ["alpha", "beta", "first", "later"]
        assert {row["subject"] for row in rows_of(platform, "job")} == {"alpha", "beta", "first", "later"}


@pytest.mark.promise("RUL-16")
def test_an_inactive_rule_is_checked(sqlite_url: str, tmp_path: Path) -> None:
    with shop(sqlite_url, tmp_path, "") as platform:
        write_files(tmp_path / "shop", {"rules/all.rules": "rule off when deal is created then set nmae = 1 inactive"})
        with pytest.raises(ReleaseRefused, match="RUL202 'nmae' is not a field"):
            platform.apply_release([tmp_path / "shop"], author="test")
