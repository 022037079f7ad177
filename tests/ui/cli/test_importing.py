"""`import` loads a CSV file, says what it did, and a second time changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.cli.conftest import Call

ROWS = """subject,client,worth,until
Pump fails,ACME,1200.50,2026-03-01
Valve leaks,Nobody knows,10,2026-03-02
,ACME,20,2026-03-03
"""
MAPPING = """object: request
match: name
columns:
  subject: name
  client: {field: account, find_by: name}
  worth: {field: value, currency: USD}
  until: due
"""


@pytest.fixture
def applied(call: Call, database_url: str, tmp_path: Path) -> str:
    """Give a database with a new app and one account, and the files to import."""
    call("new", "my_crm")
    assert call("apply", "my_crm", "--db", database_url).exit_code == 0
    (tmp_path / "accounts.csv").write_text("name\nACME\n")
    loaded = call("import", "account", "accounts.csv", "--db", database_url)
    assert loaded.exit_code == 0, loaded.output
    assert "account: 1 rows, 1 created" in loaded.output
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "map.yaml").write_text(MAPPING)
    return database_url


def test_rows_are_loaded_and_refused_ones_go_to_the_errors_file_with_line_and_reason(
    call: Call, applied: str, tmp_path: Path
) -> None:
    arguments = ("import", "request", "rows.csv", "--map", "map.yaml", "--errors", "refused.csv", "--db", applied)
    dry = call(*arguments, "--dry-run")
    assert "1 created, 0 updated, 0 unchanged, 2 refused (dry run, nothing written)" in dry.output
    done = call(*arguments)
    assert done.exit_code == 1
    assert "request: 3 rows, 1 created, 0 updated, 0 unchanged, 2 refused" in done.output
    assert "line 3" in done.output
    refused = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert refused[0].startswith("line,column,value,reason,subject")
    assert [line.split(",")[0] for line in refused[1:]] == ["3", "4"]
    again = json.loads(call(*arguments, "--json").stdout)
    assert (again["created"], again["updated"], again["unchanged"], again["refused"]) == (0, 0, 1, 2)


CANNOT_BE: dict[tuple[str, ...], int] = {
    ("import", "requst", "rows.csv"): 1,
    ("import", "request", "nowhere.csv"): 2,
    ("import", "request", "rows.csv"): 1,
    ("import", "request", "map.yaml"): 1,
    ("export", "request", "--language", "xx"): 1,
    ("import", "request", "rows.csv", "--map", "map.yaml", "--as", "nobody@example.com"): 1,
}


def test_what_cannot_be_imported_says_why(call: Call, applied: str) -> None:
    # One app for all: making it takes longer than the cases.
    for arguments, code in CANNOT_BE.items():
        result = call(*arguments, "--db", applied)
        assert result.exit_code == code, (arguments, result.output)
        assert "Traceback" not in result.output, arguments
