"""Columns of other databases as they come: short floats, bytes, enumerations, blanks, what Python has no value for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from engine.access.actor import Actor, system_actor
from engine.records.types import ListQuery
from metamodel.views import SortKey
from tests.support.platforms import small_app
from tests.support.postgres import create_database, drop_database
from tests.support.served import Served, serve_deals

KEY = "00000000-0000-0000-0000-0000000000"
ROWS = 30
FILES: Mapping[str, str] = {
    "connections/erp.yaml": """
        connection: erp
        kind: database
        secret: ERP_DATABASE
    """,
    "objects/thing.yaml": """
        object: thing
        label: Thing
        title: "{name}"
        search: [name]
        source: {table: erp.things, key: key}
        fields:
          name: {type: text}
          state: {type: choice, options: {open: {label: Open}, gone: {label: Gone}}}
          small: {type: integer}
          amount: {type: decimal, digits: 2}
          short: {type: decimal, digits: 3}
          since: {type: date}
          seen: {type: datetime}
          written: {type: integer}
          packed: {type: text}
          code: {type: text, formula: name & "!"}
    """,
    "objects/part.yaml": """
        object: part
        label: Part
        title: "{name}"
        source: {table: erp.parts, key: id, fields: {owner: rep}}
        fields:
          name: {type: text}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects: {thing: {read: all}, part: {read: all}, user: {read: all}}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects: {thing: {read: 'code != "n1 !"'}, part: {read: own}, user: {read: all}}
    """,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_label: str
) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("odd")
    is_postgresql = request.param == "postgresql"
    # What an address may hold, and a URI of SQLite reads otherwise.
    address = f"sqlite:///{folder / 'of #1 50%20off.sqlite'}"
    if is_postgresql:
        address = create_database(request.getfixturevalue("postgres_server_url"), label=worker_label)
    patch = pytest.MonkeyPatch()
    patch.setenv("ERP_DATABASE", address)
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    _fill(engine, is_postgresql)
    with serve_deals(f"sqlite:///{folder / 'host.sqlite'}", folder, app_folder=small_app(folder, FILES)) as made:
        yield made
    patch.undo()
    engine.dispose()
    if is_postgresql:
        drop_database(request.getfixturevalue("postgres_server_url"), address)


def _fill(engine: Engine, is_postgresql: bool) -> None:
    key, state, packed = ("uuid", "state", "bytea") if is_postgresql else ("char(36)", "text", "blob")
    thing = "INSERT INTO things VALUES (:key, :name, :state, :small, :amount, :short, :day, :seen, :written, :packed)"
    with engine.begin() as connection:
        if is_postgresql:
            connection.execute(text("CREATE TYPE state AS ENUM ('open', 'shut')"))
        columns = "short real, since date, seen timestamp, written text, packed " + packed
        head = f"key {key} PRIMARY KEY, name varchar(9), state {state}, small smallint, amount numeric(8,2), {columns}"
        connection.execute(text(f"CREATE TABLE things ({head})"))
        for number in range(ROWS):
            values: dict[str, Any] = {
                "key": f"{KEY}{number:02}", "name": f"n{number % 5} ", "state": ("open", "shut")[number % 2],
                "small": number, "amount": number / 4, "short": 0.1 * (number % 7),
                "day": f"2020-01-0{1 + number % 3}", "seen": f"2020-01-01 00:00:{number % 4:02}",
                "written": str(number), "packed": f"p{number}".encode(),
            }  # fmt: skip
            connection.execute(text(thing), values)
        odd = "since = 'infinity', seen = 'infinity', amount = 'NaN', short = 'NaN'"
        bad = "name = CAST(x'ff41' AS text), since = 'soon', seen = 'soon', amount = 'much', short = 'little'"
        connection.execute(text(f"UPDATE things SET {odd if is_postgresql else bad} WHERE small = 29"))
        before = "0044-01-01 BC"
        connection.execute(text(f"UPDATE things SET since = '{before}', seen = '{before}' WHERE small = 28"))
        connection.execute(text("CREATE TABLE parts (id integer PRIMARY KEY, name text, rep text)"))
        rows = "(-5, 'under', 'Ann@Example.com'), (7, 'seven', ' ann@example.com '), (8, 'eight', 'bob@example.com')"
        connection.execute(text(f"INSERT INTO parts VALUES {rows}"))


def _ids(served: Served, actor: Actor, object_key: str = "thing", **query: Any) -> list[str]:
    cursor, found = None, list[str]()
    while len(found) <= ROWS:
        asked = ListQuery(object=object_key, cursor=cursor, limit=4, **query)
        page = served.platform.records.list(actor, asked)
        found += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError(f"the pages of {query} do not end")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("path", ["short", "amount", "since", "seen", "packed", "state", "name"])
def test_pages_in_the_order_of_any_column_have_every_record_once(served: Served, path: str, descending: bool) -> None:
    found = _ids(served, system_actor(), sort=(SortKey(path=path, descending=descending),))
    assert sorted(found) == [f"{KEY}{number:02}" for number in range(ROWS)]


def test_numbers_that_lie_in_texts_stand_in_the_order_of_numbers(served: Served) -> None:
    found = _ids(served, system_actor(), sort=(SortKey(path="written"),))
    assert found == [f"{KEY}{number:02}" for number in range(ROWS)]


FILTERS: Mapping[str, int] = {
    "small > 40000": 0,
    "small > 99999999999999999999": 0,
    "small < 99999999999999999999": ROWS,
    "small >= -99999999999999999999 and small < 3": 3,
    "amount > 99999999999": 0,
    "amount = 5": 1,
    "short = 0.1": 4,
    'name = "n1 "': 6,
    'name in ["n1", "n2"]': 0,
    'state = "open"': 15,
    'state = "gone"': 0,
    'packed = "p3"': 1,
    'since = date("2020-01-02")': 9,
    "since is empty": 2,
    'name = "x\' or 1=1 --"': 0,
    'name contains "%"': 0,
}


@pytest.mark.parametrize("filter_text", FILTERS)
def test_what_is_asked_there_may_be_more_than_a_column_can_hold(served: Served, filter_text: str) -> None:
    assert len(_ids(served, system_actor(), filter=filter_text)) == FILTERS[filter_text]
    # Sorted by what only our side computes, all rows are judged here.
    assert len(_ids(served, system_actor(), filter=filter_text, sort=(SortKey(path="code"),))) == FILTERS[filter_text]


def test_what_is_no_key_there_is_not_found(served: Served) -> None:
    for path, status in (("thing/abc1", 404), (f"thing/{KEY}03", 200), ("part/-5", 200), ("part/x5", 404)):
        assert served.get("boss", f"/records/{path}").status_code == status, path


def test_a_column_may_call_a_user_in_letters_of_either_case(served: Served) -> None:
    ann = Actor(user_id=served.user_ids["ann"], login="ann", name="ann", roles=frozenset(["rep"]))
    assert _ids(served, ann, "part") == ["-5", "7"]
    assert served.platform.records.count(ann, ListQuery(object="part")).value == 2


def test_a_cursor_tells_nothing_of_the_rows_it_passed(served: Served) -> None:
    import base64

    ann = Actor(user_id=served.user_ids["ann"], login="ann", name="ann", roles=frozenset(["rep"]))
    page = served.platform.records.list(ann, ListQuery(object="thing", limit=4, sort=(SortKey(path="name"),)))
    assert page.next_cursor is not None
    raw = base64.urlsafe_b64decode(page.next_cursor + "=" * (-len(page.next_cursor) % 4))
    assert b"n0" not in raw
    assert KEY.encode() not in raw
    assert len(_ids(served, ann, sort=(SortKey(path="name"),))) == ROWS - 6


def test_a_rule_that_looks_a_record_up_does_not_read_the_whole_table(served: Served) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM things" in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with served.platform.records.reading(system_actor()) as transaction:
            found = transaction.cache.lookup("thing", "name", "n1 ")
            assert transaction.cache.lookup("thing", "small", 17) == [f"{KEY}17"]
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(found) == 2
    assert len(asked) == 2
    assert all("things.name =" in each or "things.small <=" in each for each in asked)
