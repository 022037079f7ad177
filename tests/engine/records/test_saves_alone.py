"""A save that stands alone: written by as few statements as can be, and the same as any other save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text

from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.storage.dialect import Dialect
from tests.support.deals import Deals


@pytest.fixture
def postgresql(deals: Deals) -> Deals:
    """The app where somebody else can change what a save was built upon."""
    if deals.platform.database.dialect is not Dialect.POSTGRESQL:
        pytest.skip("SQLite has one writer at a time")
    return deals


def history(deals: Deals, object_key: str, record_id: str) -> list[Mapping[str, Any]]:
    """Give the log's rows of a record, the oldest first."""
    log = deals.platform.system.audit
    with deals.platform.database.read() as connection:
        query = select(log).where(log.c.object == object_key, log.c.record_id == record_id).order_by(log.c.id)
        return [dict(row._mapping) for row in connection.execute(query)]


def as_written(deals: Deals, line: str, deal: str) -> tuple[object, ...]:
    """Give all that a save of a line left, but for ids and instants."""
    own = {"id", "at", "record_id"}
    logged = [
        {name: value for name, value in row.items() if name not in own}
        | {"changes": {name: pair for name, pair in row["changes"].items() if name != "deal"}}
        for row in (*history(deals, "line", line), *history(deals, "deal", deal)[1:])
    ]
    records = [deals.records.get(deals.system, key, record_id) for key, record_id in (("line", line), ("deal", deal))]
    plain = [
        {
            name: value
            for name, value in record.values.items()
            if name not in ("id", "deal", "number", "created_at", "modified_at")
        }
        for record in records
    ]
    return logged, plain, [record.version for record in records]


LINES = (
    {"product": "p", "quantity": 2, "price": "1.50"},
    {"product": "dear", "quantity": 1, "price": "12345678.90"},
    {"product": "without a price"},
)


@pytest.mark.parametrize("values", LINES)
def test_a_save_alone_leaves_what_the_same_save_among_others_leaves(deals: Deals, values: dict[str, object]) -> None:
    alone, among = deals.deal(), deals.deal()
    first = deals.records.create(deals.ann, "line", {"deal": alone, **values}).record.id
    with deals.records.transaction(deals.ann) as transaction:
        second = transaction.create("line", {"deal": among, **values}).record.id
    assert as_written(deals, first, alone) == as_written(deals, second, among)
    deals.records.update(deals.ann, "line", first, {"quantity": 7, "price": "20"})
    with deals.records.transaction(deals.ann) as transaction:
        transaction.update("line", second, {"quantity": 7, "price": "20"})
    assert as_written(deals, first, alone) == as_written(deals, second, among)


def test_a_number_drawn_by_the_write_is_the_next_one_everywhere(deals: Deals) -> None:
    with deals.records.transaction(deals.ann) as transaction:
        before = str(transaction.create("deal", {"name": "a"}).record["number"])
    saved = deals.records.create(deals.ann, "deal", {"name": "b"}).record
    following = f"{before[:-4]}{int(before[-4:]) + 1:04d}"
    assert saved["number"] == following
    assert deals.records.get(deals.ann, "deal", saved.id)["number"] == following
    (entry,) = deals.records.history(deals.ann, "deal", saved.id)
    assert [change.new for change in entry.changes if change.field == "number"] == [following]
    with deals.records.transaction(deals.ann) as transaction:
        assert transaction.create("deal", {"name": "c"}).record["number"] == f"{before[:-4]}{int(before[-4:]) + 2:04d}"


def test_numbers_outgrow_their_places(postgresql: Deals) -> None:
    deals = postgresql
    with deals.platform.database.write() as connection:
        connection.execute(text("UPDATE fs_sequence SET value = 99998 WHERE name LIKE 'deal.number%'"))
    numbers = [str(deals.records.create(deals.ann, "deal", {"name": "n"}).record["number"])[7:] for _ in range(2)]
    assert numbers == ["99999", "100000"]


