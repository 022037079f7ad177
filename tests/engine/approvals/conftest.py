"""One installation with approvals for all tests of a file and database; each begins on the same Monday, nobody away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.approvals import MONDAY, Stage, approvals_stage


@pytest.fixture(scope="module")
def installation(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with approvals_stage(module_database_url, tmp_path_factory.mktemp("shop")) as stage:
        yield stage


@pytest.fixture
def stage(installation: Stage) -> Stage:
    installation.clock.move_to(MONDAY)
    for who in ("bob", "cat", "ann"):
        installation.away(who, None)
    return installation
