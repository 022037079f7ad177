"""What an author can't have of another database is told by the check, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.platform import check_app_folders
from metamodel.dump import dump_metamodel
from metamodel.loader import load_sources
from tests.support.outer import ERP_FILES
from tests.support.platforms import small_app

VISIT = ERP_FILES["objects/visit.yaml"]
RULES = """
rule seen      when customer is created             then create visit { name: "x" }
rule changed   when customer.name changes           then create visit { name: "x" }
rule reached   when 2 days after customer.since     then create visit { name: "x" }
rule made      when visit is created                then create customer { name: "x" }
rule set_there when visit is created                then update customer { name: "x" }
rule dropped   when visit is created                then delete customer
rule each_one  every day at 09:00 for each customer then create visit { name: "x" }
rule read_along when visit is created if customer.region = "north" then set name = customer.name
"""


def told(tmp_path: Path, files: dict[str, str]) -> list[str]:
    app = small_app(tmp_path, {**ERP_FILES, **files})
    return [str(problem).split(";")[0] for problem in check_app_folders([app]).problems.errors]


def test_the_app_of_these_tests_has_no_mistake(tmp_path: Path) -> None:
    assert told(tmp_path, {}) == []


def test_no_source_shows_the_installation_s_own_tables(tmp_path: Path) -> None:
    files = {"connections/erp.yaml": "connection: erp\nkind: database\nsecret: FIELDSTONE_DATABASE_URL\n"}
    problems = told(tmp_path, files)
    assert [line.split(" ", 2)[1] for line in problems] == ["OBJ361"]
    assert "of Fieldstone itself" in problems[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("views:", 'views:\n          x: {type: list, label: X, where: customer.region = "north"}'),
        ("views:", "views:\n          x: {type: list, label: X, sort: [of_region]}"),
        ("views:", "views:\n          x: {type: list, label: X, sort: [customer]}"),
        ('title: "{name}"', 'title: "{name} {customer.name}"'),
        ('title: "{name}"', 'title: "{customer}"'),
        ('title: "{name}"', 'title: "{name}"\n        search: [name, customer.name]'),
    ],
)
def test_conditions_orders_titles_and_searches_over_two_databases_are_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    problems = told(tmp_path, {"objects/visit.yaml": VISIT.replace(old, new, 1)})
    assert [line.split(" ", 2)[1] for line in problems] == ["EXP502"]
    assert problems[0].startswith("shop/objects/visit.yaml:")


def test_a_scope_and_a_report_over_two_databases_are_refused(tmp_path: Path) -> None:
    role = """
        role: other
        label: Other
        objects: {visit: {read: customer.owner = user}}
    """
    report = """
        report: by_region
        label: By region
        object: visit
        groups: [customer.region]
        measures: [{function: count}]
    """
    problems = told(tmp_path, {"roles/other.yaml": role, "reports/by_region.yaml": report})
    assert sorted(line.split(" ", 2)[1] for line in problems) == ["EXP502", "EXP502"]


def test_rules_neither_start_there_nor_change_anything_there_and_read_along(tmp_path: Path) -> None:
    problems = told(tmp_path, {"rules/all.rules": RULES})
    assert [line.split(" ", 2)[:2] for line in problems] == [
        [f"shop/rules/all.rules:{line}:{column}", "RUL414"]
        for line, column in ((1, 21), (2, 21), (3, 34), (4, 65), (5, 65), (6, 65), (7, 44))
    ]


def test_a_source_is_written_back_as_it_was(tmp_path: Path) -> None:
    app = small_app(tmp_path, ERP_FILES)
    first = check_app_folders([app]).metamodel
    assert first is not None
    again, problems = load_sources(dump_metamodel(first))
    assert again is not None
    assert not problems.errors
    found, before = again.objects["customer"], first.objects["customer"]
    assert found.source is not None
    assert before.source is not None
    assert (
        (found.source.called, found.source.key)
        == (before.source.called, before.source.key)
        == ("erp.customers", "code")
    )
    assert dict(found.source.columns) == dict(before.source.columns)
    assert tuple(found.fields) == tuple(before.fields)
    assert "version" not in found.fields
