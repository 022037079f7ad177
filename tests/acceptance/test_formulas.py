"""Formulas over own fields, parents and other formulas filter, sort and group in SQL by what the record shows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.errors import ReleaseRefused
from engine.platform import Platform
from engine.records.aggregates import AggregateQuery
from engine.records.types import ListQuery
from metamodel.views import SortKey
from tests.support.platforms import applied_platform, open_platform, small_app

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text}
          rate: {type: percent}
          double: {type: percent, formula: rate * 2}
        """,
    "objects/deal.yaml": """
        object: deal
        label: Deal
        title: "{name}"
        fields:
          name: {type: text}
          firm: {type: lookup, to: firm}
          amount: {type: integer}
          twice: {type: integer, formula: amount * 2}
          share: {type: decimal, formula: twice * firm.double}
          size: {type: text, formula: 'if(share > 50, "big " & firm.name, "small")'}
        """,
}
SYSTEM = system_actor()
FORMULAS = ("twice", "share", "size")


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("formulas"), FILES) as found:
        create = found.records.create
        firms = [create(SYSTEM, "firm", {"name": n, "rate": r}).record.id for n, r in (("Ax", "10%"), ("By", "35%"))]
        for number, amount in enumerate((5, 10, 40, 80, None, 300)):
            firm = [*firms, None][number % 3]
            create(SYSTEM, "deal", {"name": f"D{number}", "amount": amount, "firm": firm})
        # The parent changes after its deals were saved.
        found.records.update(SYSTEM, "firm", firms[0], {"rate": "40%"})
        yield found


def shown(platform: Platform) -> dict[str, dict[str, object]]:
    page = platform.records.list(SYSTEM, ListQuery(object="deal", fields=("name",), limit=50))
    records = [platform.records.get(SYSTEM, "deal", row.id) for row in page.rows]
    return {str(record["name"]): {name: record[name] for name in FORMULAS} for record in records}


def names(platform: Platform, **query: object) -> list[str]:
    page = platform.records.list(SYSTEM, ListQuery(object="deal", fields=("name",), limit=50, **query))  # type: ignore[arg-type]
    return [str(row["name"]) for row in page.rows]


@pytest.mark.promise("OBJ-15")
def test_a_list_filters_by_the_values_that_records_show(platform: Platform) -> None:
    values = shown(platform)
    assert values["D0"] == {"twice": 10, "share": Decimal("8.0000"), "size": "small"}
    assert values["D3"]["size"] == "big Ax"
    for text, test in (
        ("twice >= 80", lambda row: row["twice"] is not None and row["twice"] >= 80),
        ("share > 10", lambda row: row["share"] is not None and row["share"] > 10),
        ('size = "small"', lambda row: row["size"] == "small"),
        ("share is empty", lambda row: row["share"] is None),
    ):
        assert set(names(platform, filter=text)) == {name for name, row in values.items() if test(row)}, text


@pytest.mark.promise("OBJ-15")
def test_a_list_sorts_and_groups_by_the_values_that_records_show(platform: Platform) -> None:

    values = shown(platform)
    for field in FORMULAS:
        ordered = names(platform, sort=(SortKey(path=field),))
        filled = [values[name][field] for name in ordered if values[name][field] is not None]
        assert filled == sorted(filled)  # type: ignore[type-var]
        assert [values[name][field] for name in ordered[len(filled) :]] == [None] * (len(values) - len(filled))
        groups = platform.records.aggregate(SYSTEM, AggregateQuery(object="deal", groups=(field,)))
        assert {row.groups[0] for row in groups} == {row[field] for row in values.values()}


@pytest.mark.promise("OBJ-15")
def test_a_circle_of_formulas_is_refused_with_its_chain(database_url: str, tmp_path: Path) -> None:
    text = """
        object: deal
        label: Deal
        fields:
          name: {type: text}
          a: {type: integer, formula: b + 1}
          b: {type: integer, formula: c + 1}
          c: {type: integer, formula: a + 1}
        """
    app = small_app(tmp_path, {"objects/deal.yaml": text})
    with open_platform(database_url, tmp_path) as platform, pytest.raises(ReleaseRefused) as refused:
        platform.apply_release([app], author="test")
    messages = [problem.message for problem in refused.value.problems if problem.code == "OBJ451"]
    assert "the formula of 'a' needs its own value: a → b → c → a" in messages
