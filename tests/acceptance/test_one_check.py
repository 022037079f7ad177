"""One `fieldstone check` tells every mistake of a folder, for people and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.metadata_corpus import MetadataCase, metadata_cases
from ui.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]


def twenty_mistakes() -> MetadataCase:
    """Give the case of the corpus that has them all."""
    (case,) = [case for case in metadata_cases() if case.topic == "all_at_once"]
    return case


def documented_codes() -> set[str]:
    """Give the codes that have a line in the docs."""
    pages = (REPOSITORY / "docs").glob("errors_*.md")
    return {code for page in pages for code in re.findall(r"^\| `?([A-Z]{3}\d{3})`? \|", page.read_text("utf-8"), re.M)}


@pytest.mark.promise("LIF-01")
def test_one_check_lists_all_of_twenty_mistakes_in_order_for_people_and_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = twenty_mistakes()
    for name, text in case.sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["check", "demo"])
    assert shown.exit_code == 1
    for problem in case.problems:
        assert problem in shown.output
    told = CliRunner().invoke(main, ["check", "demo", "--json"])
    assert told.exit_code == 1
    found = json.loads(told.stdout)["problems"]
    errors = [each for each in found if each["severity"] == "error"]
    assert len(errors) >= 20
    assert len({each["file"] for each in errors}) >= 8
    places = [(each["file"], each["line"], each["column"]) for each in found]
    assert places == sorted(places)
    assert all({"code", "file", "line", "column", "hint"} <= set(each) for each in found)
    assert {each["code"] for each in found} <= documented_codes()
    for folder in (REPOSITORY / "sample_apps").iterdir():
        if (folder / "app.yaml").is_file():
            assert CliRunner().invoke(main, ["check", str(folder)]).exit_code == 0, folder.name
