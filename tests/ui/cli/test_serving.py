"""`serve` in a process of its own: it applies, follows the folder, stops when told, loses nothing when killed."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.server_process import ServerProcess, running_server
from tests.ui.cli.conftest import Call


@pytest.fixture
def installation(call: Call, database_url: str, tmp_path: Path) -> tuple[str, str]:
    """Give a database with a new app and an administrator, and a token of hers."""
    call("new", "my_crm")
    assert call("apply", "my_crm", "--db", database_url).exit_code == 0
    added = call("users", "add", "ann@example.com", "--role", "administrator", "--generate", "--db", database_url)
    assert added.exit_code == 0, added.output
    return database_url, call("tokens", "create", "ann@example.com", "--db", database_url).output.strip()


def ask(server: ServerProcess, token: str, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(f"{server.address}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def test_serve_applies_the_folder_serves_it_and_stops_when_told(call: Call, database_url: str, tmp_path: Path) -> None:
    call("new", "my_crm")
    with running_server(["serve", "my_crm", "--db", database_url, "--port", "0"], tmp_path) as server:
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(server, "none", "/objects")
        assert refused.value.code == 401
        text = "\n".join(server.lines)
        assert "fieldstone users add you@example.com --role administrator" in text
        assert server.stop() == 0


def test_a_broken_folder_is_not_served_and_exits_1(call: Call, database_url: str, tmp_path: Path) -> None:
    call("new", "my_crm")
    (tmp_path / "my_crm" / "roles" / "staff.yaml").write_text("role: staff\nobjects: {nothing: {read: all}}\n")
    result = call("serve", "my_crm", "--db", database_url, "--port", "0")
    assert result.exit_code == 1
    assert "my_crm/roles/staff.yaml:2:" in result.output


def test_without_an_app_and_without_a_release_serve_says_what_to_do(call: Call, database_url: str) -> None:
    result = call("serve", "--db", database_url, "--port", "0")
    assert result.exit_code == 2
    assert "name an app folder" in result.output


@pytest.mark.faults
def test_a_server_killed_after_an_acknowledged_write_has_lost_nothing(
    installation: tuple[str, str], tmp_path: Path
) -> None:
    database_url, token = installation
    acknowledged: list[str] = []
    with running_server(["serve", "--db", database_url, "--port", "0"], tmp_path) as server:

        def write_until_killed() -> None:
            for number in range(10_000):
                try:
                    made = ask(server, token, "/records/account", {"name": f"Kept {number}"})
                except (OSError, ValueError):
                    return
                acknowledged.append(made["id"])

        writer = threading.Thread(target=write_until_killed)
        writer.start()
        while len(acknowledged) < 15 and writer.is_alive():
            time.sleep(0.01)
        server.kill()
        writer.join(timeout=30)
    assert len(acknowledged) >= 15
    with running_server(["serve", "--db", database_url, "--port", "0"], tmp_path) as server:
        for record_id in acknowledged:
            assert ask(server, token, f"/records/account/{record_id}?fields=name")["name"].startswith("Kept ")
        counted = ask(server, token, "/records/account?count=exact&limit=1")["count"]["value"]
        assert len(acknowledged) <= counted <= len(acknowledged) + 1


def test_watch_publishes_a_changed_folder_and_a_broken_one_leaves_the_release(
    installation: tuple[str, str], tmp_path: Path
) -> None:
    database_url, token = installation
    path = tmp_path / "my_crm" / "objects" / "request.yaml"
    arguments = ["serve", "my_crm", "--db", database_url, "--port", "0", "--watch"]
    with running_server(arguments, tmp_path) as server:

        def fields() -> set[str]:
            return {field["name"] for field in ask(server, token, "/objects/request")["fields"]}

        assert "effort" not in fields()
        good = path.read_text()
        path.write_text(good.replace("  due: ", "  effort:   {type: integer}\n  due: "))
        wait_until(lambda: "effort" in fields())
        path.write_text("object: request\nfields: {name: {type: nothing}}\n")
        wait_until(lambda: any("not applied" in line for line in server.lines))
        assert "effort" in fields()


def wait_until(holds: Any, timeout_s: float = 90) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
