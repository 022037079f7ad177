"""The one lock under which a database's tables change, held across transactions and freed by a process's death."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from engine.errors import DatabaseUnavailable
from engine.storage.database import Database
from engine.storage.dialect import Dialect, sqlite_file

MIGRATION_KEY = 0x4653_4D49
_LOOK_AGAIN_S = 0.1


@contextmanager
def migration_lock(database: Database, *, timeout_s: float = 600.0) -> Iterator[None]:
    """Hold the lock for changing tables; who comes second waits for the first.

    Raises:
        DatabaseUnavailable: it was not free in time.
    """
    if database.dialect is Dialect.SQLITE:
        file = sqlite_file(database.url)
        with file_lock(file.with_name(file.name + ".lock"), timeout_s=timeout_s):
            yield
        return
    # A session lock: it outlives transactions and dies with its connection.
    with database.read() as connection:

        def try_once() -> bool:
            return bool(connection.execute(select(func.pg_try_advisory_lock(MIGRATION_KEY))).scalar())

        _wait_for(try_once, timeout_s)
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(MIGRATION_KEY)))


@contextmanager
def file_lock(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold a lock on a file of its own; the system frees it when the process ends, however it ends.

    Raises:
        DatabaseUnavailable: it was not free in time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(lambda: _try_file(descriptor), timeout_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for(try_once: Callable[[], bool], timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while not try_once():
        if time.monotonic() > until:
            raise DatabaseUnavailable
        time.sleep(_LOOK_AGAIN_S)


if sys.platform == "win32":
    import msvcrt

    def _try_file(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_file(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
