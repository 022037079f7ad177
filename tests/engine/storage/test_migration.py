"""Plans between schemas: what they say, what they do to tables and data, and that the end is always the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from engine.storage.data_checks import check_data
from engine.storage.database import Database
from engine.storage.layout import lay_out
from engine.storage.migration import plan_migration
from engine.storage.plan_steps import MigrationPlan, StepKind
from engine.storage.tables import build_tables
from metamodel.apps import Metamodel
from tests.engine.storage.schema_cases import Installation, field, metamodel, metamodels, really_there, target_of, thing
from tests.support.postgres import create_database, drop_database

ID = "0199e5a0-0000-7000-8000-00000000000{}"


@pytest.fixture
def installation(database_url: str) -> Iterator[Installation]:
    database = Database(database_url, pool_size=3)
    yield Installation(database)
    database.close()


def _insert(installation: Installation, made: Metamodel, key: str, **values: Any) -> None:
    tables = build_tables(made, installation.database.dialect)
    with installation.database.write() as connection:
        connection.execute(insert(tables.of(key).table), [values])


def _rows(installation: Installation, made: Metamodel, key: str, *names: str) -> list[tuple[Any, ...]]:
    table = build_tables(made, installation.database.dialect).of(key).table
    with installation.database.read() as connection:
        found = connection.execute(select(*(table.c[name] for name in names)).order_by(table.c.id))
        return [tuple(row) for row in found]


def _kinds(plan: MigrationPlan) -> list[StepKind]:
    return [step.kind for step in plan.steps]


def test_a_plan_to_the_same_schema_is_empty(installation: Installation) -> None:
    made = metamodel(thing("deal", field("name"), field("amount", "money")))
    installation.apply(made)
    assert installation.plan(made).is_empty


def test_a_plan_is_the_same_after_a_way_through_json(installation: Installation) -> None:
    plan = installation.plan(metamodel(thing("deal", field("name"), field("firm", "lookup", to=["deal"]))))
    again = MigrationPlan.from_json(plan.to_json())
    assert again.to_json() == plan.to_json()
    assert again.checksum == plan.checksum


def test_a_new_field_becomes_a_column_and_the_rows_stay(installation: Installation) -> None:
    before = metamodel(thing("deal", field("name")))
    after = metamodel(thing("deal", field("name"), field("paid", "boolean"), field("next", "lookup", to=["deal"])))
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), name="Pumps")
    plan = installation.apply(after)
    assert StepKind.CREATE_TABLE not in _kinds(plan)
    assert _rows(installation, after, "deal", "name", "paid", "next") == [("Pumps", False, None)]


def test_a_reference_that_comes_later_is_held_at_the_end_of_the_transaction_too(installation: Installation) -> None:
    after = metamodel(thing("firm", field("parent", "lookup", to=["firm"])))
    installation.apply(metamodel(thing("firm")))
    installation.apply(after)
    table = build_tables(after, installation.database.dialect).of("firm").table
    with installation.database.write() as connection:
        connection.execute(insert(table), [{"id": ID.format(1), "parent": ID.format(2)}])
        connection.execute(insert(table), [{"id": ID.format(2), "parent": None}])
    with pytest.raises(IntegrityError), installation.database.write() as connection:
        connection.execute(insert(table), [{"id": ID.format(3), "parent": ID.format(4)}])


def test_a_field_with_was_is_renamed_with_its_values_and_once_only(installation: Installation) -> None:
    before = metamodel(thing("deal", field("worth", "money"), field("name")))
    after = metamodel(thing("deal", field("amount", "money", was="worth"), field("title_text", was="name")))
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), name="Pumps", worth=5, worth_currency="CNY")
    plan = installation.apply(after)
    assert StepKind.RETIRE not in [step.kind for step in plan.steps if "name_sort" not in step.text]
    assert _rows(installation, after, "deal", "title_text", "amount", "amount_currency") == [("Pumps", 5, "CNY")]
    assert installation.plan(after).is_empty


def test_an_object_with_was_keeps_its_table_under_the_new_name(installation: Installation) -> None:
    before = metamodel(thing("deal", field("name")), thing("note", field("about", "lookup", to=[])))
    after = metamodel(
        thing("sale", field("name"), was="deal"),
        thing("note", field("about", "lookup", to=[])),
        thing("deal", field("name")),
    )
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), name="Pumps")
    _insert(installation, before, "note", id=ID.format(2), about=ID.format(1), about_object="deal")
    renamed_only = metamodel(after.objects["sale"], after.objects["note"])
    plan = installation.apply(renamed_only)
    assert StepKind.RENAME_TABLE in _kinds(plan)
    assert StepKind.CREATE_TABLE not in _kinds(plan)
    assert _rows(installation, renamed_only, "sale", "name") == [("Pumps",)]
    assert _rows(installation, renamed_only, "note", "about_object") == [("sale",)]
    installation.apply(after)
    assert _rows(installation, after, "deal", "name") == []
    assert really_there(installation.database, after)


def test_an_option_with_was_is_renamed_in_the_rows(installation: Installation) -> None:
    before = metamodel(thing("deal", field("stage", "choice", choices=[("new", None), ("won", None)])))
    after = metamodel(thing("deal", field("stage", "choice", choices=[("open", "new"), ("won", None)])))
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), stage="new")
    installation.apply(after)
    assert _rows(installation, after, "deal", "stage") == [("open",)]
    assert installation.plan(after).is_empty


def test_a_removed_field_keeps_its_data_and_gets_it_back_when_it_returns(installation: Installation) -> None:
    full = metamodel(thing("deal", field("name"), field("amount", "money"), field("code", unique=True)))
    bare = metamodel(thing("deal", field("name")))
    installation.apply(full)
    _insert(installation, full, "deal", id=ID.format(1), name="Pumps", amount=7, code="a")
    plan = installation.apply(bare)
    assert StepKind.RETIRE in _kinds(plan)
    assert installation.plan(bare).is_empty
    _insert(installation, bare, "deal", id=ID.format(2), name="Valves")
    installation.apply(full)
    assert _rows(installation, full, "deal", "amount", "code") == [(7, "a"), (None, None)]
    assert really_there(installation.database, full)["shop_deal"][2] >= {("uq_shop_deal_code", ("code",), True)}


def test_a_field_that_returns_with_another_type_starts_empty_and_the_old_values_stay(
    installation: Installation,
) -> None:
    text = metamodel(thing("deal", field("code")))
    date = metamodel(thing("deal", field("code", "date")))
    installation.apply(text)
    _insert(installation, text, "deal", id=ID.format(1), code="a")
    installation.apply(metamodel(thing("deal")))
    installation.apply(date)
    assert _rows(installation, date, "deal", "code") == [(None,)]
    kept = [item.column.name for item in installation.installed.schema.retired if item.column is not None]
    assert kept == ["code__retired1"]
    with installation.database.read() as connection:
        assert connection.exec_driver_sql("SELECT code__retired1 FROM shop_deal").scalar() == "a"


def test_a_removed_object_keeps_its_table_and_its_rows_return(installation: Installation) -> None:
    both = metamodel(thing("deal", field("name")), thing("firm", field("name"), field("deal", "lookup", to=["deal"])))
    one = metamodel(both.objects["deal"])
    installation.apply(both)
    _insert(installation, both, "firm", id=ID.format(1), name="ACME")
    installation.apply(one)
    assert "firm" not in {table.object for table in installation.installed.schema.tables.values()}
    installation.apply(both)
    assert _rows(installation, both, "firm", "name") == [("ACME",)]


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        (field("x", "integer"), field("x", "decimal", digits=2), 12, "12.00"),
        (field("x", "decimal", digits=2), field("x", "decimal", digits=4), 1.5, "1.5000"),
        (field("x", "decimal", digits=4), field("x", "decimal", digits=1), 1.5, "1.5"),
        (field("x", "decimal", digits=4), field("x", "integer"), 7, "7"),
        (field("x", "integer"), field("x"), 12, "12"),
        (field("x", "decimal", digits=4), field("x"), 12.5, "12.5"),
        (field("x", "boolean"), field("x"), True, "true"),
    ],
    ids=lambda item: item.type if hasattr(item, "type") else None,
)
def test_a_change_of_type_that_fits_keeps_every_value(
    installation: Installation, old: Any, new: Any, value: Any, expected: str
) -> None:
    before, after = metamodel(thing("deal", old)), metamodel(thing("deal", new))
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), x=value)
    _insert(installation, before, "deal", id=ID.format(2))
    plan = installation.plan(after)
    with installation.database.read() as connection:
        assert check_data(connection, installation.database.dialect, plan, after) == ()
    installation.apply(after)
    installation.database.renew()
    assert str(_rows(installation, after, "deal", "x")[0][0]) == expected


def test_a_narrower_type_is_refused_with_the_number_of_values_that_do_not_fit(installation: Installation) -> None:
    before = metamodel(thing("deal", field("x", "decimal", digits=4)))
    after = metamodel(thing("deal", field("x", "decimal", digits=1)))
    installation.apply(before)
    for number, value in enumerate((1.25, 2.5, 3.125)):
        _insert(installation, before, "deal", id=ID.format(number), x=value)
    plan = installation.plan(after)
    assert len(plan.lossy) == 1
    with installation.database.read() as connection:
        (problem,) = check_data(connection, installation.database.dialect, plan, after)
    assert problem.code == "APP803"
    assert "2 records" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (field("x"), field("x", "date"), "from text to date"),
        (field("x"), field("x", "json"), "from text to document"),
        (field("x", "decimal", digits=2), field("x", "json"), "from decimal(2) to document"),
        (field("x", "json"), field("x", "tags"), "from document to texts"),
        (field("x"), field("x", encrypted=True), "from text to sealed"),
        (field("x", encrypted=True), field("x", "json"), "from sealed to document"),
        (field("x", "tags"), field("x"), "from texts to text"),
    ],
    ids=lambda item: item.type if hasattr(item, "type") else None,
)
def test_a_type_that_cannot_follow_another_is_refused_with_its_place(old: Any, new: Any, said: str) -> None:
    installed = target_of(metamodel(thing("deal", old)))
    made = metamodel(thing("deal", new))
    (problem,) = plan_migration(installed, made, target_of(made)).problems
    assert (problem.code, said in problem.message) == ("APP801", True)


def test_a_document_becomes_the_text_it_is(installation: Installation) -> None:
    before, after = metamodel(thing("deal", field("x", "json"))), metamodel(thing("deal", field("x")))
    installation.apply(before)
    _insert(installation, before, "deal", id=ID.format(1), x='{"a":1}')
    installation.apply(after)
    assert _rows(installation, after, "deal", "x") == [('{"a":1}',)]
    assert installation.plan(after).is_empty


def test_a_unique_key_over_doubles_is_refused_with_their_number(installation: Installation) -> None:
    before, after = metamodel(thing("deal", field("x"))), metamodel(thing("deal", field("x", unique=True)))
    installation.apply(before)
    for number, value in enumerate(("a", "a", "b", None, None)):
        _insert(installation, before, "deal", id=ID.format(number), x=value)
    with installation.database.read() as connection:
        (problem,) = check_data(connection, installation.database.dialect, installation.plan(after), after)
    assert problem.code == "APP802"
    assert "2 records share 1 values, such as 'a'" in problem.message


def test_a_long_name_is_cut_and_stays_unique() -> None:
    long = "a" * 39
    made = metamodel(thing(f"{long}b" + "x" * 30, field("name")), thing(f"{long}b" + "y" * 30, field("name")))
    names = list(lay_out(made).tables)
    assert len(set(names)) == 2
    assert all(len(name) <= 55 for name in names)


@pytest.mark.promise("DEV-09")
@settings(max_examples=20)
@given(first=metamodels(), second=metamodels())
@example(first=metamodel(thing("firm")), second=metamodel(thing("firm", field("user", "lookup", to=["firm"]))))
def test_any_way_on_sqlite_ends_at_the_target(first: Metamodel, second: Metamodel) -> None:
    with TemporaryDirectory() as folder:
        travelled, fresh = (Database(f"sqlite:///{Path(folder) / name}") for name in ("a.sqlite", "b.sqlite"))
        _compare_ways(travelled, fresh, first, second)


@pytest.mark.promise("DEV-09")
@pytest.mark.postgres
def test_any_way_on_postgresql_ends_at_the_target(postgres_server_url: str, worker_label: str) -> None:
    @settings(max_examples=6)
    @given(first=metamodels(), second=metamodels())
    @example(first=metamodel(thing("firm")), second=metamodel(thing("firm", field("user", "lookup", to=["firm"]))))
    def check(first: Metamodel, second: Metamodel) -> None:
        urls = [create_database(postgres_server_url, label=worker_label) for _ in range(2)]
        try:
            _compare_ways(Database(urls[0], pool_size=2), Database(urls[1], pool_size=2), first, second)
        finally:
            for url in urls:
                drop_database(postgres_server_url, url)

    check()


def _compare_ways(travelled: Database, fresh: Database, first: Metamodel, second: Metamodel) -> None:
    try:
        way = Installation(travelled)
        way.apply(first)
        assume(not way.plan(second).problems)
        way.apply(second)
        Installation(fresh).apply(second)
        assert really_there(travelled, second) == really_there(fresh, second)
        assert way.plan(second).is_empty
    finally:
        travelled.close()
        fresh.close()
