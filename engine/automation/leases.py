"""Who is alive: a worker holds a lock for as long as it lives, and a lock that can be taken is a dead worker's.

The open part of dbos leaves the runs of a dead worker alone for ever; with this the others learn of its death. On
PostgreSQL the lock is a session advisory lock, gone with the connection; on SQLite it is an OS lock on a file beside
the database, and only its holder may work at all. A worker that loses its connection may be taken for dead while it
still works: what it then commits is refused by the run's lease number (see `ledger`).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from engine.storage.database import Database
from engine.storage.dialect import Dialect, sqlite_file


class Lease(Protocol):
    """The sign of life of one worker."""

    def hold(self) -> bool:
        """Take the lock, or see that it is still held; False where another one has it."""
        ...

    def dead_among(self, executors: Iterable[str]) -> tuple[str, ...]:
        """Give those of the executors that are dead for certain."""
        ...

    def release(self) -> None:
        """Let the lock go."""
        ...


def make_lease(database: Database, executor: str) -> Lease:
    """Make the lease of an executor for the kind of database."""
    if database.dialect is Dialect.SQLITE:
        file = sqlite_file(database.url)
        return FileLease(file.with_name(f"{file.name}.worker-lock"), executor)
    return AdvisoryLease(database, executor)


class AdvisoryLease:
    """A session advisory lock on the executor's name."""

    def __init__(self, database: Database, executor: str) -> None:
        self._database = database
        self._executor = executor
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Take the lock on a connection of its own; after a lost connection take it again."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.execute(select(literal(1)))
                return True
            self._drop()
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not _try_lock(connection, self._executor):
            connection.close()
            return False
        self._connection = connection
        return True

    def dead_among(self, executors: Iterable[str]) -> tuple[str, ...]:
        """Give the executors whose lock nobody holds."""
        if self._connection is None:
            return ()
        return tuple(executor for executor in executors if self._is_dead(executor))

    def release(self) -> None:
        """Let the lock go with its connection."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.execute(select(func.pg_advisory_unlock_all()))
            self._drop()

    def _is_dead(self, executor: str) -> bool:
        if executor == self._executor or self._connection is None:
            return False
        if not _try_lock(self._connection, executor):
            return False
        self._connection.execute(select(func.pg_advisory_unlock(_key(executor))))
        return True

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                # A session that still holds locks must not go back into the pool.
                connection.invalidate()
                connection.close()


class FileLease:
    """An OS lock on a file; the one who has it is the only worker, so all others are dead."""

    def __init__(self, path: Path, executor: str) -> None:
        self._path = path
        self._executor = executor
        self._file: IO[bytes] | None = None

    def hold(self) -> bool:
        """Take the lock; it goes when the process ends, however it ends."""
        if self._file is not None:
            return True
        file = self._path.open("a+b")
        if not _lock_file(file):
            file.close()
            return False
        self._file = file
        return True

    def dead_among(self, executors: Iterable[str]) -> tuple[str, ...]:
        """Give all other executors, since this one has the lock."""
        return tuple(executor for executor in executors if executor != self._executor) if self._file else ()

    def release(self) -> None:
        """Let the lock go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _try_lock(connection: Connection, executor: str) -> bool:
    found = connection.execute(select(func.pg_try_advisory_lock(_key(executor))))
    return bool(found.scalar())


def _key(executor: str) -> ColumnElement[int]:
    digest = hashlib.sha256(f"fieldstone worker {executor}".encode()).digest()
    return literal(int.from_bytes(digest[:8], "big", signed=True), BigInteger())


def _lock_file(file: IO[bytes]) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    os.set_inheritable(file.fileno(), False)
    return True
