"""`check --strict` lists the texts that lack a language; `explain definition` says who overrode what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.platforms import write_files
from tests.ui.cli.conftest import Call

DEAL = """object: deal
label: {en: Deal, zh: 商机}
plural: Deals
fields:
  name: {type: text, label: {en: Name, zh: 名称}}
  stage: {type: choice, label: Stage, options: {open: {label: {en: Open}}, won: {label: {en: Won, zh: 赢单}}}}
validations:
  - {name: named, check: name is not empty, message: A name please.}
"""
APP = "app: {name}\nversion: 1.0.0\nlabel: {{en: A, zh: 甲}}\nlanguages: [en, zh]\n"


def deals(folder: Path, files: dict[str, str] | None = None) -> None:
    write_files(folder, {"app.yaml": APP.format(name="deals"), "objects/deal.yaml": DEAL, **(files or {})})


@pytest.mark.promise("APP-11")
def test_each_text_without_a_declared_language_is_listed_with_its_place(call: Call, tmp_path: Path) -> None:
    deals(tmp_path / "deals")
    quiet = call("check", "deals")
    assert quiet.exit_code == 0
    assert quiet.output.splitlines()[0] == "4 texts without 'zh'; --strict lists them"
    strict = call("check", "deals", "--strict")
    assert strict.exit_code == 1
    told = [line for line in strict.output.splitlines() if "APP462" in line]
    assert told == [
        "deals/objects/deal.yaml:3:9 APP462 the plural of 'deal' has no text in 'zh'",
        "deals/objects/deal.yaml:6:32 APP462 the field 'deal.stage' has no text in 'zh'",
        "deals/objects/deal.yaml:6:68 APP462 the option 'deal.stage.open' has no text in 'zh'",
        "deals/objects/deal.yaml:8:54 APP462 the message of 'deal.named' has no text in 'zh'",
    ]
    assert json.loads(call("check", "deals", "--json").output)["missing"] == {"zh": 4}


def test_texts_of_a_translation_file_count(call: Call, tmp_path: Path) -> None:
    stage = "{label: 阶段, options: {open: 进行中}}"
    texts = f"objects: {{deal: {{plural: 商机, fields: {{stage: {stage}}}, validations: {{named: 请填}}}}}}\n"
    deals(tmp_path / "deals", {"translations/zh.yaml": texts})
    strict = call("check", "deals", "--strict")
    assert strict.exit_code == 0, strict.output
    assert strict.output.startswith("ok: ")


@pytest.mark.promise("OBJ-30")
def test_who_said_what_of_an_object_is_listed_by_priority(call: Call, tmp_path: Path) -> None:
    deals(tmp_path / "deals")
    for name, rank, label in (("first", 10, "Kind"), ("second", 20, "State")):
        extension = (
            f"extends: deal\npriority: {rank}\nfields:\n  stage: {{label: {label}}}\n"
            f"  {name}: {{type: text}}\nsearch: [{name}]\n"
            f"validations:\n  - {{name: v_{name}, check: {name} is not empty, message: No}}\n"
            f"layout: {{highlights: [{name}]}}\nviews: {{of_{name}: {{columns: [{name}]}}}}\n"
        )
        app = APP.format(name=name) + "depends: {deals: '>=1.0'}\n"
        write_files(tmp_path / name, {"app.yaml": app, "extensions/deal.yaml": extension})
    folders = ("second", "first", "deals")
    assert call("check", *folders).exit_code == 0
    shown = call("explain", "definition", "deal.stage.label", *folders).output.splitlines()
    assert shown == [
        "fields.stage.label: Stage  (deals, deals/objects/deal.yaml:6:32) overridden",
        "fields.stage.label: Kind  (first, priority 10, first/extensions/deal.yaml:4:18) overridden",
        "fields.stage.label: State  (second, priority 20, second/extensions/deal.yaml:4:18) overrides",
    ]
    whole = json.loads(call("explain", "definition", "deal", *folders, "--json").output)
    parts = {part["part"]: part for part in whole}
    assert [s["app"] for s in parts["search"]["statements"]] == ["first", "second"]
    assert not parts["search"]["overridden"]
    assert {"fields.first.type", "views.of_second.columns", "layout.highlights", "validations"} <= parts.keys()
    (tmp_path / "second" / "extensions" / "deal.yaml").write_text("extends: deal\nfields: {first: {type: date}}\n")
    refused = call("check", *folders)
    assert refused.exit_code == 1
    assert "second/extensions/deal.yaml:2:10 OBJ231" in refused.output
    assert "first/extensions/deal.yaml:5:3" in refused.output


def test_an_unknown_definition_has_its_nearest_name(call: Call, tmp_path: Path) -> None:
    deals(tmp_path / "deals")
    assert "did you mean 'deal'?" in call("explain", "definition", "dael", "deals").output
    assert "did you mean 'stage'?" in call("explain", "definition", "deal.stge", "deals").output
