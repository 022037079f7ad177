"""An import does what single saves do: the same records, history, figures of parents, runs, warnings and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.access.actor import Actor, system_actor
from tests.support.import_routes import ALWAYS, BAD, FILES, GOOD, OTHERS, Routes
from tests.support.platforms import applied_platform


@st.composite
def _files(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows of one file: cells that are sound by themselves, or some that are not."""
    bad = draw(st.sampled_from(({}, BAD)))
    names = (*ALWAYS, *sorted(draw(st.sets(st.sampled_from(OTHERS), max_size=6))))
    cells = {name: st.sampled_from((*GOOD[name], *bad.get(name, ()))) for name in names}
    # A line without any cell is no row of a file.
    filled = st.fixed_dictionaries(cells).filter(lambda row: any(cell.strip() for cell in row.values()))
    return draw(st.lists(filled, min_size=1, max_size=30))


@pytest.fixture(scope="module", params=["system", "rep"])
def routes(request: pytest.FixtureRequest, module_database_url: str, tmp_path_factory: Any) -> Iterator[Routes]:
    folder: Path = tmp_path_factory.mktemp("routes")
    with applied_platform(module_database_url, folder, FILES) as platform:
        actor = system_actor()
        if request.param == "rep":
            user = platform.records.create(actor, "user", {"name": "Ann", "email": "ann@example.com"}).record
            actor = Actor(user_id=user.id, login="ann@example.com", roles=frozenset({"rep"}))
        yield Routes(platform, folder, actor)


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(rows=_files())
def test_an_import_leaves_what_single_saves_leave(routes: Routes, rows: list[dict[str, str]]) -> None:
    stripped = [{name: cell.strip() for name, cell in row.items()} for row in rows]
    assert routes.imported(rows) == routes.saved(stripped)


@st.composite
def _changes(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows that are sound, and others for the same deals that may not be."""
    rows = draw(st.lists(st.fixed_dictionaries({"amount": st.sampled_from(("7", "20"))}), min_size=1, max_size=12))
    codes = [f"k{index}" for index in range(len(rows))]
    sound = [
        {"name": "Pumps", "firm": "Tin", "stage": "open", **row, "code": code}
        for row, code in zip(rows, codes, strict=True)
    ]
    later = draw(_files())
    return sound, [{**row, "code": code} for row, code in zip(later, codes, strict=False)]


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(files=_changes())
def test_an_import_changes_what_single_saves_change(
    routes: Routes, files: tuple[list[dict[str, str]], list[dict[str, str]]]
) -> None:
    rows, later = files
    stripped = [{name: cell.strip() for name, cell in row.items()} for row in later]
    assert routes.changed_by_import(rows, later) == routes.changed(rows, stripped)
