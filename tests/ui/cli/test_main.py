"""The command as a whole: its overview, its help, unknown commands, and how fast it starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.ui.cli.conftest import Call
from ui.cli import COMMANDS, main

CONTEXT = click.Context(main)


def all_commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = main.get_command(CONTEXT, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", each) for sub, each in command.commands.items()]
    return found


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_has_help_with_an_example(call: Call, name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"Example: fieldstone {name}" in " ".join(result.output.split())


def test_each_command_and_option_says_what_it_is_for() -> None:
    for name, command in all_commands():
        assert command.help, name
        assert "Example: fieldstone" in command.help, name


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    documented = {line.split("`")[1].split()[0] for line in text.splitlines() if line.startswith("| `")}
    assert documented == set(COMMANDS)


def test_an_unknown_command_is_exit_2_with_the_nearest_name(call: Call) -> None:
    result = call("chek", "x")
    assert result.exit_code == 2
    assert result.output.endswith("did you mean 'check'?\n")


@pytest.mark.parametrize("arguments", [("serve", "--port", "x"), ("check",), ("users", "add"), ("serve", "--nope")])
def test_a_wrong_call_is_exit_2(call: Call, arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


def test_a_database_that_is_away_is_exit_3_in_one_sentence(call: Call) -> None:
    result = call("users", "list", "--db", "postgresql://nobody@127.0.0.1:1/none")
    assert result.exit_code == 3
    assert "Traceback" not in result.output
    assert "database" in result.output


def test_an_unknown_setting_is_exit_1_with_the_nearest_name(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_DATABASE_ULR", "sqlite:///x")
    result = call("users", "list")
    assert result.exit_code == 1
    assert "database_url" in result.output


def test_the_overview_imports_neither_flask_nor_sqlalchemy_nor_dbos() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from ui.cli import main; "
        "CliRunner().invoke(main, ['--help']); "
        "print([name for name in ('flask', 'sqlalchemy', 'dbos', 'lark') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
