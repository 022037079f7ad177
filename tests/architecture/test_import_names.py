"""The project ships plain top-level names; another distribution that ships one of them would overwrite ours."""

from __future__ import annotations

from importlib.metadata import packages_distributions

import pytest

DISTRIBUTION = "fieldstone"


@pytest.mark.parametrize("name", ["engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps"])
def test_no_other_distribution_ships_an_import_name_of_ours(name: str) -> None:
    assert set(packages_distributions().get(name, [DISTRIBUTION])) == {DISTRIBUTION}
