"""A COPY that a thread of its own sends, so that the server takes rows while the next ones are still being written.

Nobody else may use the connection meanwhile: `Sending` sees to that. What the rows say is not known here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection

from engine.records.statements import translate


class CopyBeside:
    """One COPY on its way; `wait` for it before the connection is used again."""

    def __init__(self, connection: Connection, text: str, parts: Iterable[str]) -> None:
        self._connection = connection
        self._text = text
        self._cursor: Any = connection.connection.cursor()
        self._error: type[Exception] = connection.dialect.loaded_dbapi.Error
        self._parts: SimpleQueue[str | None] = SimpleQueue()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._send, name="copy", daemon=True)
        self._thread.start()
        try:
            for part in parts:
                self._parts.put(part)
        finally:
            self._parts.put(None)

    def wait(self) -> None:
        """Wait until the server has taken all rows.

        Raises: DBAPIError as SQLAlchemy does.
        """
        self._thread.join()
        self._cursor.close()
        fault = self._fault
        if isinstance(fault, self._error):
            raise translate(fault, self._text, self._connection) from fault
        if fault is not None:
            raise fault

    def _send(self) -> None:
        try:
            with self._cursor.copy(self._text) as copy:
                while (part := self._parts.get()) is not None:
                    copy.write(part)
        except BaseException as fault:
            self._fault = fault
