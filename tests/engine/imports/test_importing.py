"""Imports through the door: create, change, match, look up, refuse with line and reason, and change nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bench.real_data.loading import DataSet, load_set, won_total
from engine.access.actor import Actor, Origin, system_actor
from engine.errors import UnknownObject
from engine.imports.errors import ImportRefused
from engine.imports.mapping import ImportMapping, parse_mapping
from engine.imports.result import ImportResult
from engine.platform import Platform
from engine.records.types import ListQuery, Record
from tests.conftest import REPOSITORY
from tests.support.platforms import applied_platform, open_platform

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        plural: Firms
        title: "{name}"
        fields:
          code: {type: text, external_id: true}
          name: {type: text, required: true}
          parent: {type: lookup, to: firm, inverse: daughters}
          employees: {type: integer, min: 0}
          founded: {type: date}
        """,
    "objects/deal.yaml": """
        object: deal
        label: Deal
        plural: Deals
        title: "{name}"
        fields:
          reference: {type: text, external_id: true}
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: deals}
          amount: {type: money, min: 0}
          stage: {type: choice, options: [new, won]}
          secret: {type: text}
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: all}
          deal: {read: all, create: yes, update: own}
        fields:
          deal.secret: {read: no, update: no}
        """,
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with applied_platform(database_url, tmp_path, FILES) as opened:
        yield opened


def _import(
    platform: Platform, folder: Path, object_key: str, text: str, mapping: str = "", **options: Any
) -> ImportResult:
    path = folder / f"{object_key}.csv"
    path.write_text(text, encoding="utf-8")
    bound = parse_mapping(mapping, "m.yaml") if mapping else ImportMapping()
    actor = options.pop("actor", system_actor(Origin.CLI))
    return platform.imports.import_csv(actor, object_key, path, mapping=bound, **options)


def _records(platform: Platform, object_key: str, *fields: str) -> list[Record]:
    query = ListQuery(object=object_key, fields=fields, limit=200)
    return sorted(platform.records.list(system_actor(), query).rows, key=lambda record: str(record.values[fields[0]]))


FIRMS = "code,name,parent,employees\nA,Acme,,10\nB,Beta,A,\nC,Gamma,D,5\nD,Delta,A,7\n"


def test_rows_are_created_and_a_second_import_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    first = _import(platform, tmp_path, "firm", FIRMS)
    assert first.counts == {"total": 4, "created": 4, "updated": 0, "unchanged": 0, "refused": 0}
    audit = select(func.count()).select_from(platform.system.audit)
    with platform.database.read() as connection:
        before = connection.execute(audit).scalar_one()
    second = _import(platform, tmp_path, "firm", FIRMS)
    assert second.counts == {"total": 4, "created": 0, "updated": 0, "unchanged": 4, "refused": 0}
    with platform.database.read() as connection:
        assert connection.execute(audit).scalar_one() == before


def test_a_row_may_point_at_a_later_one_of_its_own_file(platform: Platform, tmp_path: Path) -> None:
    _import(platform, tmp_path, "firm", FIRMS)
    titles = {record["name"]: record.titles.get("parent") for record in _records(platform, "firm", "name", "parent")}
    assert titles == {"Acme": None, "Beta": "Acme", "Gamma": "Delta", "Delta": "Acme"}


def test_a_changed_row_updates_its_record_and_the_others_stay(platform: Platform, tmp_path: Path) -> None:
    _import(platform, tmp_path, "firm", FIRMS)
    changed = _import(platform, tmp_path, "firm", FIRMS.replace("B,Beta,A,", "B,Beta Ltd,A,3") + "E,Echo,,\n")
    assert changed.counts == {"total": 5, "created": 1, "updated": 1, "unchanged": 3, "refused": 0}
    assert [record["name"] for record in _records(platform, "firm", "name")][1] == "Beta Ltd"


DEALS_MAP = """
object: deal
columns:
  id: reference
  customer: {field: firm, find_by: name, values: {ACME Corp: Acme}}
  value: {field: amount, currency: CNY}
  state: {field: stage, values: {Open: new, Won: won}, empty: ["-"]}
texts: {name: "Deal {id:lower} with {customer}"}
constants: {secret: none}
"""


