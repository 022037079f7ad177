"""`plan` says its changes in sentences, and of a new object no more than that; `apply` tells what it could not load."""

from __future__ import annotations

from pathlib import Path

from tests.ui.cli.conftest import Call

FIELD = "  due:      {type: date"


def test_a_plan_says_changes_in_sentences_and_not_by_names_of_classes(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    assert call("apply", "my_crm").exit_code == 0
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    text = path.read_text().replace(FIELD, f"  urgent: {{type: boolean}}\n{FIELD}")
    path.write_text(
        text.replace("  value:    {", "  worth:    {was: value, ")
        .replace("value", "worth")
        .replace("was: worth", "was: value")
    )
    result = call("plan", "my_crm")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "field request.urgent added" in lines
    assert "field request.value renamed to worth" in lines
    assert "view open_requests of request changed" in lines
    assert "layout of request changed" in lines
    assert any(line.startswith("  add column") for line in lines)
    assert "None" not in result.output
    assert "Added" not in result.output


def test_a_plan_for_an_empty_database_leaves_out_what_belongs_to_new_tables(call: Call) -> None:
    call("new", "my_crm")
    lines = call("plan", "my_crm").output.splitlines()
    assert "object request added" in lines
    assert any("create table my_crm_request" in line for line in lines)
    assert not [line for line in lines if "create index" in line or "point at" in line]


def test_apply_tells_which_rows_of_data_files_were_refused_and_publishes(call: Call, tmp_path: Path) -> None:
    call("new", "my_crm")
    (tmp_path / "my_crm" / "data").mkdir()
    (tmp_path / "my_crm" / "data" / "accounts.yaml").write_text(
        "object: account\nrecords:\n  - {code: A1, name: Acme}\n  - {code: A3, name: Three, employees: many}\n"
    )
    result = call("apply", "my_crm")
    assert result.exit_code == 0, result.output
    assert "my_crm/data/accounts.yaml:4:5 APP822 warning: 'employees': " in result.stderr
    assert "  - {code: A3, name: Three, employees: many}" in result.stderr
    assert "published release 1" in result.output
