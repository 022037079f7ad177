"""Connections to other databases, pooled a process, made to read and not to write.

Where a database is, an environment variable says that the connection names as its `secret`. One that does not answer is
left alone for some seconds, so that nobody waits for it on every page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from engine.errors import SourceUnavailable
from engine.outer.patience import TookTooLong, in_time, stop_sqlite_after, was_stopped
from engine.outer.postgresql_values import read_any_moment
from engine.outer.tables import OuterTable, read_table
from engine.storage.functions import fold
from metamodel.apps import ConnectionDef
from metamodel.objects import ObjectDef
from metamodel.sources import OWN_VARIABLES

_POOL_SIZE, _OVERFLOW, _POOL_WAIT_S = 3, 5, 4
_CONNECT_S, _ANSWER_S = 4, 10.0
_LEFT_ALONE_S = 10.0
_POSTGRESQL = frozenset(("postgres", "postgresql"))
_STOPPED_THERE = frozenset((*_POSTGRESQL, "sqlite"))
_LOG = logging.getLogger("fieldstone.outer")
Opened = tuple[Connection, OuterTable]
Answer = TypeVar("Answer")
_TOO_LONG = "the answer took too long"


class OuterDatabases:
    """The other databases of one process.

    environment: gives the address by the name of the variable. limit: how many seconds one works on an answer.
    """

    def __init__(
        self,
        environment: Callable[[str], str | None],
        seconds: Callable[[], float] = time.monotonic,
        limit: float = _ANSWER_S,
    ) -> None:
        self._environment = environment
        self._seconds = seconds
        self._limit = limit
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._left_alone: dict[str, float] = {}
        self._tables: dict[tuple[str, str], OuterTable] = {}

    def ask(
        self,
        connections: Mapping[str, ConnectionDef],
        object_def: ObjectDef,
        question: Callable[[Connection, OuterTable], Answer],
        *,
        fresh: bool = False,
    ) -> Answer:
        """Put a question to the table that an object shows; one that takes too long is given up.

        fresh: look the table up now.

        Raises: SourceUnavailable, SourceChanged.
        """
        connection = self._connection(connections, object_def)
        address = self._address(connection)

        def answer() -> Answer:
            with self._table(connection, object_def, fresh) as (opened, found):
                return question(opened, found)

        if _kind(address) in _STOPPED_THERE:
            return answer()
        try:
            return in_time(answer, self._limit)
        except TookTooLong as fault:
            self._left_alone[address] = self._seconds() + _LEFT_ALONE_S
            raise SourceUnavailable(connection.name, _TOO_LONG) from fault

    def table(self, connections: Mapping[str, ConnectionDef], object_def: ObjectDef) -> OuterTable:
        """Give the table that an object shows, as it was looked up last.

        Raises: SourceUnavailable, SourceChanged.
        """
        found = self._tables.get((self._address(self._connection(connections, object_def)), object_def.key))
        if found is None or found.object is not object_def:
            return self.ask(connections, object_def, lambda _, table: table)
        return found

    @contextmanager
    def read(self, connection: ConnectionDef) -> Iterator[Connection]:
        """Give a connection for reading.

        Raises: SourceUnavailable.
        """
        address = self._address(connection)
        if self._seconds() < self._left_alone.get(address, 0.0):
            raise SourceUnavailable(connection.name)
        opened = False
        try:
            with self._engine(connection.name, address).connect() as found:
                opened = True
                yield found
        except SQLAlchemyError as fault:
            if opened and not (isinstance(fault, DBAPIError) and fault.connection_invalidated):
                late = isinstance(fault, DBAPIError) and was_stopped(fault.orig)
                _LOG.warning("the database '%s' refused a question: %s", connection.name, fault)
                raise SourceUnavailable(
                    connection.name, _TOO_LONG if late else "it could not answer the question"
                ) from fault
            self._left_alone[address] = self._seconds() + _LEFT_ALONE_S
            raise SourceUnavailable(connection.name) from fault

    @contextmanager
    def _table(self, connection: ConnectionDef, object_def: ObjectDef, fresh: bool) -> Iterator[Opened]:
        """Give a connection and a table; looked up there once, and again after a fault."""
        key = (self._address(connection), object_def.key)
        with self.read(connection) as opened:
            found = self._tables.get(key)
            if found is None or fresh or found.object is not object_def:
                found = self._tables[key] = read_table(opened, object_def)
            try:
                yield opened, found
            except SQLAlchemyError as fault:
                # Was it dropped or changed? Then say so.
                self._tables.pop(key, None)
                if not (isinstance(fault, DBAPIError) and was_stopped(fault.orig)):
                    opened.rollback()
                    read_table(opened, object_def)
                raise

    @staticmethod
    def _connection(connections: Mapping[str, ConnectionDef], object_def: ObjectDef) -> ConnectionDef:
        assert object_def.source is not None
        return connections[object_def.source.connection]

    def ask_again(self) -> None:
        """Ask those again at once that did not answer."""
        self._left_alone.clear()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            engines, self._engines = self._engines, {}
            self._tables.clear()
        for engine in engines.values():
            engine.dispose()

    def _address(self, connection: ConnectionDef) -> str:
        name = str(connection.options.get("secret", ""))
        if name.startswith(OWN_VARIABLES):
            raise SourceUnavailable(connection.name, f"{name} belongs to this installation, not to another database")
        address = self._environment(name)
        if not address:
            raise SourceUnavailable(connection.name, f"its address is not set; set {name}")
        return address

    def _engine(self, name: str, address: str) -> Engine:
        with self._lock:
            found = self._engines.get(address)
            if found is None:
                found = self._engines[address] = make_engine(name, address, self._limit)
            return found


def _kind(address: str) -> str:
    return address.partition(":")[0].partition("+")[0]


def make_engine(name: str, address: str, limit: float = _ANSWER_S) -> Engine:
    """Make the pool of a database; nothing is opened yet. limit: how many seconds it works on an answer.

    Raises: SourceUnavailable where the address is none, or no driver for it is installed.
    """
    try:
        url = make_url(address)
    except ArgumentError as fault:
        raise SourceUnavailable(name, "its address is not one that begins as postgresql://") from fault
    kind = url.drivername.split("+", 1)[0]
    if kind in _POSTGRESQL:
        url = url.set(drivername="postgresql+psycopg")
    elif kind == "sqlite":
        url = _read_only_file(url)
    try:
        engine = create_engine(
            url,
            pool_size=_POOL_SIZE,
            max_overflow=_OVERFLOW,
            pool_timeout=_POOL_WAIT_S,
            pool_pre_ping=True,
            # What was asked for is about people; a log is read by others than they.
            hide_parameters=True,
            connect_args=_arguments(kind, limit),
        )
    except (NoSuchModuleError, ImportError) as fault:
        raise SourceUnavailable(name, f"no SQLAlchemy driver for '{url.drivername}' is installed") from fault
    except (SQLAlchemyError, TypeError) as fault:
        raise SourceUnavailable(name, "its address can't be used") from fault
    if kind == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        stop_sqlite_after(engine, limit)
    elif kind in _POSTGRESQL:
        event.listen(engine, "connect", read_any_moment)
    return engine


def _arguments(kind: str, limit: float) -> dict[str, Any]:
    if kind in _POSTGRESQL:
        most = f"-c statement_timeout={int(limit * 1000)} -c lock_timeout=4000"
        options = f"-c default_transaction_read_only=on {most}"
        return {"connect_timeout": _CONNECT_S, "options": options, "tcp_user_timeout": 5_000}
    return {"timeout": _CONNECT_S, "check_same_thread": False} if kind == "sqlite" else {}


def _read_only_file(url: URL) -> URL:
    """Open the file to read: what is not there is not made."""
    path = url.database or ""
    file = path if path.startswith("file:") else f"file:{quote(path, safe='/:')}"
    return url.set(drivername="sqlite", database=file, query={**url.query, "mode": "ro", "uri": "true"})


def _prepare_sqlite(connection: Any, _record: object) -> None:
    raw = getattr(connection, "driver_connection", connection)
    raw.execute("PRAGMA query_only = ON")
    (encoding,) = raw.execute("PRAGMA encoding").fetchone()

    def folded(text: bytes | None) -> str | None:
        return None if text is None else fold(text.decode(encoding, "replace"))

    raw.create_function("fs_fold", 1, folded, deterministic=True)
    # A text that is none does not hide the others.
    raw.text_factory = lambda text: text.decode("utf-8", "replace")