def test_a_mapping_renames_columns_maps_values_and_puts_texts_together(platform: Platform, tmp_path: Path) -> None:
    _import(platform, tmp_path, "firm", FIRMS)
    text = "id;customer;value;state\nX1;ACME Corp;12.50;Won\nX2;Beta;;-\n"
    assert _import(platform, tmp_path, "deal", text, DEALS_MAP).created == 2
    one, two = _records(platform, "deal", "reference", "name", "firm", "amount", "stage", "secret")
    assert (one["name"], one.titles["firm"], one["stage"]) == ("Deal x1 with ACME Corp", "Acme", "won")
    assert str(one["amount"]) == "Money(amount=Decimal('12.50'), currency='CNY')"
    assert (two["stage"], two["amount"], two["secret"]) == (None, None, "none")


def test_dates_of_another_form_are_read_by_their_format(platform: Platform, tmp_path: Path) -> None:
    mapping = "columns: {code: code, name: name, since: {field: founded, format: DD.MM.YYYY}}\n"
    result = _import(platform, tmp_path, "firm", "code,name,since\nA,Acme,31.12.1999\nB,Beta,1999-12-31\n", mapping)
    assert (result.created, result.refused) == (1, 1)
    assert result.errors[0].reason == "'1999-12-31' is no date of the form DD.MM.YYYY"
    assert str(_records(platform, "firm", "founded")[0]["founded"]) == "1999-12-31"


def test_refused_rows_are_told_with_line_column_value_and_reason_and_can_come_again(
    platform: Platform, tmp_path: Path
) -> None:
    errors_file = tmp_path / "refused.csv"
    text = "code,name,parent,employees\nA,Acme,,10\nB,,,\nC,Gamma,Nobody,\nD,Delta,,-5\nE,Echo,,many\n"
    result = _import(platform, tmp_path, "firm", text, errors_file=errors_file)
    assert (result.created, result.refused) == (1, 4)
    assert [(error.line, error.column, error.value) for error in result.errors] == [
        (3, "name", ""),
        (4, "parent", "Nobody"),
        (5, "employees", "-5"),
        (6, "employees", "many"),
    ]
    assert "there is no firm 'Nobody'" in result.errors[1].reason
    corrected = errors_file.read_text(encoding="utf-8-sig")
    for wrong, right in (("B,,,", "B,Beta,,"), ("C,Gamma,Nobody", "C,Gamma,Acme"), ("D,Delta,,-5", "D,Delta,,5")):
        assert wrong in corrected
        corrected = corrected.replace(wrong, right)
    again = _import(platform, tmp_path, "firm", corrected)
    assert (again.created, again.refused) == (3, 1)


def test_a_dry_run_counts_what_the_import_does_and_writes_nothing(platform: Platform, tmp_path: Path) -> None:
    _import(platform, tmp_path, "firm", "code,name\nA,Acme\n")
    text = "code,name,parent,employees\nA,Acme Ltd,,\nB,Beta,C,\nC,Gamma,A,\nD,,,\n"
    dry = _import(platform, tmp_path, "firm", text, dry_run=True)
    assert len(_records(platform, "firm", "name")) == 1
    done = _import(platform, tmp_path, "firm", text)
    assert dry.counts == done.counts == {"total": 4, "created": 2, "updated": 1, "unchanged": 0, "refused": 1}


def test_a_name_that_several_records_have_is_refused(platform: Platform, tmp_path: Path) -> None:
    _import(platform, tmp_path, "firm", "code,name\nA,Twin\nB,Twin\n")
    result = _import(platform, tmp_path, "deal", "reference,name,firm\n1,x,Twin\n2,y,A\n")
    assert (result.created, result.refused) == (1, 1)
    assert "2 records are called 'Twin'" in result.errors[0].reason


def test_a_key_that_comes_twice_in_a_file_makes_one_record(platform: Platform, tmp_path: Path) -> None:
    result = _import(platform, tmp_path, "firm", "code,name\nA,Acme\nA,Acme Ltd\nA,Acme Ltd\n")
    assert result.counts == {"total": 3, "created": 1, "updated": 1, "unchanged": 1, "refused": 0}
    assert [record["name"] for record in _records(platform, "firm", "name")] == ["Acme Ltd"]


