"""The app `workshop` served on both databases: `site`, with a job and a firm of each kind made by the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.served import serve_deals
from tests.ui.pages.workshop import WORKSHOP, Site


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("served"), app_folder=WORKSHOP) as served:
        yield Site(served)
