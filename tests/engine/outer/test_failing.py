"""Another database that is away, has changed, or was never named: a clear word, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from engine.access.actor import system_actor
from engine.errors import ReleaseRefused, SourceChanged, SourceUnavailable
from engine.outer.databases import OuterDatabases, make_engine
from engine.records.types import ListQuery
from metamodel.apps import ConnectionDef
from metamodel.source import Location
from tests.support.outer import ERP_FILES, add_rows, outer_database
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

ROWS = [{"code": "C1", "客户名称": "客户1", "region": "north", "active": True}]


@dataclass
class Erp:
    served: Served
    outer: Engine
    app: Path
    file: Path

    def forget(self) -> None:
        """Let the next question open a connection anew, as after the seconds in which nobody asks."""
        outer = self.served.platform.outer
        outer.close()
        outer.ask_again()


@pytest.fixture
def erp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Erp]:
    file = tmp_path / "erp.sqlite"
    monkeypatch.setenv("ERP_DATABASE", f"sqlite:///{file}")
    app = small_app(tmp_path, ERP_FILES)
    with outer_database(f"sqlite:///{file}") as outer:
        add_rows(outer, "customers", ROWS)
        with serve_deals(f"sqlite:///{tmp_path / 'host.sqlite'}", tmp_path, app_folder=app) as served:
            yield Erp(served, outer, app, file)


def test_a_database_that_is_away_is_told_and_the_rest_goes_on(erp: Erp) -> None:
    served = erp.served
    visit = served.make("boss", "visit", name="First", customer="C1")
    client = served.sign_in("boss")
    erp.outer.dispose()
    away = erp.file.rename(erp.file.with_suffix(".away"))
    erp.forget()
    answer = served.get("boss", "/records/customer")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "source_unavailable")
    assert "'erp'" in answer.get_json()["detail"]
    assert "Retry-After" in answer.headers
    page = client.get("/o/customer")
    assert page.status_code == 503
    assert "Everything else works" in page.get_data(as_text=True)
    # Records of ours are listed, opened, changed; what they point at is called by its key meanwhile.
    listed = served.get("boss", "/records/visit").get_json()["items"]
    assert listed[0]["customer"] == {"id": "C1", "title": "C1"}
    other = served.make("boss", "visit", name="Second")
    for path in ("/o/visit", f"/o/visit/{visit['id']}", f"/o/visit/{other['id']}/edit", "/o/visit/new", "/"):
        assert client.get(path).status_code == 200, path
    # A save that must read what lies there waits for it; one that need not goes through.
    for each, status in ((visit["id"], 503), (other["id"], 200)):
        path = f"/records/visit/{each}"
        changed = served.call("boss", "PATCH", path, json={"name": "B"}, headers={"If-Match": "*"})
        assert changed.status_code == status
    refused = served.call("boss", "POST", "/records/visit", json={"name": "C", "customer": "C1"})
    assert refused.status_code == 503
    away.rename(erp.file)
    erp.forget()
    assert served.get("boss", "/records/customer/C1").get_json()["name"] == "客户1"
    assert served.get("boss", f"/records/visit/{visit['id']}").get_json()["customer"]["title"] == "客户1"


def test_who_does_not_answer_is_left_alone_for_some_seconds(tmp_path: Path) -> None:
    now = [0.0]
    asked: list[str] = []

    def address(name: str) -> str:
        asked.append(name)
        return f"sqlite:///{tmp_path / 'erp.sqlite'}"

    databases = OuterDatabases(address, lambda: now[0])
    connection = _connection(tmp_path)
    with pytest.raises(SourceUnavailable), databases.read(connection):
        pass
    with outer_database(f"sqlite:///{tmp_path / 'erp.sqlite'}"):
        with pytest.raises(SourceUnavailable), databases.read(connection):
            pass
        now[0] = 11.0
        with databases.read(connection) as opened:
            assert opened.execute(text("SELECT count(*) FROM customers")).scalar_one() == 0
    databases.close()


def test_a_connection_does_not_write_and_makes_no_file(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'erp.sqlite'}"
    databases = OuterDatabases(lambda _: address)
    with pytest.raises(SourceUnavailable), databases.read(_connection(tmp_path)):
        pass
    assert not (tmp_path / "erp.sqlite").exists()
    with outer_database(address):
        databases.ask_again()
        with pytest.raises(SourceUnavailable), databases.read(_connection(tmp_path)) as opened:
            opened.execute(text("DELETE FROM customers"))
    databases.close()


def test_a_postgresql_connection_does_not_write(postgres_url: str, tmp_path: Path) -> None:
    databases = OuterDatabases(lambda _: postgres_url)
    with outer_database(postgres_url) as engine:
        add_rows(engine, "customers", ROWS)
        with pytest.raises(SourceUnavailable), databases.read(_connection(tmp_path)) as opened:
            opened.execute(text("DELETE FROM customers"))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM customers")).scalar_one() == 1
    databases.close()


@pytest.mark.parametrize(
    ("address", "word"),
    [("", "set ERP_DATABASE"), ("rubbish", "address"), ("nodb://host/x", "driver"), ("mysql+pymysql://h/x", "driver")],
)
def test_an_address_that_leads_nowhere_is_told(address: str, word: str, tmp_path: Path) -> None:
    databases = OuterDatabases(lambda _: address or None)
    with pytest.raises(SourceUnavailable, match=word), databases.read(_connection(tmp_path)):
        pass


def test_a_variable_of_the_installation_itself_is_not_read(tmp_path: Path) -> None:
    connection = replace(_connection(tmp_path), options={"secret": "FIELDSTONE_DATABASE_URL"})
    databases = OuterDatabases(lambda name: pytest.fail(f"{name} was read"))
    with pytest.raises(SourceUnavailable, match="belongs to this installation"), databases.read(connection):
        pass


def test_no_message_gives_the_address_away() -> None:
    with pytest.raises(SourceUnavailable) as refused:
        make_engine("erp", "nodb://user:geheim@host/x")
    assert "geheim" not in str(refused.value)


def test_a_column_that_was_dropped_is_named_and_comes_back(erp: Erp) -> None:
    records, system = erp.served.platform.records, system_actor()
    assert records.count(system, ListQuery(object="customer")).value == 1
    with erp.outer.begin() as connection:
        connection.execute(text("ALTER TABLE customers RENAME COLUMN credit_limit TO credit_new"))
    with pytest.raises(SourceChanged, match="credit_limit"):
        records.list(system, ListQuery(object="customer"))
    answer = erp.served.get("boss", "/records/customer")
    assert (answer.status_code, answer.get_json()["code"]) == (502, "source_changed")
    assert erp.served.sign_in("boss").get("/o/customer").status_code == 502
    with erp.outer.begin() as connection:
        connection.execute(text("ALTER TABLE customers RENAME COLUMN credit_new TO credit_limit"))
    assert len(records.list(system, ListQuery(object="customer")).rows) == 1


def test_a_plan_names_the_tables_and_columns_that_are_not_there(erp: Erp) -> None:
    with erp.outer.begin() as connection:
        connection.execute(text("DROP VIEW open_invoices"))
        connection.execute(text("ALTER TABLE customers DROP COLUMN rate"))
    told = {problem.code: problem for problem in erp.served.platform.plan_release([erp.app]).errors}
    assert set(told) == {"APP841"}
    with pytest.raises(ReleaseRefused) as refused:
        erp.served.platform.apply_release([erp.app], author="test")
    lines = sorted(str(problem) for problem in refused.value.problems if problem.code == "APP841")
    assert [line.split("; ")[0] for line in lines] == [
        "shop/objects/customer.yaml:7:3 APP841 'erp.customers' has no column 'rate' in the other database",
        "shop/objects/invoice.yaml:4:9 APP841 There is no table or view 'erp.open_invoices' in the other database",
    ]


def test_a_release_is_not_kept_back_by_a_database_that_is_away(erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERP_DATABASE")
    plan = erp.served.platform.plan_release([erp.app])
    assert not plan.errors
    assert [problem.code for problem in plan.problems if problem.code.startswith("APP84")] == ["APP842", "APP842"]


def _connection(folder: Path) -> ConnectionDef:
    options = {"secret": "ERP_DATABASE"}
    at = Location(file=str(folder / "erp.yaml"))
    return ConnectionDef(name="erp", app="shop", kind="database", at=at, options=options)
