"""Connections of the hand-written program: one a thread, kept; reads commit nothing, writes are one transaction."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.handwritten import queries
from bench.raw import connect, is_sqlite

_NAMED = re.compile(r"%\((\w+)\)s")


class Store:
    """Runs the queries on the thread's own connection."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.sqlite = is_sqlite(database_url)
        self._local = threading.local()
        self._sql: dict[str, str] = {}

    def create_sequence(self) -> None:
        """Make the table of numbers; the product's own series stays untouched."""
        self._connection().execute(queries.SEQUENCE_TABLE)

    def rows(self, query: str, values: Mapping[str, Any]) -> list[Any]:
        """Run a query and give its rows."""
        found: list[Any] = self._connection().execute(self._text(query), values).fetchall()
        return found

    def run(self, query: str, values: Mapping[str, Any]) -> int:
        """Run a statement and give how many rows it met."""
        count: int = self._connection().execute(self._text(query), values).rowcount
        return count

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do several statements in one commit."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def lock_query(self) -> str:
        """Give the query that loads a deal for a change; SQLite's transaction is the lock already."""
        return queries.LOCK if self.sqlite else queries.LOCK + " FOR UPDATE"

    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = connect(self.database_url)
            if not self.sqlite:
                found.prepare_threshold = 1
        return found

    def _text(self, query: str) -> str:
        found = self._sql.get(query)
        if found is None:
            found = self._sql[query] = _NAMED.sub(r":\1", query) if self.sqlite else query
        return found
