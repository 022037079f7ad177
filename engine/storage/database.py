"""One database: connections, transactions, and a count of its statements.

`write()` is one transaction that has its place in the queue of writers from the start; `read()` is for statements
that change nothing. It knows no table: see `tables` and `system_tables`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from engine.errors import DatabaseUnavailable
from engine.storage import connections
from engine.storage.dialect import Dialect, parse_database_url, sqlite_file
from engine.storage.functions import SqlFunction, fold_function, words_function
from engine.storage.statements import StatementLog

_SNAPSHOT = "REPEATABLE READ"


class Database:
    """A database of an installation, shared by all threads of a process.

    url: `sqlite:///FILE` or `postgresql://…`. functions: SQL functions beside `fs_fold` and `fs_has_word`.
    synchronous: SQLite's own setting, `NORMAL` or `FULL`. pool_size: connections a pool (there is one for reading and
    one for writing).
    """

    def __init__(
        self, url: str, *, functions: Sequence[SqlFunction] = (), synchronous: str = "NORMAL", pool_size: int = 10
    ) -> None:
        self.url, self.dialect = parse_database_url(url)
        self.functions = (fold_function(), words_function(), *functions)
        self.statements = StatementLog()
        self._lock = threading.Lock()
        if self.dialect is Dialect.SQLITE:
            sqlite_file(self.url).parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._sqlite_engine(synchronous, pool_size, read_only=False)
            self._reader = self._sqlite_engine(synchronous, pool_size, read_only=True)
            self._prepare_file()
        else:
            self._writer = self._postgresql_engine(pool_size, autocommit=False)
            self._reader = self._postgresql_engine(pool_size, autocommit=True)

    @property
    def engine(self) -> Engine:
        """The engine of writing connections, for libraries that need one; it begins as `write()` does."""
        return self._writer

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction: committed at the end of the block, rolled back when the block raises.

        Raises:
            DatabaseUnavailable: the database is away, or others hold its locks for too long.
        """
        with self._translated(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Connection]:
        """Give a connection for reading; with `snapshot` all its statements see one state of the data.

        Without it each statement sees what is committed when it starts, and costs no other round trip.

        Raises:
            DatabaseUnavailable: the database is away, or others hold its locks for too long.
        """
        with self._translated(), self._reader.connect() as connection:
            if not snapshot:
                yield connection
            elif self.dialect is Dialect.POSTGRESQL:
                with connection.execution_options(isolation_level=_SNAPSHOT).begin():
                    yield connection
            else:
                connection.exec_driver_sql("BEGIN")
                try:
                    yield connection
                finally:
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def raw_write(self, before: Callable[[Any], None], after: Callable[[Any], None]) -> Iterator[Connection]:
        """Run one transaction on a connection of its own; `before` and `after` touch the driver outside of it."""
        with self._translated(), self._writer.connect() as connection:
            driver = connection.connection.driver_connection
            before(driver)
            try:
                with connection.begin():
                    yield connection
            finally:
                after(driver)

    def renew(self) -> None:
        """Let connections end as they come back, and new ones take their place: what they have prepared is outdated."""
        self.close()

    def close(self) -> None:
        """Close all pooled connections; the next use opens new ones."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            if connections.means_unavailable(error):
                raise DatabaseUnavailable from error
            raise

    def _sqlite_engine(self, synchronous: str, pool_size: int, *, read_only: bool) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=20,
            pool_timeout=4,
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            query_cache_size=1500,
            connect_args={"check_same_thread": False, "timeout": 4.5, "cached_statements": 400},
        )
        prepare = connections.sqlite_preparer(self.functions, synchronous=synchronous, read_only=read_only)
        event.listen(engine, "connect", prepare)
        if not read_only:
            event.listen(engine, "begin", _begin_immediate)
        event.listen(engine, "before_cursor_execute", self.statements.note)
        return engine

    def _postgresql_engine(self, pool_size: int, *, autocommit: bool) -> Engine:
        options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
        engine = create_engine(
            self.url,
            pool_size=pool_size,
            # The connection used last has its statements prepared and planned.
            pool_use_lifo=True,
            max_overflow=10,
            pool_timeout=4,
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            query_cache_size=1500,
            connect_args=connections.postgresql_arguments(),
            # A connection that commits each statement has nothing to roll back; a snapshot ends its own transaction.
            pool_reset_on_return=None if autocommit else "rollback",
            **options,
        )
        event.listen(engine, "connect", connections.prepare_postgresql)
        event.listen(engine, "checkout", connections.check_after_idling)
        event.listen(engine, "checkin", connections.note_return)
        event.listen(engine, "before_cursor_execute", self.statements.note)
        return engine

    def _prepare_file(self) -> None:
        # A reader's connection cannot make the file or its write-ahead log: let a writer be the first.
        try:
            with self._translated(), self._writer.connect():
                pass
        except DBAPIError as error:
            raise DatabaseUnavailable from error


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _to_json(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
