"""The language server, driven over the protocol: a process, its pipes, unsaved texts, Chinese in the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.lsp_client import LspClient
from tests.support.platforms import write_files

DEAL = """object: deal
label: {en: Deal, zh: 商机}
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
  amount: {type: money}
  account: {type: lookup, to: account, inverse: deals}
  stage: {type: choice, options: [open, won, lost]}
  big: {type: boolean, label: {en: Big, zh: 大单𠮷}, formula: amount > 100}
views:
  mine: {columns: [name, account.name], where: owner = user}
"""
RULES = """rule won
  when deal.stage changes to "won"
  if amount > 10 and account.name is not empty
  then set name = upper(name)
"""
FILES = {
    "app.yaml": "app: demo\nversion: 1.0.0\nlanguages: [en, zh]\ncurrency: CNY\n",
    "objects/deal.yaml": DEAL,
    "rules/deals.rules": RULES,
    "roles/rep.yaml": "role: rep\nobjects: {deal: {read: all}}\n",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LspClient]:
    client = LspClient(tmp_path_factory.mktemp("editor"))
    yield client
    client.close()


@pytest.fixture
def editor(session: LspClient, folder: Path) -> LspClient:
    """One process serves all tests, each with a folder of its own."""
    return session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path / "demo", FILES)
    return tmp_path / "demo"


def labels(found: dict[str, Any]) -> set[str]:
    return {item["label"] for item in found["items"]}


def after(text: str, part: str) -> tuple[int, int]:
    """Give line and UTF-16 character right after a part of a text."""
    offset = text.index(part) + len(part)
    line = text.count("\n", 0, offset)
    start = text.rfind("\n", 0, offset) + 1
    return line, len(text[start:offset].encode("utf-16-le")) // 2


def test_problems_come_while_typing_and_go_when_they_are_mended(editor: LspClient, folder: Path) -> None:
    path = folder / "objects" / "deal.yaml"
    editor.open(path)
    broken = DEAL.replace("formula: amount > 100", "formula: amuont > 100").replace("to: account", "to: acount")
    editor.change(path, broken)
    found = {problem["code"]: problem for problem in editor.problems_of(path)}
    assert found["OBJ201"]["message"] == "'acount' is not an object; did you mean 'account'?"
    editor.change(path, DEAL.replace("amount > 100", "amuont > 100"))
    problem = editor.problems_of(path)[0]
    assert problem["code"] == "EXP201"
    # Two of the characters before it are outside of the plane that UTF-16 holds in one unit.
    line, character = after(DEAL, "大单𠮷}, formula: ")
    assert problem["range"]["start"] == {"line": line, "character": character}
    assert problem["range"]["end"] == {"line": line, "character": character + len("amuont")}
    editor.change(path, DEAL)
    assert editor.problems_of(path) == []
    assert path.read_text("utf-8") == DEAL


@pytest.mark.promise("RUL-27")
def test_problems_of_a_rules_file_come_too(editor: LspClient, folder: Path) -> None:
    path = folder / "rules" / "deals.rules"
    editor.open(path, RULES.replace("amount > 10", "amuont > 10"))
    assert [problem["code"] for problem in editor.problems_of(path)] == ["EXP201"]


def test_an_unsaved_object_is_known_to_the_rules(editor: LspClient, folder: Path) -> None:
    deal, rules = folder / "objects" / "deal.yaml", folder / "rules" / "deals.rules"
    editor.open(deal, DEAL.replace("  amount:", "  score: {type: integer}\n  amount:"))
    text = RULES.replace("if amount > 10", "if sc")
    editor.open(rules, text)
    editor.problems_of(rules)
    assert "score" in labels(editor.at("completion", rules, *after(text, "if sc")))


@pytest.mark.parametrize(
    ("old", "new", "cursor", "wanted", "unwanted"),
    [
        (
            "  amount: {type: money}",
            "  amount: {type: money, }",
            "type: money, ",
            {"required", "default", "min"},
            "fields",
        ),
        (
            "  amount: {type: money}",
            "  amount: {type: mon}",
            "amount: {type: mon",
            {"money", "lookup", "choice"},
            "stage",
        ),
        ("to: account", "to: acc", "to: acc", {"account", "deal", "user"}, "amount"),
        ("columns: [name, account.name]", "columns: [name, account.]", "account.", {"name", "phone", "owner"}, "stage"),
        ("formula: amount > 100", "formula: am", "formula: am", {"amount", "stage", "coalesce", "not"}, "required"),
        ("formula: amount > 100", "formula: account.", "formula: account.", {"name", "owner"}, "stage"),
        ("formula: amount > 100", "formula: 'stage = \"", "'stage = \"", {"open", "won", "lost"}, "amount"),
        ("views:", "vi", "\nvi", {"views", "layout", "validations"}, "amount"),
    ],
)
def test_completion_fits_the_place(
    editor: LspClient, folder: Path, old: str, new: str, cursor: str, wanted: set[str], unwanted: str
) -> None:
    path = folder / "objects" / "deal.yaml"
    editor.open(path)
    text = DEAL.replace(old, new)
    editor.at("hover", path, 0, 0)
    editor.change(path, text)
    found = labels(editor.at("completion", path, *after(text, cursor)))
    assert wanted <= found
    assert unwanted not in found


@pytest.mark.promise("RUL-27")
def test_completion_in_rules_knows_fields_functions_and_options(editor: LspClient, folder: Path) -> None:
    path = folder / "rules" / "deals.rules"
    text = RULES.replace("name = upper(name)", 'stage = "')
    editor.open(path, text)
    assert {"open", "won", "lost"} <= labels(editor.at("completion", path, *after(text, 'set stage = "')))
    assert {"name", "phone"} <= labels(editor.at("completion", path, *after(text, "and account.")))
    assert {"amount", "upper", "notify"} <= labels(editor.at("completion", path, *after(text, "  if ")))
    # A trigger names the object before the field.
    assert {"name", "stage"} <= labels(editor.at("completion", path, *after(text, "when deal.")))
    assert labels(editor.at("completion", path, *after(text, 'when deal.stage changes to "'))) == {
        "open",
        "won",
        "lost",
    }


@pytest.mark.promise("RUL-27")
def test_hover_says_type_label_and_what_a_function_does(editor: LspClient, folder: Path) -> None:
    rules, deal = folder / "rules" / "deals.rules", folder / "objects" / "deal.yaml"
    editor.open(rules)
    editor.open(deal)

    def said(path: Path, text: str, part: str) -> str:
        found = editor.at("hover", path, *after(text, part))
        return str(found["contents"]["value"]) if found else ""

    assert said(rules, RULES, "if amou") == "deal.amount: money, “Amount”"
    assert said(rules, RULES, "account.na").startswith("account.name: text, “")
    assert said(rules, RULES, "when deal.sta") == "deal.stage: choice (open, won, lost), “Stage”"
    assert said(rules, RULES, "name = upp").startswith("upper(")
    assert said(deal, DEAL, "formula: amo") == "deal.amount: money, “Amount”"
    assert said(deal, DEAL, "\n  na") == "deal.name: text, “Name / 名称”"
    assert said(deal, DEAL, "to: acc").startswith("object: ")
    assert said(deal, DEAL, "{en: Deal, zh: 商") == ""


@pytest.mark.promise("RUL-27")
def test_definition_goes_to_the_line_of_a_field_an_object_and_into_core(editor: LspClient, folder: Path) -> None:
    rules, deal = folder / "rules" / "deals.rules", folder / "objects" / "deal.yaml"
    editor.open(rules)
    editor.open(deal)
    field = editor.at("definition", rules, *after(RULES, "if amou"))
    assert field["uri"] == deal.as_uri()
    assert field["range"]["start"] == {"line": 4, "character": 2}
    core = editor.at("definition", deal, *after(DEAL, "to: acc"))
    assert core["uri"].endswith("/core/objects/account.yaml")
    assert core["range"]["start"]["line"] == 0
    assert editor.at("definition", deal, *after(DEAL, "{en: Deal, zh: 商")) is None


def test_a_file_outside_of_any_app_is_let_alone(editor: LspClient, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    editor.open(path, "a: [")
    assert editor.at("completion", path, 0, 1)["items"] == []
    assert editor.at("hover", path, 0, 0) is None
