"""Whose rights rules have, and who may publish rules with all rights: by API, by plan and apply of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.automation import do_runs
from tests.support.metadata_corpus import demo_sources
from tests.support.served import Served, serve_deals
from ui.cli import main

FILES = {
    "roles/rep.yaml": """
role: rep
objects:
  note: {read: all, create: yes, update: all}
  user: {read: all}
system: [configure, view_runs]
""",
    "roles/boss.yaml": """
role: boss
includes: [rep]
objects:
  secret: {read: all, create: yes}
system: [grant_system]
""",
    "objects/note.yaml": 'object: note\ntitle: "{text}"\nfields:\n  text: {type: text}\n',
    "objects/secret.yaml": 'object: secret\ntitle: "{text}"\nfields:\n  text: {type: text}\n',
}
AS_USER = 'rule tell when note is created then create secret { text: "by {user.email}: {text}" } as user\n'
AS_OWNER, AS_SYSTEM = AS_USER.replace("as user", "as owner"), AS_USER.replace("as user", "as system")
IN_ONE = "blueprint make (word: text) when note is created then create secret { text: word } as system\n"


def _files(rules: str) -> dict[str, str]:
    sources = demo_sources({**FILES, "rules/a.rules": rules})
    return {path: text for path, text in sources.items() if not path.startswith("core/")}


def _write(folder: Path, rules: str) -> Path:
    for path, text in _files(rules).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder / "demo"


def _asked(served: Served, who: str, way: str, rules: str) -> dict[str, Any]:
    answer = served.call(who, "POST", f"/metadata/{way}", json={"files": _files(rules)})
    assert answer.status_code in (200, 422), answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def _codes(answer: dict[str, Any]) -> set[tuple[str, str, int]]:
    return {(each["code"], each["file"], each["line"]) for each in answer["problems"] if each["severity"] == "error"}


def _secrets(served: Served, who: str, text: str) -> list[str]:
    """Let a user make a note, do the runs, and give the secrets made of it."""
    served.make(who, "note", text=text)
    do_runs(served.platform)
    made = served.get("admin", "/records/secret?limit=200").get_json()["items"]
    return [each["text"].rpartition(": ")[0] for each in made if each["text"].endswith(f": {text}")]


@pytest.mark.promise("RUL-17")
def test_a_rule_has_the_rights_it_says_and_only_who_may_grant_it_publishes_one_with_all(
    database_url: str, tmp_path: Path
) -> None:
    app = _write(tmp_path, AS_USER)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        assert _secrets(served, "ann", "one") == []
        (failed,) = served.get("ann", "/runs?state=failed").get_json()["items"]
        assert "secret" in str(failed)
        assert _secrets(served, "boss", "two") == ["by boss@example.com"]
        place = ("RUL432", "demo/rules/a.rules", 1)
        for way in ("plan", "apply"):
            assert _codes(_asked(served, "ann", way, AS_SYSTEM)) == {place}
        planned = _asked(served, "boss", "plan", AS_SYSTEM)
        assert planned["as_system"] == [
            {"rule": "tell", "app": "demo", "file": "demo/rules/a.rules", "line": 1, "new": True}
        ]
        assert planned["safe"]
        assert _asked(served, "boss", "apply", AS_SYSTEM)["release"] == 2
        assert _secrets(served, "ann", "three") == ["by "]
        # Published as it stands, it stops nobody; a changed text does, by way of what it uses too.
        more = AS_SYSTEM + "rule other when note is created then set text = text\n"
        kept = _asked(served, "ann", "plan", more)
        assert kept["safe"]
        assert [each["new"] for each in kept["as_system"]] == [False]
        assert _codes(_asked(served, "ann", "apply", AS_SYSTEM.replace("by ", "of "))) == {place}
        used = _codes(_asked(served, "ann", "apply", IN_ONE + 'use make as made (word: "x")'))
        assert used == {("RUL432", "demo/rules/a.rules", 2)}
        assert _asked(served, "ann", "apply", AS_OWNER)["release"] == 3
        assert _secrets(served, "ann", "four") == []
        assert _secrets(served, "boss", "five") == ["by boss@example.com"]
        assert _codes(_asked(served, "ann", "plan", AS_SYSTEM)) == {place}


def test_actions_of_an_approval_are_granted_as_rules_are(tmp_path: Path) -> None:
    approval = """
        approval keep on note
          step one by role "boss"
          on approve
            create secret { text: text }
    """
    with serve_deals(f"sqlite:///{tmp_path}/a.sqlite", tmp_path, app_folder=_write(tmp_path, AS_USER)) as served:
        told = _asked(served, "ann", "plan", AS_USER + approval)
        assert [each["code"] for each in told["problems"] if each["severity"] == "error"] == ["RUL432"], told
        assert [each["approval"] for each in told["as_system"]] == ["keep"]


def test_the_command_line_shows_what_acts_as_the_system_and_publishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    app = _write(tmp_path, AS_SYSTEM)
    database = ["--db", f"sqlite:///{tmp_path}/cli.sqlite"]
    main(["plan", str(app), *database], standalone_mode=False)
    assert "rule tell acts as system (new or changed)" in capsys.readouterr().out
    main(["apply", str(app), *database], standalone_mode=False)
    assert "published release 1" in capsys.readouterr().out
