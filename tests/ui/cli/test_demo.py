"""`demo` sets the sales app up with data and users, and a second call changes nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import yaml

from tests.support.sales import SALES
from tests.support.server_process import running_server
from tests.ui.cli.conftest import Call
from ui.cli.demo import DEMO_DATABASE, database_line


def test_demo_loads_every_row_prints_its_users_and_serves_again_unchanged(
    call: Call, database_url: str, tmp_path: Path
) -> None:
    first = call("demo", "--db", database_url, "--no-serve")
    assert first.exit_code == 0, first.output
    assert "refused" not in first.output
    assert "ann@demo.example" in first.output
    assert "fieldstone apply FOLDER --db URL" in first.output
    again = call("demo", "--db", database_url, "--no-serve")
    assert "records" not in again.output
    assert len(json.loads(call("releases", "--json", "--db", database_url).stdout)) == 1
    with running_server(["demo", "--db", database_url, "--port", "0"], tmp_path) as server:
        while not any("demo users, all with the password" in line for line in server.lines):
            assert server.process.poll() is None
            time.sleep(0.05)
        assert server.stop() == 0


def test_the_ten_lines_of_the_readme_name_the_database_of_the_demo() -> None:
    root = Path(__file__).resolve().parents[3]
    for name in ("README.md", "README.zh.md"):
        assert f"fieldstone apply sample_apps/sales --db {DEMO_DATABASE}" in (root / name).read_text(encoding="utf-8")
    assert DEMO_DATABASE in database_line(DEMO_DATABASE)
    assert "secret" not in database_line("postgresql://me:secret@db/crm")


def test_roles_of_the_sales_app_that_name_what_is_exported_have_the_right_to_export() -> None:
    roles = {path.stem: path.read_text(encoding="utf-8") for path in (SALES / "roles").glob("*.yaml")}
    documents = {name: yaml.safe_load(text) for name, text in roles.items()}

    def rights(name: str) -> set[str]:
        found = documents[name]
        return set(found.get("system", ())).union(*(rights(each) for each in found.get("includes", ())))

    exporting = [
        name
        for name, document in documents.items()
        if any(grant.get("export", False) not in (False, "no") for grant in document["objects"].values())
    ]
    assert exporting
    assert [name for name in exporting if "export" not in rights(name)] == []
