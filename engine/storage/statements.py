"""Counts and, where a test asks, keeps the SQL statements a database was sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class StatementLog:
    """The statements of one database; the count is approximate under threads, a recording is exact for its thread."""

    def __init__(self) -> None:
        self.count = 0
        self._recordings: dict[int, list[str]] = {}

    def note(
        self, _connection: object, _cursor: object, statement: str, _parameters: object, _context: object, _many: bool
    ) -> None:
        """Take one statement; transaction control that we send ourselves is no statement."""
        if statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            return
        self.count += 1
        if self._recordings:
            recording = self._recordings.get(threading.get_ident())
            if recording is not None:
                recording.append(statement)

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """Collect the statements this thread sends within the block, in their order."""
        kept: list[str] = []
        self._recordings[threading.get_ident()] = kept
        try:
            yield kept
        finally:
            del self._recordings[threading.get_ident()]
