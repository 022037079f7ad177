"""`new` makes an app that checks; `check` shows every problem with its place and exits 1 on errors."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ui.cli.conftest import Call


def test_a_new_app_checks_without_a_problem_and_holds_no_code(call: Call, tmp_path: Path) -> None:
    made = call("new", "my_crm")
    assert made.exit_code == 0, made.output
    files = {
        path.relative_to(tmp_path / "my_crm").as_posix() for path in (tmp_path / "my_crm").rglob("*") if path.is_file()
    }
    assert {"app.yaml", "objects/request.yaml", "roles/staff.yaml", "menus.yaml", "rules/requests.rules"} <= files
    assert not [name for name in files if name.endswith(".py")]
    assert "app: my_crm" in (tmp_path / "my_crm" / "app.yaml").read_text()
    checked = call("check", "my_crm")
    assert checked.exit_code == 0, checked.output
    assert checked.output.startswith("ok: ")
    assert call("fmt", "--check", "my_crm").exit_code == 0


def test_a_wrong_name_or_a_full_folder_is_refused(call: Call, tmp_path: Path) -> None:
    assert call("new", "My-CRM").exit_code == 1
    assert "give yours another name" in call("new", "core").output
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "keep.txt").write_text("mine")
    refused = call("new", "full")
    assert refused.exit_code == 1
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["keep.txt"]


def test_check_shows_each_problem_with_place_line_and_caret(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    path.write_text(path.read_text().replace("to: account", "to: acount").replace('state != "done"', 'stat != "done"'))
    result = call("check", "my_crm")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    first = next(index for index, line in enumerate(lines) if "acount" in line)
    assert lines[first].startswith("my_crm/objects/request.yaml:10:")
    assert "did you mean 'account'?" in lines[first]
    caret = next(line for line in lines[first + 1 :] if set(line.strip()) == {"^"})
    source = lines[lines.index(caret) - 1]
    assert source[caret.index("^") :].startswith("acount")
    assert lines[-1] == "1 error, 0 warnings"


def test_check_gives_json_for_programs(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    (tmp_path / "my_crm" / "roles" / "staff.yaml").write_text("role: staff\nobjects:\n  nothing: {read: all}\n")
    result = call("check", "my_crm", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["ok"] is False
    assert {"file", "line", "column", "code", "severity", "message", "hint"} == set(found["problems"][0])


def test_an_expression_mistake_in_a_rule_file_is_found_by_check(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    path = tmp_path / "my_crm" / "rules" / "requests.rules"
    path.write_text(path.read_text().replace("if due is empty", "if deu is empty"))
    result = call("check", "my_crm")
    assert result.exit_code == 1
    assert "my_crm/rules/requests.rules:4:6" in result.output
    assert "'due'" in result.output


def test_a_folder_that_is_not_there_is_a_problem_of_its_own(call: Call) -> None:
    assert call("check", "nowhere").exit_code == 1


def test_a_cause_is_said_before_what_follows_from_it_in_other_files(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    path.write_text(path.read_text().replace("to: account", "to: acount"))
    (tmp_path / "my_crm" / "extensions").mkdir()
    extension = "extends: account\nfields:\n  asked: {type: rollup, of: requests, function: count}\n"
    (tmp_path / "my_crm" / "extensions" / "account.yaml").write_text(extension)
    places = [line.split(" ")[0] for line in call("check", "my_crm").output.splitlines() if line.startswith("my_crm/")]
    assert [place.split(":")[0] for place in places] == [
        "my_crm/objects/request.yaml",
        "my_crm/extensions/account.yaml",
    ]
