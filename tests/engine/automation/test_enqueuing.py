"""Runs are put into dbos' queue on SQLite by what its own client sent before: the rows are those that it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from engine.automation.durable import RunQueue, SegmentStatus, segment_name
from engine.automation.enqueue_again import EnqueueAgain
from engine.storage.database import Database

_RUNS = tuple(f"0199c1de-0000-7000-8000-{number:012x}" for number in range(5))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


def test_runs_that_are_enqueued_by_kept_statements_have_the_rows_that_the_client_writes(database: Database) -> None:
    queue = RunQueue(database)
    queue.prepare()
    for run in _RUNS[:-1]:
        with database.write() as connection:
            queue.start(connection, run)
    through_client = RunQueue(database)
    with database.write() as connection:
        through_client.start(connection, _RUNS[-1])
    with database.write() as connection:
        queue.start(connection, _RUNS[0])  # a second time: it stays as it is
    rows = [_row(database, run) for run in _RUNS]
    assert rows.count(rows[-1]) == len(_RUNS)
    with database.read() as connection:
        tokens = connection.execute(text("SELECT count(DISTINCT creator_xid), count(*) FROM workflow_status")).one()
    assert tuple(tokens) == (len(_RUNS), len(_RUNS))
    assert set(queue.statuses([(run, 0) for run in _RUNS]).values()) == {SegmentStatus.WAITING}
    queue.close()
    through_client.close()


def test_what_is_taken_back_with_its_save_is_not_enqueued(database: Database) -> None:
    queue = RunQueue(database)
    queue.prepare()
    for run in _RUNS:
        with suppress(ZeroDivisionError), database.write() as connection:
            queue.start(connection, run)
            raise ZeroDivisionError
    assert set(queue.statuses([(run, 0) for run in _RUNS]).values()) == {SegmentStatus.UNKNOWN}
    queue.close()


@pytest.mark.parametrize(
    "sent",
    [
        lambda number: ("SELECT ?", (number,)),
        lambda number: ("SELECT ?", (f"other {number}",)),
        lambda number: ("SELECT ?" if number else "SELECT 1, ?", (1,)),
    ],
)
def test_where_the_client_sends_something_else_each_time_all_runs_go_through_it(
    database: Database, sent: Callable[[int], tuple[str, Any]]
) -> None:
    again, calls = EnqueueAgain(database=database), []

    def client(connection: Connection, number: int) -> None:
        calls.append(number)
        connection.exec_driver_sql(*sent(number))

    for number, run in enumerate(_RUNS):
        with database.write() as connection:
            own = {"run": run, "name": segment_name(run, 0)}
            again.send(connection, own, lambda at=number, on=connection: client(on, at))  # type: ignore[misc]
    assert calls == list(range(len(_RUNS)))


def _row(database: Database, run: str) -> list[Any]:
    """Give what dbos keeps of a run, but for its names, its token and the moment."""
    asked = text("SELECT * FROM workflow_status JOIN workflow_input USING (workflow_uuid) WHERE workflow_uuid = :name")
    with database.read() as connection:
        found = dict(connection.execute(asked, {"name": segment_name(run, 0)}).mappings().one())
    own = {"creator_xid", "created_at", "updated_at", "retention_timestamp"}
    return [str(value).replace(run, "RUN") for name, value in sorted(found.items()) if name not in own]
