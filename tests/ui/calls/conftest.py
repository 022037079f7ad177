"""The app `counter`, whose rules people and other systems start, served on both databases, one a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served import serve_deals
from tests.support.visits import Visits

COUNTER = Path(__file__).resolve().parents[2] / "corpus" / "apps" / "counter"


@pytest.fixture(scope="module")
def counter(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("counter"), app_folder=COUNTER) as served:
        yield Visits(served)
