"""Demo data: files in the order of their lookups, dates that follow the day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from metamodel import load_metamodel
from ui.cli.demo_data import demo_files, fill_moment

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SALES = Path(__file__).resolve().parents[3] / "sample_apps" / "sales"


@pytest.mark.parametrize(
    ("cell", "filled"),
    [
        ("= today", "2026-03-01"),
        ("= today - 1 days", "2026-02-28"),
        ("= today + 31 days", "2026-04-01"),
        ("= now - 2 hours", "2026-03-01T10:30:00+00:00"),
        ("= now + 1 day", "2026-03-02T12:30:00+00:00"),
        ("=1+1", "=1+1"),
        ("= today; drop", "= today; drop"),
        ("text", "text"),
        ("", ""),
    ],
)
def test_moments_are_filled_in_and_other_cells_stay(cell: str, filled: str) -> None:
    assert fill_moment(cell, NOW) == filled


def test_objects_come_after_those_they_point_at() -> None:
    metamodel, problems = load_metamodel([SALES])
    assert metamodel is not None, list(problems)
    order = [name for name, _path in demo_files(SALES, metamodel)]
    for later, earlier in (
        ("user", "team"),
        ("account", "user"),
        ("contact", "account"),
        ("opportunity", "account"),
        ("opportunity_line", "opportunity"),
        ("quote", "opportunity"),
        ("task", "opportunity"),
        ("lead", "product"),
    ):
        assert order.index(earlier) < order.index(later), (order, earlier, later)
