"""One served installation a module and database: `served`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served import Served, serve_deals


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def fresh(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """An installation of the test's own, where it changes users, roles or the release."""
    with serve_deals(database_url, tmp_path) as found:
        yield found
