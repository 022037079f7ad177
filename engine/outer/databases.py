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
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from engine.errors import SourceUnavailable
from engine.outer.tables import OuterTable, read_table
from engine.storage.functions import fold
from metamodel.apps import ConnectionDef
from metamodel.objects import ObjectDef

_POOL_SIZE, _OVERFLOW, _POOL_WAIT_S = 3, 5, 4
_CONNECT_S, _STATEMENT_MS = 4, 10_000
_LEFT_ALONE_S = 10.0
_POSTGRESQL = frozenset(("postgres", "postgresql"))
_LOG = logging.getLogger("fieldstone.outer")
Opened = tuple[Connection, OuterTable]


class OuterDatabases:
    """The other databases of one process. environment: gives the address by the name of the variable."""

    def __init__(self, environment: Callable[[str], str | None], seconds: Callable[[], float] = time.monotonic) -> None:
        self._environment = environment
        self._seconds = seconds
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._left_alone: dict[str, float] = {}
        self._tables: dict[tuple[str, str], OuterTable] = {}

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
                _LOG.warning("the database '%s' refused a question: %s", connection.name, fault)
                raise SourceUnavailable(connection.name, "it could not answer the question") from fault
            self._left_alone[address] = self._seconds() + _LEFT_ALONE_S
            raise SourceUnavailable(connection.name) from fault

    @contextmanager
    def table(
        self, connections: Mapping[str, ConnectionDef], object_def: ObjectDef, *, fresh: bool = False
    ) -> Iterator[Opened]:
        """Give a connection and the table that an object shows; looked up there once, and again after a fault.

        fresh: look it up now.

        Raises: SourceUnavailable, SourceChanged.
        """
        source = object_def.source
        assert source is not None
        connection = connections[source.connection]
        key = (self._address(connection), object_def.key)
        with self.read(connection) as opened:
            found = self._tables.get(key)
            if found is None or fresh or found.object is not object_def:
                found = self._tables[key] = read_table(opened, object_def)
            try:
                yield opened, found
            except SQLAlchemyError:
                # Was it dropped or changed? Then say so.
                self._tables.pop(key, None)
                opened.rollback()
                read_table(opened, object_def)
                raise

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
        address = self._environment(name)
        if not address:
            raise SourceUnavailable(connection.name, f"its address is not set; set {name}")
        return address

    def _engine(self, name: str, address: str) -> Engine:
        with self._lock:
            found = self._engines.get(address)
            if found is None:
                found = self._engines[address] = make_engine(name, address)
            return found


def make_engine(name: str, address: str) -> Engine:
    """Make the pool of a database; nothing is opened yet.

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
            connect_args=_arguments(kind),
        )
    except (NoSuchModuleError, ImportError) as fault:
        raise SourceUnavailable(name, f"no SQLAlchemy driver for '{url.drivername}' is installed") from fault
    except (SQLAlchemyError, TypeError) as fault:
        raise SourceUnavailable(name, "its address can't be used") from fault
    if kind == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _arguments(kind: str) -> dict[str, Any]:
    if kind in _POSTGRESQL:
        options = f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS} -c lock_timeout=4000"
        return {"connect_timeout": _CONNECT_S, "options": options, "tcp_user_timeout": 5_000}
    return {"timeout": _CONNECT_S, "check_same_thread": False} if kind == "sqlite" else {}


def _read_only_file(url: URL) -> URL:
    """Open the file to read: what is not there is not made."""
    return url.set(
        drivername="sqlite", database=f"file:{url.database}", query={**url.query, "mode": "ro", "uri": "true"}
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    raw = getattr(connection, "driver_connection", connection)
    raw.create_function("fs_fold", 1, fold, deterministic=True)
    raw.execute("PRAGMA query_only = ON")
