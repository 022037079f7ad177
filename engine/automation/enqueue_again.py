"""Puts runs into dbos' queue on SQLite by the statements that its own client sent for runs before.

The client builds its statements anew each time, which costs more than a save. Two runs go through it and are watched;
what is the same in both is kept, what is the run's own is filled in, and tokens are drawn anew. Where anything else
differs, nothing is kept and each run goes through the client. Nothing here knows a table or a column of dbos.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event

from engine.records.statements import run_text
from engine.storage.database import Database

Sent = list[tuple[str, tuple[Any, ...]]]
Fill = Callable[[Mapping[str, str]], Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement with its parameters; fills: what stands in the places that are a run's own."""

    text: str
    parameters: tuple[Any, ...]
    fills: tuple[tuple[int, Fill], ...]

    def filled(self, own: Mapping[str, str]) -> list[Any]:
        """Give the parameters for a run."""
        parameters = list(self.parameters)
        for place, fill in self.fills:
            parameters[place] = fill(own)
        return parameters


@dataclass(slots=True, kw_only=True)
class EnqueueAgain:
    """The statements of one client, as far as they are known."""

    database: Database
    _watched: list[tuple[Mapping[str, str], Sent]] = field(default_factory=list)
    _kept: tuple[Kept, ...] | None = None
    _differs: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, connection: Connection, own: Mapping[str, str], through_client: Callable[[], object]) -> None:
        """Enqueue a run in the transaction of `connection`. own: texts that are this run's alone, by name.

        Raises: DBAPIError.
        """
        kept = self._kept
        if kept is not None:
            for each in kept:
                cursor = run_text(connection, self.database, each.text, each.filled(own))
                cursor.fetchall()
                cursor.close()
        elif self._differs:
            through_client()
        else:
            with _watching(connection) as sent:
                through_client()
            self._learn(own, sent)

    def _learn(self, own: Mapping[str, str], sent: Sent) -> None:
        with self._lock:
            self._watched.append((own, sent))
            if len(self._watched) < 2 or self._kept is not None:
                return
            self._kept = _alike(*self._watched[:2])
            self._differs = self._kept is None


@contextmanager
def _watching(connection: Connection) -> Iterator[Sent]:
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        # What is not a row of positions differs from itself, so that nothing is kept.
        sent.append((text, tuple(parameters) if isinstance(parameters, tuple | list) and not many else (object(),)))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _alike(one: tuple[Mapping[str, str], Sent], other: tuple[Mapping[str, str], Sent]) -> tuple[Kept, ...] | None:
    """Give the statements of two runs with what fills their places; None where they differ beyond that."""
    if not one[1] or [text for text, _ in one[1]] != [text for text, _ in other[1]]:
        return None
    kept = []
    for (text, here), (_, there) in zip(one[1], other[1], strict=True):
        if len(here) != len(there):
            return None
        fills = []
        for place, (this, that) in enumerate(zip(here, there, strict=True)):
            fill = _fill(one[0], this, other[0], that)
            if fill is not None:
                fills.append((place, fill))
            elif type(this) is not type(that) or this != that:
                return None
        kept.append(Kept(text, here, tuple(fills)))
    return tuple(kept)


def _fill(own: Mapping[str, str], here: Any, their: Mapping[str, str], there: Any) -> Fill | None:
    """Give what fills a place that is a run's own; None where none is known."""
    if not isinstance(here, str) or not isinstance(there, str):
        return None
    pieces = _cut(here, own)
    if pieces != _cut(there, their):
        return _token if _is_token(here) and _is_token(there) else None
    if len(pieces) == 1:
        return None
    return lambda given: "".join(given[piece] if at % 2 else piece for at, piece in enumerate(pieces))


def _cut(text: str, own: Mapping[str, str]) -> Sequence[str]:
    """Cut a text at what is the run's own: even places are as they stand, odd ones names of what stands there."""
    for name in sorted(own, key=lambda each: -len(own[each])):
        before, found, after = text.partition(own[name])
        if found:
            return [*_cut(before, own), name, *_cut(after, own)]
    return [text]


def _is_token(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _token(_own: Mapping[str, str]) -> str:
    return str(uuid.uuid4())
