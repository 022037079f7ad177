"""Fixtures every test may use: databases of both kinds, the browser, the shared data sets; and the promise record.

Nothing here knows an app, a record or a page: such builders lie in tests/support and beside the tests that use them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from engine.releases.collector import freeze_what_stays
from tests.support.postgres import (
    FOLDER_VARIABLE,
    SERVER_URL_VARIABLE,
    PostgresCluster,
    create_database,
    drop_database,
    new_cluster_folder,
)
from tests.support.promises import PromiseRecorder

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("FIELDSTONE_SHARED", REPOSITORY.parent / "shared"))

_POSTGRES_FIXTURES = {"postgres_server_url", "postgres_url", "module_postgres_url", "postgres_cluster"}
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# How long a page of a busy machine may take to look as expected; playwright gives 5 seconds.
_PATIENCE_MS = 30_000
_CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Slow machines are no reason to fail; "ci" draws the same examples in every run, "thorough" is for a long night.
_PROFILE: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", **_PROFILE)
settings.register_profile("ci", derandomize=True, print_blob=True, **_PROFILE)
settings.register_profile("thorough", max_examples=2000, **_PROFILE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

# Files of few and long tests, each begun early so that no worker of a parallel run is left with one at the end.
_LONG_FILES = (
    "tests/tools/test_mutants.py",
    "tests/engine/automation/test_crashes.py",
    "tests/acceptance/test_access_everywhere.py",
    "tests/acceptance/test_live_change.py",
    "tests/acceptance/test_real_data.py",
    "tests/acceptance/test_kills.py",
    "tests/architecture/test_wheel.py",
    "tests/architecture/test_types.py",
    "tests/ui/cli/test_demo.py",
    "tests/ui/cli/test_serving.py",
    "tests/engine/storage/test_migration.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Record promises, and lay out the folder of the run's PostgreSQL for all workers of the run."""
    config.pluginmanager.register(PromiseRecorder(config), "promises")
    if not hasattr(config, "workerinput") and not os.environ.get(SERVER_URL_VARIABLE):
        folder = new_cluster_folder()
        os.environ[FOLDER_VARIABLE] = str(folder)
        config.add_cleanup(PostgresCluster(folder).stop)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, a browser or the public data sets, so that `-m` can choose; begin with long files."""
    items.sort(key=_turn)
    for item in items:
        names = getattr(item, "fixturenames", ())
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        kinds = {parameters.get("database_kind"), parameters.get("module_database_url")}
        if "postgresql" in kinds or not _POSTGRES_FIXTURES.isdisjoint(names):
            item.add_marker(pytest.mark.postgres)
        if "browser_type" in names:
            item.add_marker(pytest.mark.browser)
        if "shared_data" in names:
            item.add_marker(pytest.mark.real_data)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """After a file of tests, let the collector look no more at what stays: a tenth of the run went into that."""
    yield
    if nextitem is None or nextitem.path != item.path:
        freeze_what_stays()


def _turn(item: pytest.Item) -> int:
    name = item.path.relative_to(REPOSITORY).as_posix() if item.path.is_relative_to(REPOSITORY) else ""
    return _LONG_FILES.index(name) if name in _LONG_FILES else len(_LONG_FILES)


@pytest.fixture(scope="session")
def postgres_server_url() -> str:
    """Start the run's PostgreSQL, or find the one named by FIELDSTONE_TEST_POSTGRES_URL, and return its address."""
    if given := os.environ.get(SERVER_URL_VARIABLE):
        return given
    cluster = PostgresCluster(Path(os.environ[FOLDER_VARIABLE]))
    cluster.start()
    return cluster.url


@pytest.fixture
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Start a PostgreSQL of the test's own, which it may kill and start again."""
    cluster = PostgresCluster(new_cluster_folder())
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def postgres_url(postgres_server_url: str, worker_label: str) -> Iterator[str]:
    """Make an empty PostgreSQL database for one test."""
    url = create_database(postgres_server_url, label=worker_label)
    yield url
    drop_database(postgres_server_url, url)


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server_url: str, worker_label: str) -> Iterator[str]:
    """Make an empty PostgreSQL database for all tests of a module."""
    url = create_database(postgres_server_url, label=worker_label)
    yield url
    drop_database(postgres_server_url, url)


@pytest.fixture(scope="session")
def worker_label() -> str:
    """Name the worker of a parallel run; databases carry it."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name an SQLite database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'fieldstone.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run the test once per database."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """Give an empty database for one test, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if database_kind == "sqlite" else "postgres_url"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give one empty database for all tests of a module, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'fieldstone.sqlite'}"
    return str(request.getfixturevalue("module_postgres_url"))


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Give the folder of one of the public data sets, which are no part of the project; skip without it."""

    def folder_of(name: str) -> Path:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            pytest.skip(f"the data set {name} is not here; it is no part of the project (see FIELDSTONE_SHARED)")
        return folder

    return folder_of


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the system's Chromium; FIELDSTONE_CHROMIUM names another program."""
    from playwright.sync_api import expect

    expect.set_options(timeout=_PATIENCE_MS)
    program = os.environ.get("FIELDSTONE_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    if program is None:
        pytest.skip("no Chromium found: install Debian's package chromium or set FIELDSTONE_CHROMIUM")
    return {**browser_type_launch_args, "executable_path": program, "args": _CHROMIUM_ARGUMENTS}
