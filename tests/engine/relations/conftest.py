"""The app of relations on both databases, one a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.relations import Relations, relations_app


@pytest.fixture(scope="module")
def app(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relations]:
    folder: Path = tmp_path_factory.mktemp("relations")
    with relations_app(module_database_url, folder) as opened:
        yield opened
