"""How long an answer of another database is waited for: nobody's page hangs because another program is slow.

PostgreSQL stops a statement itself, SQLite when it is told to while it works. Of any other driver nothing is known: its
work is done by a thread of its own, and whoever asked waits for that no longer than this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Engine, event

_STEPS_BETWEEN_LOOKS = 10_000
_STOPPED = ("interrupted", "57014")
_UNTIL = "fieldstone_until"

Answer = TypeVar("Answer")


class TookTooLong(Exception):
    """An answer was waited for, and did not come."""


def in_time(work: Callable[[], Answer], seconds: float) -> Answer:
    """Do some work, and give its answer; the work goes on when nobody waits for it any more.

    Raises: TookTooLong, and what the work raises.
    """
    told: Future[Answer] = Future()

    def run() -> None:
        try:
            told.set_result(work())
        except BaseException as fault:
            told.set_exception(fault)

    Thread(target=run, name="fieldstone-outer", daemon=True).start()
    try:
        return told.result(seconds)
    except TimeoutError:
        if told.done():
            raise
        raise TookTooLong from None


def stop_sqlite_after(engine: Engine, seconds: float) -> None:
    """Let the connections of an engine over SQLite work this long each time they are taken."""

    def prepare(connection: Any, record: Any) -> None:
        def is_late() -> bool:
            return bool(time.monotonic() > record.info.get(_UNTIL, float("inf")))

        connection.set_progress_handler(is_late, _STEPS_BETWEEN_LOOKS)

    def take(_connection: Any, record: Any, _proxy: Any) -> None:
        record.info[_UNTIL] = time.monotonic() + seconds

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", take)


def was_stopped(fault: BaseException | None) -> bool:
    """Say whether a driver's error means that the statement took too long."""
    return fault is not None and any(sign in (str(fault), getattr(fault, "sqlstate", None)) for sign in _STOPPED)
