"""The way of a newcomer: a new app, a first administrator, pages, and README's ten lines, by commands alone."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.processes import Client, signed_in
from tests.support.sales import SALES
from tests.support.served import PASSWORD
from tests.support.server_process import running_server
from ui.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(sqlite_url: str, tmp_path: Path) -> Mapping[str, str]:
    return {
        "FIELDSTONE_DATABASE_URL": sqlite_url,
        "FIELDSTONE_DATA_FOLDER": str(tmp_path / "data"),
        "FIELDSTONE_SECRET_KEY": "k" * 40,
    }


def command(folder: Path, environment: Mapping[str, str], *arguments: str, stdin: str = "") -> Result:
    """Call `fieldstone` in a folder, in this process, which is much faster than one of its own."""
    with chdir(folder):
        return CliRunner().invoke(main, list(arguments), env=dict(environment), input=stdin)


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.promise("APP-01")
@pytest.mark.parametrize("made_by", ["fieldstone new", "hand"])
def test_a_folder_is_a_whole_app_with_list_form_record_page_and_api(
    made_by: str, tmp_path: Path, environment: Mapping[str, str]
) -> None:
    if made_by == "hand":
        (tmp_path / "crm" / "objects").mkdir(parents=True)
        (tmp_path / "crm" / "app.yaml").write_text("app: crm\nversion: 1.0.0\n", "utf-8")
        text = "object: request\nfields:\n  name: {type: text, required: true}\n"
        (tmp_path / "crm" / "objects" / "request.yaml").write_text(text, "utf-8")
    else:
        assert command(tmp_path, environment, "new", "crm").exit_code == 0
    before = contents(tmp_path / "crm")
    assert not [name for name in before if name.endswith((".py", ".pyc"))]
    assert command(tmp_path, environment, "check", "crm").exit_code == 0
    with running_server(["serve", "crm", "--port", "0"], tmp_path, environment=dict(environment)) as server:
        wait_for_hint(server.lines)
        client = first_administrator(server.address, tmp_path, environment)
        form = client.get("/o/request/new")
        assert form.status == 200
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
        assert token is not None
        saved = client.post_form("/o/request/new", {"csrf_token": token[1], "name": "Fix the gate"})
        assert saved.status == 303, saved.text
        assert "Fix the gate" in client.get("/o/request").text
        assert "Fix the gate" in client.get(saved.headers["Location"]).text
        api = Client(server.address, api_token(tmp_path, environment))
        listed = api.get("/api/v1/records/request").json["items"]
        assert [item["name"] for item in listed] == ["Fix the gate"]
    assert contents(tmp_path / "crm") == before


def wait_for_hint(lines: list[str]) -> None:
    """Wait until the server has said how the first administrator is made."""
    end = time.monotonic() + 60
    while not any("fieldstone users add" in line for line in lines):
        assert time.monotonic() < end, "the server says nothing of a first administrator"
        time.sleep(0.05)


def first_administrator(address: str, folder: Path, environment: Mapping[str, str]) -> Client:
    """Make the first administrator as the server says, and sign in."""
    arguments = ("users", "add", "you@example.com", "--role", "administrator", "--password-stdin")
    added = command(folder, environment, *arguments, stdin=PASSWORD + "\n")
    assert added.exit_code == 0, added.output
    return signed_in(address, "you")


def api_token(folder: Path, environment: Mapping[str, str]) -> str:
    """Make an API token for the administrator."""
    made = command(folder, environment, "tokens", "create", "you@example.com")
    assert made.exit_code == 0
    return made.stdout.strip().splitlines()[-1]


def readme_blocks() -> tuple[str, str, str]:
    """Give the field, the rule, and the mistake with its answer of README's section of ten lines."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    section = text.split("## Ten lines")[1].split("\n## ")[0]
    blocks = re.findall(r"```\w*\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 3, "README's section changed; follow it"
    return blocks[0], blocks[1], blocks[2]


def test_the_ten_lines_of_the_readme_do_what_it_says(tmp_path: Path, environment: Mapping[str, str]) -> None:
    field, rule, mistake = readme_blocks()
    assert len((field + rule).splitlines()) <= 10
    shutil.copytree(SALES, tmp_path / "sales", ignore=shutil.ignore_patterns("__pycache__"))
    objects, rules = (tmp_path / "sales" / name for name in ("objects/opportunity.yaml", "rules/deals.rules"))
    objects.write_text(objects.read_text("utf-8").replace("\nfields:\n", f"\nfields:\n{field}", 1), "utf-8")
    before = rules.read_text("utf-8")
    rules.write_text(f"{before}\n{rule}", "utf-8")
    for name in ("check", "plan", "apply"):
        done = command(tmp_path, environment, name, "sales")
        assert done.exit_code == 0, done.output
    wrong = rule.replace("if budget_holder", "if budget_holdr")
    rules.write_text(wrong, "utf-8")
    checked = command(tmp_path, environment, "check", "sales")
    assert checked.exit_code == 1
    for line in mistake.strip("\n").splitlines():
        assert line.rstrip() in [each.rstrip() for each in checked.output.splitlines()], checked.output


def test_commands_say_by_their_exit_code_what_went_wrong(tmp_path: Path, environment: Mapping[str, str]) -> None:
    def code(*arguments: str, **more: str) -> int:
        return command(tmp_path, {**environment, **more}, *arguments).exit_code

    assert code("new", "crm") == 0
    assert code("check", "crm") == 0
    assert code("check", "nowhere") == 1
    assert code("new", "Not A Name") == 1
    assert code("apply") == 2
    assert code("serve", "--port", "0") == 2
    unreachable = "postgresql://nobody@127.0.0.1:9/none?connect_timeout=1"
    assert code("apply", "crm", FIELDSTONE_DATABASE_URL=unreachable) == 3
