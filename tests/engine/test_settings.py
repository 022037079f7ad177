"""Settings of an installation: where they come from, what is refused, and test switches outside test builds."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.settings import SettingsRefused, load_settings
from tests.conftest import REPOSITORY


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text('pool_size = 3\nconcurrency = 2\nbase_url = "http://file"\n')
    environment = {"FIELDSTONE_POOL_SIZE": "7", "FIELDSTONE_CONCURRENCY": "5"}
    settings = load_settings(environment, folder=tmp_path, pool_size=9, concurrency=None)
    assert (settings.pool_size, settings.concurrency, settings.base_url) == (9, 5, "http://file")
    origins = {name: origin for name, _, origin in settings.shown()}
    assert (origins["pool_size"], origins["concurrency"]) == ("command line", "FIELDSTONE_CONCURRENCY")
    assert (origins["base_url"], origins["sqlite_sync"]) == ("fieldstone.toml", "default")


def test_the_database_is_an_embedded_file_where_nothing_is_said(tmp_path: Path) -> None:
    assert load_settings({}, folder=tmp_path).database_url == "sqlite:///fieldstone.sqlite"


@pytest.mark.parametrize(
    ("environment", "file", "message"),
    [
        ({"FIELDSTONE_DATABSE_URL": "x"}, "", "FIELDSTONE_DATABSE_URL is not a setting; did you mean 'database_url'?"),
        ({}, "databse_url = 'x'\n", "'databse_url' in fieldstone.toml is not a setting; did you mean 'database_url'?"),
        ({"FIELDSTONE_POOL_SIZE": "many"}, "", "expected a number"),
        ({"FIELDSTONE_WORKER_MEMORY_MB": "100"}, "", "expected 0, which is no limit, or at least 512"),
        ({"FIELDSTONE_SQLITE_SYNC": "off"}, "", "expected normal or full"),
        (
            {"FIELDSTONE_DATABASE_URL": "mysql://u@h/d"},
            "",
            "database_url (FIELDSTONE_DATABASE_URL): 'mysql' databases are",
        ),
        ({}, "pool_size = \n", "cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    tmp_path: Path, environment: dict[str, str], file: str, message: str
) -> None:
    (tmp_path / "fieldstone.toml").write_text(file)
    with pytest.raises(SettingsRefused) as refused:
        load_settings(environment, folder=tmp_path)
    assert message in str(refused.value)


def test_secrets_are_not_shown_and_the_key_is_made_once(tmp_path: Path) -> None:
    shown = load_settings({"FIELDSTONE_SECRET_KEY": "very secret"}, folder=tmp_path)
    assert "very secret" not in str(list(shown.shown()))
    for address in ("postgresql://crm:hush@db:5432/crm?x=1", "postgresql://db:5432/crm?user=crm&password=hush&x=1"):
        values = {name: value for name, value, _ in load_settings({}, folder=tmp_path, database_url=address).shown()}
        assert values["database_url"] == address.replace("hush", "(hidden)")
    made = load_settings({"FIELDSTONE_DATA_FOLDER": str(tmp_path / "data")}, folder=tmp_path)
    assert made.secret() == made.secret()
    assert len(made.secret()) >= 32
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o077 == 0


@pytest.mark.promise("REL-13")
@pytest.mark.parametrize("switch", ["FIELDSTONE_CLOCK", "FIELDSTONE_CRASH_AT"])
def test_test_switches_are_refused_outside_a_test_build(tmp_path: Path, switch: str) -> None:
    with pytest.raises(SettingsRefused, match="FIELDSTONE_TESTING=1"):
        load_settings({switch: "2026-01-01T00:00:00Z"}, folder=tmp_path)


@pytest.mark.promise("REL-13")
def test_a_test_build_has_the_clock_it_is_given(tmp_path: Path) -> None:
    instant = datetime(2026, 11, 21, 9, tzinfo=UTC)
    environment = {"FIELDSTONE_TESTING": "1", "FIELDSTONE_CLOCK": "2026-11-21T09:00:00Z"}
    assert load_settings(environment, folder=tmp_path).clock().now() == instant
    file = tmp_path / "now"
    file.write_text("2026-11-21T10:00:00+00:00\n")
    clock = load_settings({**environment, "FIELDSTONE_CLOCK": str(file)}, folder=tmp_path).clock()
    assert clock.now() == instant.replace(hour=10)
    file.write_text("2026-11-22T10:00:00+00:00\n")
    assert clock.now() == instant.replace(hour=10, day=22)
    with pytest.raises(SettingsRefused, match="expected an instant"):
        load_settings({**environment, "FIELDSTONE_CLOCK": "tomorrow"}, folder=tmp_path).clock()


@pytest.mark.promise("REL-13")
def test_a_crash_point_kills_a_test_build_at_the_nth_time_and_nothing_else() -> None:
    code = "from engine import faults\nfor n in range(3):\n  faults.reach('here')\n  print(n)"

    def run(**environment: str) -> tuple[int, str]:
        process = subprocess.run(
            [sys.executable, "-c", code],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout

    assert run(FIELDSTONE_TESTING="1", FIELDSTONE_CRASH_AT="elsewhere") == (0, "0\n1\n2\n")
    assert run(FIELDSTONE_TESTING="0", FIELDSTONE_CRASH_AT="here")[0] == 0
    assert run(FIELDSTONE_TESTING="1", FIELDSTONE_CRASH_AT="here:2")[0] == -9
