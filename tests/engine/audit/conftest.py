"""The deals app on both databases, one a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deals import Deals, deals_app


@pytest.fixture(scope="module")
def deals(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deals]:
    folder: Path = tmp_path_factory.mktemp("deals")
    with deals_app(module_database_url, folder) as app:
        yield app
