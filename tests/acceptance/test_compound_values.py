"""Names, addresses and places by their parts: stored, checked, filtered, sorted, imported and read in expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import inspect

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.imports.errors import ImportRefused
from engine.platform import Platform
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Address, Geo, PersonName
from metamodel.views import SortKey
from tests.support.platforms import applied_platform

PERSON = """
    object: person
    label: Person
    title: "{full_name}"
    fields:
      code: {type: text, external_id: true}
      full_name: {type: person_name, required: true}
      home: {type: address}
      place: {type: geo}
      firm: {type: lookup, to: place_of_work}
      city: {type: text, formula: home.city}
      work_city: {type: text, formula: firm.site.city}
      is_north: {type: boolean, formula: place.latitude > 0}
    validations:
      - {name: zip_with_city, check: home.postal_code is empty or home.city is not empty, field: home, message: City?}
"""
WORK = """
    object: place_of_work
    label: Work
    fields:
      name: {type: text, required: true}
      site: {type: address}
"""
RULES = """
rule lives_at_work
  before person is created
  if home is empty and firm is not empty
  then
    set home = firm.site
"""
FILES = {"objects/person.yaml": PERSON, "objects/place_of_work.yaml": WORK, "rules/people.rules": RULES}
SYSTEM = system_actor()
CONDITIONS = (
    'home.city = "上海"', 'home.city != "上海"', 'home.city contains "SPRING"', "home.city is empty", "home is empty",
    "home is not empty", "place is empty", "place.latitude > 0", "place.longitude <= 121.4737", "is_north",
    'full_name.last = "Smith" and full_name.first starts with "a"', "place.latitude = place.longitude",
    'work_city = "Springfield"', 'firm.site.city = "Springfield"', 'home.city in ["上海", "Köln"]',
    'city = home.city', "place.latitude + 1 > 32", 'home.postal_code & "" = ""',
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The app with its records; ids: by code."""

    platform: Platform
    ids: dict[str, str]


@pytest.fixture(scope="module")
def people(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("people"), FILES) as platform:
        records = platform.records
        site = {"street": "1 Main St", "city": "Springfield"}
        firm = records.create(SYSTEM, "place_of_work", {"name": "Acme", "site": site}).record.id
        rows: tuple[dict[str, object], ...] = (
            {"code": "a", "full_name": {"last": "Smith", "first": "Ann", "title": "Dr."}, "firm": firm},
            {"code": "b", "full_name": PersonName(last="王", first="伟"), "home": {"city": "上海", "street": "A\nB"},
             "place": "31.2304, 121.4737"},
            {"code": "c", "full_name": {"last": "Müller"}, "home": {"city": "Köln", "postal_code": "50667"},
             "place": {"latitude": Decimal("-0.5"), "longitude": "-0.5"}},
            {"code": "d", "full_name": {"first": "Zoe"}, "home": {"city": ""}, "place": None},
        )  # fmt: skip
        yield People(
            platform=platform, ids={str(row["code"]): records.create(SYSTEM, "person", row).record.id for row in rows}
        )


@pytest.mark.promise("OBJ-18")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_finds_the_same_records_as_in_memory(people: People, condition: str) -> None:
    page = people.platform.records.list(SYSTEM, ListQuery(object="person", filter=condition))
    found = {code for code, record_id in people.ids.items() if holds(people.platform, condition, record_id)}
    assert {row.id for row in page.rows} == {people.ids[code] for code in found}


def holds(platform: Platform, condition: str, record_id: str) -> bool:
    with platform.records.transaction(SYSTEM) as transaction:
        language = transaction.parts.language
        checked = language.brought(condition, "person", lambda key, name: True)
        assert checked.typed is not None, condition
        values = transaction.cache.related("person", record_id)
        assert values is not None
        return bool(language.evaluator(checked.typed)(transaction.context("person", values)))


@pytest.mark.promise("OBJ-18")
def test_values_come_back_by_their_parts_and_a_rule_copies_a_whole_one(people: People) -> None:
    read = {code: people.platform.records.get(SYSTEM, "person", record_id) for code, record_id in people.ids.items()}
    assert read["a"]["home"] == Address(street="1 Main St", city="Springfield"), "set by the rule"
    assert read["a"].title == "Dr. Ann Smith"
    assert read["b"].title == "王伟"
    assert read["b"]["place"] == Geo(latitude=Decimal("31.2304"), longitude=Decimal("121.4737"))
    assert read["b"].json["place"] == {"latitude": "31.230400", "longitude": "121.473700"}
    assert read["d"]["home"] is None
    assert (read["c"]["city"], read["a"]["work_city"]) == ("Köln", "Springfield")


