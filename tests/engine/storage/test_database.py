"""The database: transactions, reading, counting, and errors that say it is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, select, update

from engine.clock import SystemClock
from engine.errors import DatabaseUnavailable
from engine.storage.database import Database
from engine.storage.dialect import Dialect, parse_database_url
from engine.storage.functions import fold
from engine.storage.system_tables import SystemTables, build_system_tables
from engine.storage.system_versions import NewerDatabase, upgrade_system_tables
from tests.support.postgres import PostgresCluster, create_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, pool_size=5)
    upgrade_system_tables(opened, build_system_tables(opened.dialect), SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def system(database: Database) -> SystemTables:
    return build_system_tables(database.dialect)


def _add(connection: Connection, stamp: Table, name: str, value: int = 1) -> None:
    connection.execute(stamp.insert().values(name=name, value=value))


def _value(database: Database, stamp: Table, name: str) -> int | None:
    with database.read() as connection:
        return connection.execute(select(stamp.c.value).where(stamp.c.name == name)).scalar()


def test_a_block_that_raises_leaves_nothing_behind(database: Database, system: SystemTables) -> None:
    with suppress(RuntimeError), database.write() as connection:
        _add(connection, system.stamp, "half")
        raise RuntimeError
    assert _value(database, system.stamp, "half") is None


def test_a_failed_change_of_tables_is_rolled_back_whole(database: Database) -> None:
    with suppress(RuntimeError), database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE left_behind (id TEXT)")
        raise RuntimeError
    with database.read() as connection:
        assert not database.engine.dialect.has_table(connection, "left_behind")


def test_writers_that_read_first_lose_no_update(database: Database, system: SystemTables) -> None:
    with database.write() as connection:
        _add(connection, system.stamp, "counter", 0)
    mine = system.stamp.c.name == "counter"

    def add_ten() -> None:
        for _ in range(10):
            with database.write() as connection:
                now = connection.execute(select(system.stamp.c.value).where(mine).with_for_update()).scalar_one()
                connection.execute(update(system.stamp).where(mine).values(value=now + 1))

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _value(database, system.stamp, "counter") == 40


def test_a_snapshot_sees_one_state_and_a_plain_read_each_commit(database: Database, system: SystemTables) -> None:
    count = select(func.count()).select_from(system.stamp)
    with database.read(snapshot=True) as pinned, database.read() as plain:
        before = pinned.execute(count).scalar_one()
        with database.write() as connection:
            _add(connection, system.stamp, "meanwhile")
        assert pinned.execute(count).scalar_one() == before
        assert plain.execute(count).scalar_one() == before + 1


def test_a_reading_connection_cannot_write_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    upgrade_system_tables(database, system := build_system_tables(Dialect.SQLITE), SystemClock())
    with pytest.raises(Exception, match="readonly"), database.read() as connection:
        _add(connection, system.stamp, "x")
    database.close()


def test_statements_are_counted_without_transaction_control(database: Database, system: SystemTables) -> None:
    with database.statements.recording() as statements:
        with database.read() as connection:
            connection.execute(select(system.stamp))
        with database.write() as connection:
            _add(connection, system.stamp, "counted")
    assert len(statements) == 2


def test_folding_is_the_same_in_python_and_in_the_database(database: Database) -> None:
    texts = ["ACME", "ＡＣＭＥ 阀门", "Straße", "ÜNÏCODE", "İstanbul", "Σίσυφος", "ﬁne", "", "Ⅷ", "ǅ"]
    with database.read() as connection:
        found = [connection.execute(select(func.fs_fold(text))).scalar() for text in texts]
    assert found == [fold(text) for text in texts]


def test_upgrading_twice_changes_nothing_and_a_newer_database_is_refused(
    database: Database, system: SystemTables
) -> None:
    with database.statements.recording() as statements:
        upgrade_system_tables(database, system, SystemClock())
    assert not [text for text in statements if "CREATE" in text or "INSERT" in text]
    with database.write() as connection:
        connection.execute(system.version.insert().values(number=9_999))
    with pytest.raises(NewerDatabase, match="9999"):
        upgrade_system_tables(database, system, SystemClock())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://x/y", "'mysql' databases are not known"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("no address", "is not a database address"),
    ],
)
def test_an_address_we_do_not_know_is_refused_with_what_is_expected(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_database_url(address)


def test_a_locked_sqlite_file_answers_unavailable_within_five_seconds(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    started = time.monotonic()
    with database.write(), pytest.raises(DatabaseUnavailable), database.write():
        pass
    assert time.monotonic() - started < 10
    database.close()


@pytest.mark.postgres
def test_a_statement_prepared_before_a_column_changed_its_type_asks_for_a_later_try(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE changing (value bigint)")
    with database.read() as connection:
        for _ in range(10):
            connection.exec_driver_sql("SELECT value FROM changing")
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE changing ALTER COLUMN value TYPE text")
    with pytest.raises(DatabaseUnavailable), database.read() as connection:
        connection.exec_driver_sql("SELECT value FROM changing")
    database.renew()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT value FROM changing").all() == []
    database.close()


@pytest.mark.postgres
def test_a_killed_postgresql_answers_unavailable_and_is_used_again_when_it_is_back(
    postgres_cluster: PostgresCluster,
) -> None:
    database = Database(create_database(postgres_cluster.url))
    with database.read() as connection:
        connection.execute(select(1))
    postgres_cluster.kill()
    with pytest.raises(DatabaseUnavailable), database.read() as connection:
        connection.execute(select(1))
    with pytest.raises(DatabaseUnavailable), database.write() as connection:
        connection.execute(select(1))
    postgres_cluster.start()
    with database.read() as connection:
        assert connection.execute(select(1)).scalar() == 1
    with database.write() as connection:
        assert connection.execute(select(1)).scalar() == 1
    database.close()


def test_opening_a_file_in_a_folder_that_is_not_there_makes_the_folder(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'data.sqlite'}")
    database.close()
    assert (tmp_path / "new").is_dir()
