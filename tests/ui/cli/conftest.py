"""Calls the command line in-process; each test has a folder and a database of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ui.cli import main

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Give a function that calls `fieldstone` in an empty folder, without settings of the machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIELDSTONE_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("FIELDSTONE_TESTING", "1")

    def call_it(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)

    return call_it