def test_a_list_shows_and_sorts_by_a_part(people: People) -> None:
    query = ListQuery(object="person", fields=("home.city", "place.latitude"), sort=(SortKey(path="place.latitude"),))
    rows = people.platform.records.list(SYSTEM, query).rows
    assert [row["place.latitude"] for row in rows] == [Decimal("-0.5"), Decimal("31.2304"), None, None]
    assert rows[0]["home.city"] == "Köln"


def test_each_part_is_a_typed_column(people: People) -> None:
    with people.platform.database.read() as connection:
        columns = {column["name"]: str(column["type"]) for column in inspect(connection).get_columns("shop_person")}
    assert {"home__street", "home__city", "home__country", "full_name__last", "place__latitude"} <= set(columns)
    assert columns["place__latitude"] in ("NUMERIC(28, 6)", "BIGINT")
    assert columns["home__city"].startswith("TEXT")


@pytest.mark.promise("OBJ-18")
@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"place": "91, 0"}, "place", "out_of_world"),
        ({"place": {"latitude": 1}}, "place", "not_geo"),
        ({"place": {"latitude": "1e9999", "longitude": 0}}, "place", "not_geo"),
        ({"home": {"town": "x"}}, "home", "unknown_part"),
        ({"home": ["x"]}, "home", "not_address"),
        ({"home": {"city": "x\x00"}}, "home", "bad_part"),
        ({"home": {"postal_code": "1"}}, "home", "zip_with_city"),
        ({"full_name": {}}, "full_name", "required"),
    ],
)
def test_a_wrong_part_is_refused_with_its_field_singly_and_in_a_batch(
    people: People, values: dict[str, object], field: str, code: str
) -> None:
    given = {"full_name": {"last": "x"}, **values}
    with pytest.raises(ValidationFailed) as caught:
        people.platform.records.create(SYSTEM, "person", given)
    assert [(error.field, error.code) for error in caught.value.errors] == [(field, code)]
    bulk = people.platform.records.save_many(SYSTEM, "person", [SaveRow(values=given)], all_or_nothing=True)
    assert [(error.field, error.code) for error in bulk.rows[0].errors] == [(field, code)]


@pytest.mark.promise("OBJ-18")
def test_a_file_brings_parts_in_columns_of_their_own(people: People, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "code,full_name.last,full_name.first,home.city,place.latitude,place.longitude\n"
        "x1,李,雷,北京,39.9,116.4\nx2,Doe,,,,\nx3,Roe,,Bonn,95,7\n",
        encoding="utf-8",
    )
    result = people.platform.imports.import_csv(SYSTEM, "person", file)
    assert (result.created, result.refused) == (2, 1)
    again = people.platform.imports.import_csv(SYSTEM, "person", file)
    assert (again.created, again.unchanged) == (0, 2)
    page = people.platform.records.list(SYSTEM, ListQuery(object="person", filter='code in ["x1", "x2"]'))
    read = {str(row["code"]): row for row in page.rows}
    assert (read["x1"]["full_name"], read["x1"]["home"]) == (PersonName(last="李", first="雷"), Address(city="北京"))
    assert (read["x2"]["home"], read["x2"]["place"]) == (None, None)
    for record in read.values():
        people.platform.records.delete(SYSTEM, "person", record.id)


def test_a_column_of_a_part_that_does_not_exist_is_refused(people: People, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("code,home.town\nx,y\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match="'town' is not a part of 'home'"):
        people.platform.imports.import_csv(SYSTEM, "person", file)


def test_history_has_the_whole_value(people: People) -> None:
    records, record_id = people.platform.records, people.ids["c"]
    before = records.get(SYSTEM, "person", record_id)["home"]
    records.update(SYSTEM, "person", record_id, {"home": {"city": "Köln", "postal_code": "50668"}})
    (change,) = [each for each in records.history(SYSTEM, "person", record_id)[0].changes if each.field == "home"]
    assert (change.old, change.new) == (before, Address(city="Köln", postal_code="50668"))
