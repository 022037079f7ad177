"""How a transaction sends kept statements: at once, or together with others that nobody needs the answer of.

On PostgreSQL the writes of a save wait for one another and go as one statement, which is one way to the server instead
of several while rows are locked; whatever is asked meanwhile sends them first. SQLite has no way to save, there each
goes at once. What the statements say is the business of those who make them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table
from sqlalchemy.exc import IntegrityError

from engine.expressions.sql.runtime import RunValues, with_values
from engine.records.batches import insert_rows
from engine.records.parts import ReleaseParts
from engine.records.statements import Prepared, run_text
from engine.storage.database import Database
from engine.storage.dialect import Dialect

Rows = list[Any]
_TOGETHER = 12
Counted = Callable[[int], None]
Explain = Callable[[IntegrityError], Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A write that waits to be sent.

    object_key: whose rows it writes. counted: is told how many rows it met. explain: turns a broken constraint into
    what people are told, or gives it back where it is not about this write.
    """

    prepared: Prepared
    given: Mapping[str, Any]
    object_key: str | None
    counted: Counted | None
    explain: Explain | None


class Sending:
    """The statements of one transaction; what asks or writes at once goes after what waits."""

    run_values: RunValues

    def __init__(self, connection: Connection, database: Database, parts: ReleaseParts) -> None:
        self.database = database
        self.parts = parts
        self._connection = connection
        self._waiting: list[Waiting] = []

    @property
    def connection(self) -> Connection:
        """The connection; whoever takes it sees all that was written."""
        if self._waiting:
            self.settle()
        return self._connection

    def rows(self, prepared: Prepared, given: Mapping[str, Any]) -> Rows:
        """Run a kept statement and give its rows."""
        return prepared.rows(self.connection, self.database, given, self.run_values)

    def row(self, prepared: Prepared, given: Mapping[str, Any]) -> Any:
        """Run a kept statement and give its first row or None."""
        return prepared.row(self.connection, self.database, given, self.run_values)

    def row_beside(self, prepared: Prepared, given: Mapping[str, Any]) -> Any:
        """Run a kept statement that has nothing to do with what waits, and give its first row or None."""
        return prepared.row(self._connection, self.database, given, self.run_values)

    def change(self, prepared: Prepared, given: Mapping[str, Any]) -> int:
        """Run a kept statement and give how many rows it changed."""
        return prepared.change(self.connection, self.database, given, self.run_values)

    def select(self, statement: Select[Any]) -> Sequence[Any]:
        """Run a select that is built for this once, through SQLAlchemy: its rows have our Python values."""
        return self.connection.execute(with_values(statement, self.run_values)).all()

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows by one statement."""
        insert_rows(self.connection, self.database, table, rows)

    def later(
        self,
        prepared: Prepared,
        given: Mapping[str, Any],
        *,
        object_key: str | None = None,
        counted: Counted | None = None,
        explain: Explain | None = None,
    ) -> None:
        """Let a write wait for others of the same save. No two that wait may write the same row."""
        write = Waiting(prepared=prepared, given=given, object_key=object_key, counted=counted, explain=explain)
        self._waiting.append(write)
        if self.database.dialect is not Dialect.POSTGRESQL or len(self._waiting) == _TOGETHER:
            self.settle()

    def settle(self, object_key: str | None = None) -> None:
        """Send what waits; with an object only if rows of it do.

        Raises: what `explain` of a write made of a broken constraint, DBAPIError.
        """
        waiting = self._waiting
        if not waiting or (object_key is not None and all(write.object_key != object_key for write in waiting)):
            return
        self._waiting = []
        try:
            counts = self._send(waiting)
        except IntegrityError as fault:
            raise _explained(fault, waiting) from fault
        for write, count in zip(waiting, counts, strict=True):
            if write.counted is not None:
                write.counted(count)

    def _send(self, waiting: Sequence[Waiting]) -> Sequence[int]:
        if len(waiting) == 1:
            write = waiting[0]
            return [write.prepared.change(self._connection, self.database, write.given, self.run_values)]
        statements = tuple(write.prepared for write in waiting)
        key = ("together", *map(id, statements))
        text, _ = self.parts.asked.find(key, lambda: (together(statements), statements))
        parameters: list[object] = []
        for write in waiting:
            parameters += write.prepared.parameters(write.given, self.run_values)
        cursor = run_text(self._connection, self.database, text, parameters)
        try:
            counts: Sequence[int] = cursor.fetchone()
        finally:
            cursor.close()
        return counts


def together(statements: Sequence[Prepared]) -> str:
    """Write one statement that runs several and gives how many rows each met."""
    written, first = [], 1
    for index, prepared in enumerate(statements):
        inner = prepared.text_from(first)
        if not inner.startswith("SELECT"):
            inner += " RETURNING 1"
        written.append(f"w{index} AS ({inner})")
        first += prepared.places
    counts = ["".join(("(SELECT count(*) FROM w", str(index), ")")) for index in range(len(statements))]
    return " ".join(("WITH", ", ".join(written), "SELECT", ", ".join(counts)))


def _explained(fault: IntegrityError, waiting: Sequence[Waiting]) -> Exception:
    for write in waiting:
        found = fault if write.explain is None else write.explain(fault)
        if found is not fault:
            return found
    return fault