@pytest.mark.parametrize(
    ("text", "mapping", "message"),
    [
        ("code,nmae\n", "", "'nmae' is not a field of firm; did you mean 'name'?"),
        ("code,name\n", "columns: {coed: code}\n", "the file has no column 'coed'; did you mean 'code'?"),
        ("name\n", "match: code\n", "rows are to be matched by 'code', which no column fills"),
        ("name\n", "texts: {name: '{nmae}'}\n", "names the column 'nmae', which the file does not have"),
        ("name\n", "object: deal\n", "The mapping is for deal, not for firm"),
        ("code,p\n", "columns: {code: code, p: {field: parent, find_by: nam}}\n", "'nam' is not a field of firm"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_a_row_is_read(
    platform: Platform, tmp_path: Path, text: str, mapping: str, message: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        _import(platform, tmp_path, "firm", text, mapping)
    assert message in str(refused.value)


def test_an_import_has_the_rights_of_who_imports(platform: Platform, tmp_path: Path) -> None:
    user = platform.records.create(system_actor(), "user", {"name": "Ann", "email": "ann@example.com"}).record
    ann = Actor(user_id=user.id, login="ann@example.com", roles=frozenset({"rep"}))
    assert _import(platform, tmp_path, "deal", "reference,name\n1,x\n", actor=ann).created == 1
    refused = _import(platform, tmp_path, "deal", "reference,name,secret\n2,y,z\n", actor=ann)
    assert (refused.created, refused.refused) == (0, 1)
    assert refused.errors[0].column == "secret"
    _import(platform, tmp_path, "deal", "reference,name\n9,of the system\n")
    other = _import(platform, tmp_path, "deal", "reference,name\n9,mine now\n", actor=ann)
    assert (other.updated, other.refused) == (0, 1)
    with pytest.raises(UnknownObject):
        _import(platform, tmp_path, "account", "name\nx\n", actor=replace(ann, roles=frozenset()))


def test_statements_do_not_grow_with_the_rows_of_a_batch(platform: Platform, tmp_path: Path) -> None:
    def count(rows: int, start: int) -> int:
        lines = "".join(f"R{n},Deal {n},{'ABCD'[n % 4]}\n" for n in range(start, start + rows))
        with platform.database.statements.recording() as statements:
            _import(platform, tmp_path, "deal", "reference,name,firm\n" + lines)
        return len(statements)

    _import(platform, tmp_path, "firm", FIRMS)
    count(10, 0)
    assert count(200, 1_000) <= count(20, 2_000)


def test_reference_data_of_an_app_is_loaded_once_a_change(database_url: str, tmp_path: Path) -> None:
    data = {
        **FILES,
        "data/firm.csv": "code,name,parent\nA,Acme,\nB,Beta,A\n",
        "data/deals.yaml": "object: deal\nrecords:\n  - {reference: 1, name: First, firm: B}\n",
        "organization.yaml": "teams: {east: {label: East}}\nqueues: {inbox: {label: Inbox, members: []}}\n",
    }
    with applied_platform(database_url, tmp_path, data) as platform:
        app = tmp_path / "shop"
        ids = {record["name"]: record.id for record in _records(platform, "firm", "name")}
        assert set(ids) == {"Acme", "Beta"}
        assert [record["name"] for record in _records(platform, "deal", "name")] == ["First"]
        assert [record["key"] for record in _records(platform, "team", "key")] == ["east"]
        (app / "data/firm.csv").write_text("code,name,parent\nA,Acme Ltd,\nB,Beta,A\nC,,A\n")
        applied = platform.apply_release([app], author="ann")
        (problem,) = applied.data_problems
        assert (str(problem.at), problem.code) == ("shop/data/firm.csv:4:1", "APP822")
        again = {record["name"]: record.id for record in _records(platform, "firm", "name")}
        assert again == {"Acme Ltd": ids["Acme"], "Beta": ids["Beta"]}


@pytest.mark.real_data
def test_a_real_set_of_8800_deals_is_loaded_whole_and_a_second_time_changes_nothing(
    database_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    data_set = DataSet(name="maven-crm-sales", folder=shared_data("maven-crm-sales"))
    with open_platform(database_url, tmp_path) as platform:
        platform.apply_release([REPOSITORY / "sample_apps" / "sales"], author="test")
        first = dict(load_set(platform, data_set, tmp_path))
        assert {title: result.created for title, result in first.items()} == {
            "1-teams": 3,
            "2-managers": 6,
            "3-agents": 35,
            "4-products": 7,
            "5-accounts": 85,
            "6-deals": 8800,
        }
        assert won_total(platform) == 10005534
        second = dict(load_set(platform, data_set, tmp_path))
        assert {(r.created, r.updated, r.refused) for r in second.values()} == {(0, 0, 0)}
        query = ListQuery(object="opportunity", filter="account is empty")
        assert platform.records.count(system_actor(), query, exact=True).value == 1425
        with_parent = ListQuery(object="account", filter="parent is not empty")
        assert platform.records.count(system_actor(), with_parent, exact=True).value == 15
