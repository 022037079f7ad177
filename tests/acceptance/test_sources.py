"""A table of another database is an object: on every pair of databases, and over a driver of another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from engine.errors import QueryProblem, RecordNotFound, SourceReadOnly, ValidationFailed
from engine.records.aggregates import AggregateQuery, Measure
from engine.records.outer_finding import find_there
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Ref
from metamodel.views import SortKey
from tests.support.erp import CUSTOMERS, FILTERS, INVOICES, Erp, asked_there, credit_of, shown
from tests.support.outer import ERP_FILES, add_rows, outer_database
from tests.support.platforms import small_app
from tests.support.postgres import create_database, drop_database
from tests.support.served import serve_deals

PAIRS = [
    ("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite"), ("postgresql", "postgresql"),
    ("sqlite", "ledger"),
]  # fmt: skip


@pytest.fixture(scope="module", params=PAIRS, ids="-over-".join)
def erp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_label: str) -> Iterator[Erp]:
    folder: Path = tmp_path_factory.mktemp("erp")
    made = []

    def address(kind: str, name: str) -> str:
        if kind != "postgresql":
            return f"{kind}:///{folder / name}.sqlite"
        made.append(create_database(request.getfixturevalue("postgres_server_url"), label=worker_label))
        return made[-1]

    host, other = (address(kind, name) for kind, name in zip(request.param, ("host", "erp"), strict=True))
    patch = pytest.MonkeyPatch()
    patch.setenv("ERP_DATABASE", other)
    with outer_database(other) as outer:
        add_rows(outer, "customers", CUSTOMERS)
        add_rows(outer, "invoices", INVOICES)
        with serve_deals(host, folder, app_folder=small_app(folder, ERP_FILES)) as served:
            yield Erp(served, outer)
    patch.undo()
    for each in made:
        drop_database(request.getfixturevalue("postgres_server_url"), each)


@pytest.mark.promise("OBJ-29")
def test_a_table_and_a_view_of_another_database_are_objects_with_list_filter_lookup_and_permissions(erp: Erp) -> None:
    records, boss, ann = erp.served.platform.records, erp.actor("boss", "boss"), erp.actor("ann", "rep")
    # list
    assert erp.ids(boss, limit=7) == sorted(shown(each) for each in CUSTOMERS)
    assert records.count(boss, ListQuery(object="customer")).value == 121
    assert records.count(boss, ListQuery(object="invoice")).value == 40, "a view, of what is not paid"
    record = records.get(boss, "customer", "C005")
    assert record.title == "客户5"
    assert record.json | {"owner": None} == {
        "id": "C005", "version": 1, "code": "C005", "name": "客户5", "region": "north",
        "credit": {"amount": "62.50", "currency": "CNY"}, "double_credit": {"amount": "125.00", "currency": "CNY"},
        "rate": "0.0500", "since": "2020-01-06", "seen_at": "2026-01-01T00:00:00Z", "active": True, "owner": None,
        "parent": {"id": "~5LiK5rW3LzE", "title": "ACME"},
    }  # fmt: skip
    # search
    assert erp.ids(boss, search="客户117") == ["C117"]
    # filter
    found = erp.ids(boss, filter='region = "north" and credit > 1000')
    assert found == [each["code"] for each in CUSTOMERS if each["region"] == "north" and credit_of(each) > 1000]
    # lookup
    saved = records.create(ann, "visit", {"name": "First", "customer": "C003", "invoice": "3"}).record
    assert (saved.titles["customer"], saved.titles["invoice"]) == ("客户3", "N3")
    row = next(row for row in records.list(ann, ListQuery(object="visit", view="all")).rows if row.id == saved.id)
    assert (row.titles["customer"], row["customer.region"], row["of_region"]) == ("客户3", "north", "客户3")
    assert [choice.id for choice in records.choices(boss, "visit", "customer", "客户11")][:2] == ["C011", "C110"]
    # permissions
    own = [each["code"] for each in CUSTOMERS if each.get("rep") == "ann@example.com"]
    assert erp.ids(ann) == own
    assert "C001" not in own
    with pytest.raises(RecordNotFound):
        records.get(ann, "customer", "C001")
    # a write is refused, whoever asks
    for actor in (boss, erp.served.system()):
        with pytest.raises(SourceReadOnly, match="only read here"):
            records.update(actor, "customer", "C003", {"name": "other"})
    with erp.outer.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM customers")).scalar_one() == 121
    records.delete(boss, "visit", saved.id)


@pytest.mark.promise("OBJ-02")
def test_a_record_there_has_the_system_fields_that_its_source_maps_and_a_title(erp: Erp) -> None:
    records, boss = erp.served.platform.records, erp.actor("boss", "boss")
    record = records.get(boss, "customer", "C003")
    assert (record.id, record.version) == ("C003", 1)
    assert record["owner"] == Ref("user", erp.served.user_ids["ann"])
    assert not {"created_at", "created_by", "modified_at", "modified_by", "deleted_at"} & record.json.keys()
    answer = erp.served.get("boss", "/records/customer/C003").get_json()
    assert (answer["name"], answer["owner"]["title"]) == ("客户3", record.titles["owner"])
    titles = [choice.title for choice in records.choices(boss, "visit", "customer", "c003")]
    assert titles == [record.title] == ["客户3"]
    assert erp.ids(boss, search="客户33") == ["C033"]


@pytest.mark.parametrize("filter_text", FILTERS)
def test_filters_mean_what_they_mean_for_records_of_our_own(erp: Erp, filter_text: str) -> None:
    bob, meant = erp.actor("bob", "boss"), FILTERS[filter_text]
    wanted = sorted(shown(each) for each in CUSTOMERS if meant(each))
    assert wanted
    assert erp.ids(bob, filter=filter_text, limit=9) == wanted
    query = ListQuery(object="customer", filter=filter_text)
    assert erp.served.platform.records.count(bob, query).value == len(wanted)
    # Sorted by what only our side computes, all of them are fetched and judged here.
    assert sorted(erp.ids(bob, filter=filter_text, sort=(SortKey(path="double_credit"),))) == wanted


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("path", ["credit", "since", "name", "double_credit"])
def test_pages_of_any_order_have_every_record_once(erp: Erp, path: str, descending: bool) -> None:
    boss = erp.actor("boss", "boss")
    ids = erp.ids(boss, sort=(SortKey(path=path, descending=descending),), limit=11)
    assert sorted(ids) == sorted(shown(each) for each in CUSTOMERS)
    if path in ("credit", "double_credit"):
        credits = {shown(each): each.get("credit_limit") for each in CUSTOMERS}
        filled = [credit for each in ids if (credit := credits[each]) is not None]
        assert filled == sorted(filled, reverse=descending)
        # Empties end a rising order and begin a falling one, as in lists of our own.
        assert (credits[ids[0]] is None) is descending


def test_a_question_over_two_databases_is_refused_with_what_can_be_asked_instead(erp: Erp) -> None:
    records, boss = erp.served.platform.records, erp.actor("boss", "boss")
    for query in (
        ListQuery(object="visit", filter='customer.region = "north"'),
        ListQuery(object="visit", sort=(SortKey(path="of_region"),)),
        ListQuery(object="user", filter="count(customer where owner = this) > 1"),
    ):
        with pytest.raises(QueryProblem, match="another database"):
            records.list(boss, query)


def test_a_page_asks_the_other_database_once_whatever_its_rows(erp: Erp) -> None:
    records, boss = erp.served.platform.records, erp.actor("boss", "boss")
    made = [
        records.create(boss, "visit", {"name": f"v{number}", "customer": f"C{number:03}"}).record.id
        for number in range(12)
    ]
    with asked_there() as asked:
        for limit in (3, 12):
            asked.clear()
            rows = records.list(boss, ListQuery(object="visit", view="all", limit=limit)).rows
            assert len(rows) == limit
            assert len(asked) == 1
        asked.clear()
        records.list(boss, ListQuery(object="customer", view="all", limit=50))
        assert len(asked) == 1
    for each in made:
        records.delete(boss, "visit", each)


def test_what_a_role_may_not_see_is_seen_nowhere(erp: Erp) -> None:
    records, ann = erp.served.platform.records, erp.actor("ann", "rep")
    own = {each["code"] for each in CUSTOMERS if each.get("rep") == "ann@example.com"}
    assert records.count(ann, ListQuery(object="customer")).value == len(own)
    assert set(erp.ids(ann, search="客户")) == own
    rows = records.aggregate(ann, AggregateQuery(object="customer", measures=(Measure(function="count"),)))
    assert rows[0].measures == (len(own),)
    assert {choice.id for choice in records.choices(ann, "visit", "customer", "客户1")} <= own
    with pytest.raises(ValidationFailed) as unseen:
        records.create(ann, "visit", {"name": "x", "customer": "C001"})
    with pytest.raises(ValidationFailed) as absent:
        records.create(ann, "visit", {"name": "x", "customer": "C999"})
    first = [error for error in unseen.value.errors if error.field == "customer"]
    assert first == [error for error in absent.value.errors if error.field == "customer"]
    boss = erp.actor("boss", "boss")
    hidden = records.create(boss, "visit", {"name": "hidden", "customer": "C001", "invoice": "30"}).record
    assert "customer" not in records.get(ann, "visit", hidden.id).titles
    assert "invoice" not in records.get(ann, "visit", hidden.id).titles
    records.delete(boss, "visit", hidden.id)


def test_fields_that_a_role_may_not_see_are_none_to_it(erp: Erp) -> None:
    records, nora = erp.served.platform.records, erp.actor("bob", "north")
    assert "credit" not in records.get(nora, "customer", "C001").values
    for question in ({"filter": "credit > 1"}, {"sort": (SortKey(path="credit"),)}, {"fields": ("credit",)}):
        with pytest.raises(QueryProblem):
            records.list(nora, ListQuery(object="customer", **question))
    # The code is shown of active customers only: to conditions, too, it is empty elsewhere.
    hidden = [each for each in CUSTOMERS if each["region"] == "north" and not each["active"]]
    assert erp.ids(nora, filter="code is empty") == sorted(shown(each) for each in hidden)
    assert erp.ids(nora, filter=f'code = "{hidden[0]["code"]}"') == []
    with pytest.raises(RecordNotFound):
        records.get(nora, "customer", "C002")


def test_every_way_of_writing_is_refused_and_no_page_offers_one(erp: Erp, tmp_path: Path) -> None:
    served, boss = erp.served, erp.actor("boss", "boss")
    records, system = served.platform.records, served.system()
    for write in (
        lambda actor: records.create(actor, "customer", {"name": "x"}),
        lambda actor: records.update(actor, "customer", "C003", {"name": "x"}),
        lambda actor: records.delete(actor, "customer", "C003"),
        lambda actor: records.restore(actor, "customer", "C003"),
        lambda actor: records.save_many(actor, "customer", [SaveRow(values={"name": "x"})]),
    ):
        for actor in (boss, system):
            with pytest.raises(SourceReadOnly):
                write(actor)
    for method, path in (("POST", ""), ("PATCH", "/C003"), ("DELETE", "/C003"), ("POST", "/C003/restore")):
        body = {} if method == "DELETE" or "restore" in path else {"json": {"name": "x"}}
        answer = served.call("boss", method, f"/records/customer{path}", headers={"If-Match": "*"}, **body)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "source_read_only"), (method, path)
    client = served.sign_in("boss")
    for page in ("/o/customer", "/o/customer/C003"):
        shown_page = client.get(page).get_data(as_text=True)
        assert "客户3" in shown_page
        for way in ("/o/customer/new", "/C003/edit", "/C003/delete", "/import"):
            assert way not in shown_page, (page, way)
    assert client.get("/o/customer/new").status_code == 403
    document = served.get("boss", "/openapi.json").get_json()
    assert set(document["paths"]["/records/customer"]) == {"get"}
    assert set(document["paths"]["/records/customer/{id}"]) == {"get", "parameters"}
    file = tmp_path / "customer.csv"
    file.write_text("code,name\nC003,other\n", encoding="utf-8")
    with pytest.raises(Exception, match="customer"):
        served.platform.imports.import_csv(boss, "customer", file)
    with erp.outer.connect() as connection:
        name = connection.execute(text("SELECT \"客户名称\" FROM customers WHERE code = 'C003'")).scalar_one()
    assert name == "客户3"


def test_an_import_names_records_there_by_key_or_title_in_one_question_a_batch(erp: Erp, tmp_path: Path) -> None:
    served, boss, ann = erp.served, erp.actor("boss", "boss"), erp.actor("ann", "rep")
    names = ["客户7", "C008", "ACME", "上海/1", "~5LiK5rW3LzE", *(f"客户{number}" for number in range(20, 60))]
    file = tmp_path / "visit.csv"
    lines = [f"v{place},{name}" for place, name in enumerate((*names, "客户x"))]
    file.write_text("\n".join(("name,customer", *lines)) + "\n", encoding="utf-8")
    with asked_there() as asked:
        done = served.platform.imports.import_csv(boss, "visit", file)
    # One for what the texts stand for; whether they may be pointed at, the save asks of each batch.
    assert sum("IN (" in each for each in asked) <= 2
    assert (done.created, [error.line for error in done.errors]) == (len(names), [len(names) + 2])
    rows = served.platform.records.list(boss, ListQuery(object="visit", limit=200)).rows
    pointed = {row["name"]: row["customer"] for row in rows}
    assert [pointed[f"v{place}"] for place in range(6)] == ["C007", "C008", *["~5LiK5rW3LzE"] * 3, "C020"]
    with served.platform.records.reading(ann) as transaction:
        found = find_there(transaction, "customer", ["客户0", "客户1", "C001", "C003"], (), title=True)
    assert found == {"客户0": ["C000"], "C003": ["C003"]}, "the others are not hers to see"
    for row in rows:
        served.platform.records.delete(boss, "visit", row.id)


def test_pages_api_and_exports_show_the_records(erp: Erp) -> None:
    served = erp.served
    client = served.sign_in("boss")
    for page, words in (
        ("/o/customer", ("客户0", "C049")),
        ("/o/customer?q=acme", ("ACME", "~5LiK5rW3LzE")),
        ("/o/customer/C003", ("客户3", "N3", "N7")),
        ("/o/customer/~5LiK5rW3LzE", ("ACME", "客户5")),
        ("/o/invoice/7", ("N7", "客户3")),
    ):
        answer = client.get(page)
        shown_page = answer.get_data(as_text=True)
        assert answer.status_code == 200, page
        assert all(word in shown_page for word in words), page
        assert "a secret" not in shown_page
    visit = served.make("boss", "visit", name="v", customer="C003")
    heads = client.get("/o/visit?view=all").get_data(as_text=True)
    assert set(re.findall(r"sort=-?([a-z_.]+)", heads)) == {"name"}, "no order reads two databases"
    served.call("boss", "DELETE", f"/records/visit/{visit['id']}")
    assert "sort=double_credit" in client.get("/o/customer?view=figures").get_data(as_text=True)
    answer = served.get("boss", '/records/customer?filter=region = "south"&limit=2&count=true')
    assert [each["id"] for each in answer.get_json()["items"]] == ["C000", "C002"]
    assert answer.get_json()["count"]["value"] == 60
    lines = served.get("boss", "/exports/customer?heads=names").get_data(as_text=True).splitlines()
    assert len(lines) == 122
    for part in ("history", "runs", "stages"):
        assert served.get("boss", f"/records/customer/C003/{part}").get_json()["items"] == []
    for wrong in ("C999", "nope", "~", "~x", "1" * 300):
        assert served.get("boss", f"/records/customer/{wrong}").status_code == 404
        assert client.get(f"/o/customer/{wrong}").status_code == 404
    related = served.platform.records.related(erp.actor("boss", "boss"), "customer", "C003", "invoices", limit=4)
    assert [row.id for row in related.rows] == ["3", "7", "11", "15"]


def test_no_table_is_made_for_them(erp: Erp) -> None:
    engine = create_engine(erp.served.platform.database.url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert "shop_visit" in tables
    assert not {"shop_customer", "shop_invoice", "customers", "invoices"} & set(tables)
