"""The live configuration by command and by API: pulled, planned and applied, both the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.settings import load_settings
from tests.support.served import CHEAP, PASSWORD, Served
from tests.ui.cli.conftest import Call
from ui.app import create_app
from ui.security import WebSettings

MEMO = "# What is told.\nobject: memo\nlabel: Memo\nfields:\n  text: {type: text}   # short\n"


@pytest.fixture
def served(call: Call, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """Serve the app of `fieldstone new`, applied by the command line."""
    assert call("new", "my_crm").exit_code == 0
    assert call("apply", "my_crm", "--db", database_url).exit_code == 0
    platform = Platform.open(load_settings(database_url=database_url), accounts=CHEAP)
    try:
        administration = platform.accounts.administration
        administration.create_user(system_actor(), "admin@example.com", password=PASSWORD, roles=("administrator",))
        token = administration.create_token("admin@example.com", name="test")
        yield Served(platform, create_app(platform, WebSettings(secret_key="s" * 40)), {"admin": token})
    finally:
        platform.close()


def files_of(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_text("utf-8") for path in paths}


@pytest.mark.promise("API-14")
def test_the_api_reads_plans_and_applies_what_the_commands_pull_plan_and_apply(
    call: Call, database_url: str, served: Served, tmp_path: Path
) -> None:
    app = tmp_path / "my_crm"
    (app / "objects" / "memo.yaml").write_text(MEMO, "utf-8")
    given = {"files": files_of(app)}
    planned = json.loads(call("plan", "my_crm", "--db", database_url, "--json").stdout)
    assert served.call("admin", "POST", "/metadata/plan", json=given).get_json() == planned
    assert (planned["base"], planned["safe"], planned["empty"]) == (1, True, False)
    assert served.call("admin", "POST", "/metadata/apply", json=given | {"base": 1}).get_json()["release"] == 2
    assert "nothing changed, still release 2" in call("apply", "my_crm", "--db", database_url).output

    pulled = call("pull", "copy", "--db", database_url)
    assert pulled.exit_code == 0, pulled.output
    live = served.get("admin", "/metadata").get_json()
    assert live == {"release": 2, "files": files_of(tmp_path / "copy" / "my_crm")}
    assert live["files"]["my_crm/objects/memo.yaml"] == MEMO
    empty = json.loads(call("plan", "copy/my_crm", "--db", database_url, "--json").stdout)
    assert empty == served.call("admin", "POST", "/metadata/plan", json={"files": live["files"]}).get_json()
    assert empty["empty"]
    a_pull_touches_only_files_that_say_something_else(call, database_url, tmp_path / "copy")


def a_pull_touches_only_files_that_say_something_else(call: Call, database_url: str, folder: Path) -> None:
    app, mine = folder / "my_crm", folder / "my_crm" / "objects" / "mine.yaml"
    same, changed = app / "app.yaml", app / "objects" / "request.yaml"
    published = changed.read_bytes()
    same.write_bytes(same.read_bytes().replace(b"\n", b"\r\n"))
    kept = same.read_bytes()
    changed.write_bytes(published + b"# mine\n")
    mine.write_text(MEMO, "utf-8")
    (app / "README.md").write_text("mine", "utf-8")
    told = call("pull", folder.name, "--db", database_url).output.splitlines()
    assert told[:2] == ["wrote my_crm/objects/request.yaml", "not in the release my_crm/objects/mine.yaml"]
    assert (same.read_bytes(), changed.read_bytes()) == (kept, published)
    assert mine.exists()
    assert "deleted my_crm/objects/mine.yaml" in call("pull", folder.name, "--prune", "--db", database_url).output
    assert not mine.exists()
    assert (app / "README.md").exists()
