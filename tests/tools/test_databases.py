"""The databases that tests get: real, empty, of their own, and able to be killed."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from tests.support.postgres import PostgresCluster, copy_database, create_database, database_name, drop_database


def libpq(url: str) -> str:
    return url.replace("+psycopg", "", 1)


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_database_of_its_own(database_url: str, database_kind: str, turn: int) -> None:
    statement = "CREATE TABLE once (turn integer)"
    if database_kind == "sqlite":
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as file:
            file.execute(statement)
    else:
        with psycopg.connect(libpq(database_url)) as connection:
            connection.execute(statement)


def test_postgresql_is_a_recent_one_that_compares_by_code_point(postgres_url: str) -> None:
    with psycopg.connect(libpq(postgres_url)) as connection:
        assert connection.info.server_version >= 160000
        assert connection.execute("SELECT 'a' > 'B', 'é' > 'z'").fetchone() == (True, True)


def test_a_database_can_be_copied_from_a_template(postgres_server_url: str, postgres_url: str) -> None:
    with psycopg.connect(libpq(postgres_url)) as connection:
        connection.execute("CREATE TABLE kept (x integer)")
    copy = create_database(postgres_server_url, template=database_name(postgres_url))
    try:
        with psycopg.connect(libpq(copy)) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        drop_database(postgres_server_url, copy)


@pytest.mark.parametrize("used_before", [False, True])
def test_a_database_replaced_by_a_copy_leaves_only_an_empty_one_to_the_next(
    postgres_server_url: str, postgres_url: str, used_before: bool
) -> None:
    replaced = create_database(postgres_server_url)
    for url in [postgres_url, replaced] if used_before else [postgres_url]:
        with psycopg.connect(libpq(url)) as connection:
            connection.execute("CREATE TABLE kept (x integer)")
    copy_database(postgres_server_url, postgres_url, replaced)
    following = create_database(postgres_server_url)
    try:
        with psycopg.connect(libpq(replaced)) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        with psycopg.connect(libpq(following)) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    finally:
        drop_database(postgres_server_url, replaced)
        drop_database(postgres_server_url, following)


@pytest.mark.faults
def test_a_killed_server_comes_back_with_what_was_committed(postgres_cluster: PostgresCluster) -> None:
    with psycopg.connect(postgres_cluster.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS x")
        postgres_cluster.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT x FROM kept")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_cluster.url)
    postgres_cluster.start()
    with psycopg.connect(postgres_cluster.url) as connection:
        assert connection.execute("SELECT x FROM kept").fetchone() == (7,)
