"""Every field type by every route, on both databases: what is written by one is read by all others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from markupsafe import escape
from sqlalchemy import inspect
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from metamodel.field_types import standard_field_types
from metamodel.fields import FieldDef
from tests.support.field_catalogue import BY_TYPE, SAMPLES, Sample, app_files
from tests.support.files import Known, Upload, sent, uploads_in
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals
from workflow_dsl.types import type_of_field

WRITABLE = [sample for sample in SAMPLES if sample.writable]


def of_type(samples: list[Sample] | tuple[Sample, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", samples, ids=lambda sample: sample.type)


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("types")
    app = small_app(folder, app_files(), settings="country: CN\nlanguages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def field_of(served: Served, sample: Sample) -> FieldDef:
    return served.platform.releases.current().metamodel.objects[sample.object].fields[sample.name]


def object_of(values: Mapping[str, Any]) -> str:
    known = [BY_TYPE[kind].object for name in values if (kind := name.removesuffix("_value")) in BY_TYPE]
    return known[0] if known else "thing"


def make(served: Served, **values: Any) -> str:
    given = {name: sent(served, name, value) for name, value in values.items()}
    made = served.make("ann", object_of(values), title_text=uuid.uuid4().hex, **given)
    return str(made["id"])


def patched(served: Served, record_id: str, sample: Sample, value: Any) -> TestResponse:
    given = {sample.name: sent(served, sample.name, value)}
    return served.call("ann", "PATCH", f"/records/{sample.object}/{record_id}", json=given)


def read(served: Served, record_id: str, sample: Sample) -> Any:
    return served.get("ann", f"/records/{sample.object}/{record_id}").get_json()[sample.name]


def listed(served: Served, query: str, object_name: str = "thing") -> list[str]:
    answer = served.get("ann", f"/records/{object_name}?{query}&limit=200")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["id"] for item in answer.get_json()["items"]]


@pytest.mark.promise("OBJ-03")
@of_type(WRITABLE)
def test_a_value_is_created_read_changed_and_emptied(served: Served, sample: Sample) -> None:
    record_id = make(served, **{sample.name: sample.first})
    assert read(served, record_id, sample) == sample.read_back
    for given, expected in ((sample.second, sample.second_read_back), (sample.first, sample.read_back)):
        answer = patched(served, record_id, sample, given)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert read(served, record_id, sample) == expected
    # What was read can be written again and changes nothing.
    version = served.get("ann", f"/records/{sample.object}/{record_id}").get_json()["version"]
    again = {sample.name: read(served, record_id, sample)}
    assert (
        served.call("ann", "PATCH", f"/records/{sample.object}/{record_id}", json=again).get_json()["version"]
        == version
    )
    if not sample.emptied:
        return
    served.call("ann", "PATCH", f"/records/{sample.object}/{record_id}", json={sample.name: None})
    assert read(served, record_id, sample) is (False if sample.type == "boolean" else None)


@pytest.mark.promise("OBJ-03")
@of_type(SAMPLES)
def test_a_wrong_value_is_refused_on_its_field_by_every_route(served: Served, sample: Sample) -> None:
    actor = system_actor()
    for value, code in sample.wrong:
        answer = served.call("ann", "POST", f"/records/{sample.object}", json={"title_text": "x", sample.name: value})
        assert answer.status_code == 422, (value, answer.get_data(as_text=True))
        (error,) = answer.get_json()["errors"]
        assert (error["field"], error["code"]) == (sample.name, code)
        rows = [{"title_text": "x", sample.name: value}]
        bulk = served.platform.records.save_many(
            actor, sample.object, [SaveRow(values=row) for row in rows], all_or_nothing=True
        )
        (found,) = bulk.rows[0].errors
        assert (found.field, found.code, found.message) == (sample.name, code, error["message"])


@pytest.mark.promise("OBJ-03")
@of_type([sample for sample in SAMPLES if sample.finds])
def test_a_filter_finds_it_in_sql_and_in_memory_alike(served: Served, sample: Sample) -> None:
    one, two = ((make(served, **{sample.name: each}) for each in (sample.first, sample.second))
                if sample.writable else (make(served), make(served)))  # fmt: skip
    found = listed(served, f"filter={_quoted(sample.finds)}", sample.object)
    if sample.writable:
        assert one in found
        assert two not in found
    empty = listed(served, f"filter={_quoted(sample.name + ' is empty')}", sample.object)
    assert one not in empty


@pytest.mark.promise("OBJ-03")
@of_type([sample for sample in SAMPLES if sample.sortable and sample.writable])
def test_lists_sort_by_it_page_by_page_with_empties_last(served: Served, sample: Sample) -> None:
    two, empty, one = (make(served, **{sample.name: each}) for each in (sample.second, None, sample.first))
    for order, expected in ((sample.name, [one, two, empty]), (f"-{sample.name}", [empty, two, one])):
        if sample.type == "boolean":
            expected = [each for each in expected if each != empty]
        ids: list[str] = []
        address: str | None = f"/records/{sample.object}?sort={order}&limit=3"
        while address is not None:
            answer = served.get("ann", address)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            body = answer.get_json()
            ids += [item["id"] for item in body["items"]]
            address = body["next"]
        assert [each for each in ids if each in expected] == expected
        assert len(ids) == len(set(ids))


@pytest.mark.promise("OBJ-03")
@of_type(WRITABLE)
def test_a_form_shows_it_and_takes_it(served: Served, sample: Sample) -> None:
    client = served.sign_in("ann")
    title = uuid.uuid4().hex
    page = client.get(f"/o/{sample.object}/new").get_data(as_text=True)
    for control in sample.form:
        assert f'name="{control}"' in page
    form = {
        name: each.part if isinstance(each, Upload) else sent(served, name, each) for name, each in sample.form.items()
    }
    posted = {"title_text": title, "csrf_token": csrf_token(client, f"/o/{sample.object}/new"), **form}
    answer = client.post(f"/o/{sample.object}/new", data=posted)
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)
    (item,) = served.get("ann", f"/records/{sample.object}?filter={_quoted(f'title_text = {chr(34)}{title}{chr(34)}')}"
                         ).get_json()["items"]  # fmt: skip
    record_id = item["id"]
    assert read(served, record_id, sample) == sample.second_read_back
    # Saving the form as it came changes nothing.
    assert client.get(f"/o/{sample.object}/{record_id}/edit").status_code == 200
    shown = client.get(f"/o/{sample.object}/{record_id}").get_data(as_text=True)
    assert sample.shown in shown


@pytest.mark.promise("OBJ-03")
@of_type(SAMPLES)
def test_lists_and_record_pages_show_it(served: Served, sample: Sample) -> None:
    record_id = make(served, **({sample.name: sample.second} if sample.writable else {}))
    client = served.sign_in("ann")
    shown = sample.shown if sample.writable else ""
    assert shown in client.get(f"/o/{sample.object}?view=all").get_data(as_text=True)
    assert shown in client.get(f"/o/{sample.object}/{record_id}").get_data(as_text=True)


@pytest.mark.promise("OBJ-03")
@of_type(WRITABLE)
def test_a_file_brings_it(served: Served, sample: Sample, tmp_path: Path) -> None:
    title = uuid.uuid4().hex
    columns = ["title_text", *sample.cell]
    cells = ['"' + cell.replace('"', '""') + '"' for cell in (title, *sample.cell.values())]
    for upload in uploads_in(sample.second):
        (tmp_path / upload.name).write_bytes(upload.content)
    sent(served, sample.name, sample.second if isinstance(sample.second, Known) else None)
    file = tmp_path / "things.csv"
    file.write_text(",".join(columns) + "\n" + ",".join(cells) + "\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(), sample.object, file)
    assert result.refused == 0, result
    (found,) = served.get("ann", f"/records/{sample.object}?filter={_quoted(f'title_text = {chr(34)}{title}{chr(34)}')}"
                          ).get_json()["items"]  # fmt: skip
    assert found[sample.name] == sample.second_read_back
    # The same file again changes nothing.
    assert served.platform.imports.import_csv(system_actor(), sample.object, file).unchanged == 1


@pytest.mark.promise("OBJ-03")
@of_type(SAMPLES)
def test_the_description_of_the_api_fits_its_values(served: Served, sample: Sample) -> None:
    record_id = make(served, **({sample.name: sample.first} if sample.writable else {}))
    document = served.get("ann", "/openapi.json").get_json()
    schemas = document["components"]["schemas"]
    components = {"components": {"schemas": schemas}}
    answer = read(served, record_id, sample)
    Draft202012Validator({**components, **schemas[sample.object]["properties"][sample.name]}).validate(answer)
    if sample.writable:
        schema = {**components, **schemas[f"{sample.object}.create"]["properties"][sample.name]}
        for value in (sample.first, sample.second, None):
            value = sent(served, sample.name, value)
            Draft202012Validator(schema).validate(value)


@pytest.mark.promise("OBJ-03")
@of_type(WRITABLE)
def test_history_tells_old_and_new(served: Served, sample: Sample) -> None:
    record_id = make(served, **{sample.name: sample.first})
    patched(served, record_id, sample, sample.second)
    newest = served.platform.records.history(system_actor(), sample.object, record_id)[0]
    change = next(each for each in newest.changes if each.field == sample.name)
    record = served.platform.records.get(system_actor(), sample.object, record_id)
    assert change.new == record.values[sample.name]
    assert change.old != change.new
    page = served.sign_in("ann").get(f"/o/{sample.object}/{record_id}").get_data(as_text=True)
    assert page.count(sample.shown) >= 2, "the value and its change"


@pytest.mark.promise("OBJ-03")
@of_type(SAMPLES)
def test_expressions_see_it_as_its_type(served: Served, sample: Sample) -> None:
    assert type_of_field(field_of(served, sample)).kind is sample.kind


def _quoted(text: str) -> str:
    return quote(text)


@pytest.mark.promise("OBJ-03")
def test_links_go_the_same_ways_as_records_of_their_own(served: Served, tmp_path: Path) -> None:
    """What more there is to links: tests/acceptance/test_links.py."""
    places = {name: sent(served, "place", Known("place", name)) for name in ("Anhui", "Beijing")}
    made = make(served, links_value=[{"place": places["Beijing"], "part": "b"}, {"place": places["Anhui"]}])

    def links(more: str = "") -> list[dict[str, Any]]:
        address = f"/records/thing_links_value?filter={_quoted(f'thing.id = {chr(34)}{made}{chr(34)}')}&{more}"
        items: list[dict[str, Any]] = served.get("ann", address).get_json()["items"]
        return items

    assert [each["place"]["title"] for each in links("sort=place.name")] == ["Anhui", "Beijing"]
    has = 'links_value contains lookup(place, name, "Anhui") and count(links_value) = 2'
    assert made in listed(served, f"filter={_quoted(has)}")
    assert make(served) in listed(served, f"filter={_quoted('links_value is empty')}")
    (second,) = [each for each in links() if each["part"] == "b"]
    path = f"/records/thing_links_value/{second['id']}"
    assert served.call("ann", "PATCH", path, json={"part": "c"}).status_code == 200
    newest = served.get("ann", f"{path}/history").get_json()["items"][0]
    assert [(each["old"], each["new"]) for each in newest["changes"] if each["field"] == "part"] == [("b", "c")]
    client = served.sign_in("ann")
    assert "Beijing" in client.get("/o/thing_links_value").get_data(as_text=True)
    assert "Beijing" in client.get(f"/o/thing/{made}").get_data(as_text=True)
    form = {"title_text": uuid.uuid4().hex, "csrf_token": csrf_token(client, "/o/thing/new")}
    posted = client.post("/o/thing/new", data={**form, "links_value.0.place": places["Anhui"]})
    assert posted.status_code == 303, posted.get_data(as_text=True)
    exported = served.get("ann", f"/exports/thing_links_value?filter={_quoted(f'thing.id = {chr(34)}{made}{chr(34)}')}")
    assert exported.status_code == 200, exported.get_data(as_text=True)
    file = tmp_path / "links.csv"
    file.write_bytes(exported.get_data())
    again = served.platform.imports.import_csv(system_actor(), "thing_links_value", file)
    assert (again.unchanged, again.refused) == (2, 0)
    schemas = served.get("ann", "/openapi.json").get_json()["components"]["schemas"]
    schema = {"components": {"schemas": schemas}, **schemas["thing.create"]["properties"]["links_value"]}
    Draft202012Validator(schema).validate([{"place": places["Anhui"], "part": "x"}])


@pytest.mark.promise("OBJ-03")
def test_the_catalogue_has_every_type() -> None:
    # Formulas are written as their result type, links are records of their own (the test above).
    assert {*standard_field_types().names, "formula"} == set(BY_TYPE)
    assert len({*BY_TYPE, "links"}) == 36


CODED = [BY_TYPE[name] for name in ("email", "phone", "url", "color", "barcode")]


@pytest.mark.promise("OBJ-04")
@of_type(CODED)
def test_malformed_text_has_one_verdict_by_form_api_bulk_and_import(
    served: Served, sample: Sample, tmp_path: Path
) -> None:
    value, code = sample.wrong[0]
    values = {"title_text": uuid.uuid4().hex, sample.name: value}
    (told,) = served.call("ann", "POST", "/records/thing", json=values).get_json()["errors"]
    assert (told["field"], told["code"]) == (sample.name, code)
    rows = [SaveRow(values=values)]
    bulk = served.platform.records.save_many(system_actor(), "thing", rows, all_or_nothing=True)
    assert [(error.field, error.message) for error in bulk.rows[0].errors] == [(sample.name, told["message"])]
    client = served.sign_in("ann")
    page = client.post("/o/thing/new", data={**values, "csrf_token": csrf_token(client, "/o/thing/new")})
    assert page.status_code == 422
    assert str(escape(told["message"])) in page.get_data(as_text=True)
    assert f'id="thing-new-{sample.name}-error"' in page.get_data(as_text=True)
    file = tmp_path / "things.csv"
    file.write_text(f"title_text,{sample.name}\n{values['title_text']},{value}\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(), "thing", file)
    assert result.refused == 1
    assert told["message"] in str(result.errors[0])
    if sample.type == "phone":
        record_id = make(served, phone_value="138 0013 8000")
        assert read(served, record_id, sample) == "+8613800138000"


@pytest.mark.promise("OBJ-05")
def test_ten_tenths_are_one_in_memory_and_in_the_database(served: Served) -> None:
    thing = make(served)
    for number in range(10):
        served.make("ann", "part", name=f"p{number}", thing=thing, share="0.1", rate="0.1", price="0.1")
    whole = "sum(parts.share) = 1.0 and sum(parts.rate) = 100% and sum(parts.price) = 1 CNY"
    assert listed(served, f"filter={_quoted(whole)}") == [thing]
    with served.platform.records.transaction(system_actor()) as transaction:
        language = transaction.parts.language
        checked = language.brought(whole, "thing", lambda key, name: True)
        values = transaction.cache.related("thing", thing)
        assert checked.typed is not None
        assert values is not None
        assert language.evaluator(checked.typed)(transaction.context("thing", values)) is True
    digits = {
        "decimal_value": "98765432109876.1234",
        "percent_value": "12345678.9876",
        "money_value": {"amount": "1234567890123456.78", "currency": "CNY"},
    }
    record_id = make(served, **digits)
    found = served.get("ann", f"/records/thing/{record_id}").get_json()
    assert {name: found[name] for name in digits} == digits


@pytest.mark.promise("OBJ-01")
def test_each_object_is_a_table_with_typed_columns_keys_and_indexes(served: Served) -> None:
    release = served.platform.releases.current()
    for owner in release.tables:
        name = owner.table.name
        with served.platform.database.read() as connection:
            catalogue = inspect(connection)
            columns = {column["name"]: str(column["type"]).split("(")[0] for column in catalogue.get_columns(name)}
            keys = {
                tuple(key["constrained_columns"]): key["referred_table"] for key in catalogue.get_foreign_keys(name)
            }
            indexes = [(index["column_names"], bool(index["unique"])) for index in catalogue.get_indexes(name)]
        assert not [column for column, kind in columns.items() if "JSON" in kind], name
        for field, codec in owner.codecs.items():
            definition, own = owner.object.fields[field], list(codec.names)
            assert set(own) <= set(columns), (name, field)
            if field == "id":
                continue
            for target, column in zip(definition.relation.targets if definition.relation else (), own, strict=False):
                assert keys[(column,)] == release.tables.of(target).table.name
            if definition.unique or definition.external_id:
                assert ([own[0]], True) in indexes, (name, field)
            elif definition.index:
                assert [found for found, _ in indexes if found[0] == own[0]], (name, field)
    thing = release.tables.of("thing")
    with served.platform.database.read() as connection:
        kinds = {c["name"]: str(c["type"]).split(" ")[0].split("(")[0] for c in
                 inspect(connection).get_columns(thing.table.name)}  # fmt: skip
    assert kinds["integer_value"] == kinds["duration_value"] == "BIGINT"
    assert kinds["decimal_value"] in ("NUMERIC", "BIGINT")
    assert kinds["boolean_value"] == "BOOLEAN"
