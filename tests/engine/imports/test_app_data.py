"""The records an app brings: loaded by their external ids, again without a change, refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.types import ListQuery
from tests.support.platforms import applied_platform

FIRM = """
    object: firm
    label: Firm
    title: "{name}"
    fields:
      code: {type: text, external_id: true}
      name: {type: text, required: true}
      employees: {type: integer}
    validations:
      - {name: some, check: employees > 0 or employees is empty, message: A firm has people.}
    """


def ids(platform: Platform) -> dict[str, tuple[str, object]]:
    query = ListQuery(object="firm", fields=("code", "name"), limit=100)
    rows = platform.records.list(system_actor(), query).rows
    assert len({row.values["code"] for row in rows}) == len(rows)
    return {str(row.values["code"]): (row.id, row.values["name"]) for row in rows}


@pytest.mark.promise("APP-12")
def test_data_files_load_by_external_id_again_and_again(database_url: str, tmp_path: Path) -> None:
    csv = "code,name,employees\nA,Acme,1\nB,Beta,2\n"
    lines = ["object: firm", "records:", "  - {code: C, name: 中国公司, employees: 3}", "  - {code: D, name: Delta}"]
    files = {"objects/firm.yaml": FIRM, "data/firm.csv": csv, "data/more.yaml": "\n".join(lines) + "\n"}
    with applied_platform(database_url, tmp_path, files) as platform:
        app = tmp_path / "shop"
        first = ids(platform)
        assert {name for _, name in first.values()} == {"Acme", "Beta", "中国公司", "Delta"}
        # The same lines in another order, with a comment: another release, the same records.
        (app / "data/more.yaml").write_text("\n".join([*lines[:2], lines[3], lines[2]]) + "\n# again\n", "utf-8")
        (app / "data/firm.csv").write_text("code,name,employees\nB,Beta,2\nA,Acme,1\n", "utf-8")
        assert platform.apply_release([app], author="ann").data_problems == ()
        assert ids(platform) == first
        (app / "data/more.yaml").write_text("\n".join([*lines[:3], "  - {code: D, name: Deltas}"]) + "\n", "utf-8")
        (app / "data/firm.csv").write_text(csv.replace("Beta", "Betas"), "utf-8")
        assert platform.apply_release([app], author="ann").data_problems == ()
        changed = {**first, "B": (first["B"][0], "Betas"), "D": (first["D"][0], "Deltas")}
        assert ids(platform) == changed
        (app / "data/firm.csv").write_text(csv + "E,Echo,0\n", "utf-8")
        (app / "data/more.yaml").write_text("\n".join([*lines, "  - {code: F, name: Foxtrot, employees: -1}"]), "utf-8")
        found = platform.apply_release([app], author="ann").data_problems
        assert sorted(str(problem.at) for problem in found) == ["shop/data/firm.csv:4:1", "shop/data/more.yaml:5:5"]
        assert all("A firm has people." in problem.message for problem in found)
        assert {"E", "F"}.isdisjoint(ids(platform))


def test_data_that_a_killed_apply_left_are_loaded_by_the_next(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, {"objects/firm.yaml": FIRM}) as platform:
        app = tmp_path / "shop"
        (app / "data").mkdir()
        (app / "data/firm.csv").write_text("code,name,employees\nA,Acme,1\n", "utf-8")
        # What a process killed between publishing and loading leaves: the release without its data.
        assert platform.applier.apply([app], author="test").is_new
        assert not ids(platform)
        assert not platform.apply_release([app], author="test").is_new
        ((made, name),) = ids(platform).values()
        assert name == "Acme"
        # Once they are loaded, what people change stays.
        platform.records.update(system_actor(), "firm", made, {"name": "Renamed"})
        platform.apply_release([app], author="test")
        assert ids(platform)["A"] == (made, "Renamed")
