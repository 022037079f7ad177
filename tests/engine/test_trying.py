"""Trying an expression over a record: its type, the value of every part, the SQL, with the eyes of who tries it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RecordNotFound
from engine.trying import TriedExpression, try_expression
from tests.support.deals import Deals, deals_app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Deals]:
    with deals_app(database_url, tmp_path) as deals:
        yield deals


def tried(app: Deals, text: str, record_id: str | None = None) -> TriedExpression:
    return try_expression(app.records, app.ann, "deal", text, record_id)


def test_an_expression_shows_its_type_the_value_of_every_part_and_its_sql(app: Deals) -> None:
    found = tried(app, "amount * 2 > 100 CNY and name = 'Pumps'", app.deal(amount="75"))
    assert found.type == "boolean"
    assert [(part.source, part.value, part.depth) for part in found.parts][:4] == [
        ("amount * 2 > 100 CNY and name = 'Pumps'", "true", 0),
        ("amount * 2 > 100 CNY", "true", 1),
        ("amount * 2", "150 CNY", 2),
        ("amount", "75 CNY", 3),
    ]
    assert found.sql.startswith("SELECT")
    assert found.in_sql == "true"


def test_parts_that_were_not_needed_failures_and_notes_are_told(app: Deals) -> None:
    deal = app.deal(count=0)
    found = tried(app, "count > 0 and 7 / count > 1", deal)
    assert [part.source for part in found.parts if part.skipped] == ["7 / count > 1"]
    assert tried(app, "7 / count", deal).notes == ("division by zero in '7 / count'",)
    assert "number format" in tried(app, "format(count, 'x')", deal).parts[0].error
    assert "matches" in tried(app, "name matches 'P.*'", deal).not_in_sql


def test_a_mistake_is_a_problem_and_nothing_is_computed(app: Deals) -> None:
    found = tried(app, "ammount * 2", app.deal())
    assert (found.type, found.sql, found.parts) == ("", "", ())
    assert [problem.code for problem in found.problems] == ["EXP201"]


def test_what_may_not_be_read_is_unknown_or_not_there(app: Deals) -> None:
    assert [problem.code for problem in tried(app, "rival", app.deal()).problems] == ["EXP201"]
    with pytest.raises(RecordNotFound):
        try_expression(app.records, app.bob, "deal", "name", app.deal())
    with pytest.raises(RecordNotFound):
        tried(app, "name", "nothing")


def test_without_a_record_an_expression_is_only_checked(app: Deals) -> None:
    found = tried(app, "count + 1")
    assert (found.type, found.parts, found.in_sql) == ("number", (), None)
    assert found.sql