def test_texts_stay_as_they_were_typed(deals: Deals) -> None:
    typed = "$1 %(x)s {0000} drawn \\ \" '"
    saved = deals.records.create(deals.ann, "deal", {"name": typed}).record
    assert deals.records.get(deals.ann, "deal", saved.id)["name"] == typed


def test_a_create_that_points_at_nothing_is_one_statement(postgresql: Deals) -> None:
    def create() -> None:
        postgresql.records.create(postgresql.ann, "contact", {"name": "Li"})

    create()
    with postgresql.platform.database.statements.recording() as sent:
        create()
    assert len(sent) == 1


def overtaken(deals: Deals, change: str, record_id: str, save: Callable[[], object]) -> object:
    """Let a save wait for somebody who has changed its record and commits meanwhile; give what it gave or raised."""
    database = deals.platform.database
    with ThreadPoolExecutor(max_workers=1) as pool, database.write() as connection:
        connection.execute(text(change), {"id": record_id})
        waits = pool.submit(save)
        with database.read() as looking:
            blocked = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while not looking.execute(text(blocked)).scalar() and not waits.done():
                pass
        connection.commit()
        try:
            return waits.result(timeout=20)
        except Exception as refused:
            return refused


def test_an_update_that_was_overtaken_begins_again_and_loses_nothing(postgresql: Deals) -> None:
    deals = postgresql
    deal = deals.deal(code="overtaken")
    table = deals.platform.releases.current().tables.of("deal").table.name
    change = f"UPDATE {table} SET name = 'other', version = version + 1 WHERE id = :id"
    saved = overtaken(deals, change, deal, lambda: deals.records.update(deals.ann, "deal", deal, {"count": 4}))
    assert not isinstance(saved, Exception), saved
    record = deals.records.get(deals.ann, "deal", deal)
    assert (record["name"], record["count"], record.version) == ("other", 4, 3)
    assert [row["version"] for row in history(deals, "deal", deal)] == [1, 3]


def test_an_update_of_what_was_deleted_meanwhile_finds_nothing(postgresql: Deals) -> None:
    deals = postgresql
    deal = deals.deal()
    table = deals.platform.releases.current().tables.of("deal").table.name
    change = f"UPDATE {table} SET deleted_at = now(), version = version + 1 WHERE id = :id"
    found = overtaken(deals, change, deal, lambda: deals.records.update(deals.ann, "deal", deal, {"count": 4}))
    assert isinstance(found, RecordNotFound)


def test_a_part_of_what_was_deleted_meanwhile_is_refused_and_leaves_nothing(postgresql: Deals) -> None:
    deals = postgresql
    deal = deals.deal()
    tables = deals.platform.releases.current().tables
    lines = f"SELECT count(*) FROM {tables.of('line').table.name}"
    with deals.platform.database.read() as connection:
        before = connection.execute(text(lines)).scalar()
    change = f"UPDATE {tables.of('deal').table.name} SET deleted_at = now() WHERE id = :id"
    values = {"deal": deal, "product": "p"}
    found = overtaken(deals, change, deal, lambda: deals.records.create(deals.ann, "line", values))
    assert isinstance(found, AccessDenied | ValidationFailed)
    with deals.platform.database.read() as connection:
        assert connection.execute(text(lines)).scalar() == before


def test_figures_move_one_by_one_in_the_log_of_a_parent_that_many_write_to(deals: Deals) -> None:
    deal = deals.deal()
    with ThreadPoolExecutor(max_workers=6) as pool:
        values = {"deal": deal, "product": "p", "quantity": 1, "price": "2"}
        list(pool.map(lambda _: deals.records.create(deals.ann, "line", values), range(24)))
    moves = [row["changes"]["parts"] for row in history(deals, "deal", deal)[1:]]
    assert sorted(moves) == [[count, count + 1] for count in range(24)]
    assert [row["version"] for row in sorted(history(deals, "deal", deal), key=lambda row: row["version"])] == list(
        range(1, 26)
    )
