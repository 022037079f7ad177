"""What goes on beside: rows that the server takes while others are made, a commit while the next rows are read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.access.actor import system_actor
from engine.imports.finishing import Finishing
from engine.records.copying import copy_parts
from tests.support.deals import Deals, deals_app


@pytest.fixture(scope="module")
def deals(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deals]:
    with deals_app(module_database_url, tmp_path_factory.mktemp("beside")) as app:
        yield app


def test_rows_taken_beside_are_there_for_whoever_asks_next(deals: Deals) -> None:
    sequence = deals.platform.system.sequence
    names = [f"beside {number}" for number in range(3_000)]
    with deals.records.transaction(system_actor()) as transaction:
        transaction.insert_beside(sequence, {"name": names, "value": [*range(3_000)]})
        known = select(func.count()).where(sequence.c.name.like("beside %"))
        assert transaction.connection.execute(known).scalar() == 3_000
        transaction.insert_beside(sequence, {"name": ["last one beside"], "value": [7]})
    with deals.platform.database.read() as connection:
        assert connection.execute(select(sequence.c.value).where(sequence.c.name == "last one beside")).scalar() == 7


def test_rows_that_are_refused_beside_fail_the_transaction(deals: Deals) -> None:
    sequence = deals.platform.system.sequence
    names = [f"twice {number % 1_500}" for number in range(3_000)]
    with pytest.raises(IntegrityError), deals.records.transaction(system_actor()) as transaction:
        transaction.insert_beside(sequence, {"name": names, "value": [*range(3_000)]})
    with deals.platform.database.read() as connection:
        known = select(func.count()).where(sequence.c.name.like("twice %"))
        assert connection.execute(known).scalar() == 0
    # The connection is as good as before.
    assert deals.deal()


def test_what_raises_while_rows_are_taken_is_what_is_told(deals: Deals) -> None:
    sequence = deals.platform.system.sequence
    names = [f"lost {number % 1_500}" for number in range(3_000)]

    def fail_in_between() -> None:
        with deals.records.transaction(system_actor()) as transaction:
            transaction.insert_beside(sequence, {"name": names, "value": [*range(3_000)]})
            raise ZeroDivisionError

    # SQLite writes at once, and is the first to refuse.
    with pytest.raises((ZeroDivisionError, IntegrityError)):
        fail_in_between()
    assert deals.deal()


def test_an_end_that_fails_is_told_before_the_next_one() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with Finishing() as finishing:
        finishing.begin(fail)
        with pytest.raises(ZeroDivisionError):
            finishing.begin(lambda: None)
    with pytest.raises(ZeroDivisionError), Finishing() as finishing:
        finishing.begin(fail)
    with pytest.raises(KeyError), Finishing() as finishing:
        _begin_and_raise(finishing, fail)


def _begin_and_raise(finishing: Finishing, end: Callable[[], None]) -> None:
    finishing.begin(end)
    raise KeyError


def test_nobody_leaves_before_the_end() -> None:
    go_on, ended = threading.Event(), list[str]()

    def end() -> None:
        go_on.wait(20)
        ended.append("committed")

    with Finishing() as finishing:
        finishing.begin(end)
        assert not ended
        go_on.set()
    assert ended == ["committed"]


def test_parts_of_a_copy_hold_each_row_once() -> None:
    columns = {"a": [*range(2_500)], "b": ["x"] * 2_500, "c": [None if n % 7 else "\t\\" for n in range(2_500)]}
    order, parts = copy_parts(columns)
    rows = "".join(parts).splitlines()
    assert sorted(order) == ["a", "b", "c"]
    assert len(rows) == 2_500
    found = [dict(zip(order, row.split("\t"), strict=True)) for row in rows]
    assert [int(row["a"]) for row in found] == columns["a"]
    assert {row["b"] for row in found} == {"x"}
    assert [row["c"] for row in found] == ["\\N" if n % 7 else "\\t\\\\" for n in range(2_500)]


def test_an_import_tells_of_each_batch_once_it_is_committed(deals: Deals, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("name\n" + "".join(f"Told {number}\n" for number in range(11_000)), encoding="utf-8")
    table = deals.platform.releases.current().tables.of("deal").table
    told: list[tuple[int, int, int]] = []

    def on_progress(done: int, total: int) -> None:
        with deals.platform.database.read() as connection:
            there = connection.execute(select(func.count()).where(table.c.name.like("Told %"))).scalar()
        told.append((done, total, int(there or 0)))

    deals.platform.imports.import_csv(system_actor(), "deal", file, on_progress=on_progress)
    assert told == [(10_000, 11_000, 10_000), (11_000, 11_000, 11_000)]
