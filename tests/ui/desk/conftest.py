"""The app `desk` served on both databases, one a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desk import DESK, Desk
from tests.support.served import serve_deals


@pytest.fixture(scope="module")
def desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("desk"), app_folder=DESK) as served:
        yield Desk(served)
