"""How a transaction sends kept statements: at once, or together with others that nobody needs the answer of.

On PostgreSQL the writes of a save wait for one another and go as one statement, which is one way to the server instead
of several while rows are locked; whatever is asked meanwhile sends them first. A save that stands alone begins its
transaction as late as can be: where one statement writes all of it, that statement is the transaction. SQLite has no
way to save, there each goes at once. What the statements say is the business of those who make them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

from engine.expressions.sql.runtime import RunValues, with_values
from engine.records.batches import begin_columns, insert_rows
from engine.records.copying_beside import CopyBeside
from engine.records.parts import ReleaseParts
from engine.records.statements import Prepared, run_text
from engine.records.together import Counted, Drawing, Drawn, Explain, Overtaken, Waiting, met_none, tell, together
from engine.storage.database import Database
from engine.storage.dialect import Dialect

Rows = list[Any]
_TOGETHER = 12


class Supplier(Protocol):
    """Gives statements the rows of other databases that they ask for."""

    def supply(self, prepared: Prepared, given: Mapping[str, Any], run: Callable[[Mapping[str, Any]], Rows]) -> Rows:
        """Run a statement with what it needs of them."""
        ...


class Sending:
    """The statements of one transaction; what asks or writes at once goes after what waits.

    alone: one save is all of the transaction, and whoever opened it begins that save again where it is `Overtaken`.
    The connection commits each statement then, until `begin`.
    """

    run_values: RunValues
    supplier: Supplier

    def __init__(self, connection: Connection, database: Database, parts: ReleaseParts, *, alone: bool = False) -> None:
        self.database = database
        self.parts = parts
        self.alone = alone
        self._begins, self._begun, self._ended = alone, not alone, False
        self._connection = connection
        self._waiting: list[Waiting] = []
        self._drawing: Drawing | None = None
        self._drawn: Drawn | None = None
        self._copying: CopyBeside | None = None

    @property
    def connection(self) -> Connection:
        """The connection; whoever takes it sees all that was written."""
        if self._waiting:
            self.settle()
        return self._held

    @property
    def _held(self) -> Connection:
        if self._copying is not None:
            self.wait()
        if not self._begun:
            run_text(self._connection, self.database, "BEGIN", ()).close()
            self._begun = True
        return self._connection

    def wait(self) -> None:
        """Wait until the server has taken what `insert_beside` gives it; the connection is free then.

        Raises: DBAPIError.
        """
        copying, self._copying = self._copying, None
        if copying is not None:
            copying.wait()

    def commit(self) -> None:
        """End a transaction that this object began, if it did."""
        if self._begins and self._begun:
            run_text(self._connection, self.database, "COMMIT", ()).close()

    def roll_back(self) -> None:
        """Take back what a transaction that this object began has done; a connection that can't goes."""
        if not self._begins or not self._begun or self._connection.invalidated:
            return
        with suppress(DBAPIError):
            run_text(self._connection, self.database, "ROLLBACK", ()).close()
            return
        self._connection.invalidate()

    def ask(self, prepared: Prepared, given: Mapping[str, Any]) -> Rows:
        """Run a kept query that locks nothing and give its rows; it needs no transaction."""
        if self._waiting:
            self.settle()
        run = partial(prepared.rows, self._connection, self.database, values=self.run_values)
        return self.supplier.supply(prepared, given, run) if prepared.source_rows else run(given)

    def rows(self, prepared: Prepared, given: Mapping[str, Any]) -> Rows:
        """Run a kept statement and give its rows."""
        if prepared.source_rows:
            run = partial(prepared.rows, self.connection, self.database, values=self.run_values)
            return self.supplier.supply(prepared, given, run)
        return prepared.rows(self.connection, self.database, given, self.run_values)

    def row(self, prepared: Prepared, given: Mapping[str, Any]) -> Any:
        """Run a kept statement and give its first row or None."""
        if prepared.source_rows:
            return next(iter(self.rows(prepared, given)), None)
        return prepared.row(self.connection, self.database, given, self.run_values)

    def row_beside(self, prepared: Prepared, given: Mapping[str, Any]) -> Any:
        """Run a kept statement that has nothing to do with what waits, and give its first row or None."""
        return prepared.row(self._held, self.database, given, self.run_values)

    def change(self, prepared: Prepared, given: Mapping[str, Any]) -> int:
        """Run a kept statement and give how many rows it changed."""
        return prepared.change(self.connection, self.database, given, self.run_values)

    def select(self, statement: Select[Any]) -> Sequence[Any]:
        """Run a select that is built for this once, through SQLAlchemy: its rows have our Python values."""
        return self.connection.execute(with_values(statement, self.run_values)).all()

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows by one statement."""
        insert_rows(self.connection, self.database, table, rows)

    def insert_beside(self, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
        """Insert many rows, at least one, given by column; the server may take them while we go on.

        Whatever asks for the connection next waits for that; whoever calls this lets nobody leave before `wait`.
        """
        self._copying = begin_columns(self.connection, self.database, table, columns)

    def later(
        self,
        prepared: Prepared,
        given: Mapping[str, Any],
        *,
        object_key: str | None = None,
        counted: Counted | None = None,
        explain: Explain | None = None,
        certain: bool = False,
    ) -> None:
        """Let a write wait for others of the same save. No two that wait may write the same row.

        certain: for a save that is alone; where it does not meet its row, all is taken back and the save begins again.
        """
        self.let_wait(
            Waiting(
                prepared=prepared,
                given=given,
                object_key=object_key,
                counted=counted,
                explain=explain,
                certain=certain,
            )
        )

    def let_wait(self, write: Waiting) -> None:
        """Let a write wait, as `later` does."""
        assert not self._ended, "the save is committed already"
        self._waiting.append(write)
        if self.database.dialect is not Dialect.POSTGRESQL or len(self._waiting) == _TOGETHER:
            self.settle()

    @property
    def waits(self) -> int:
        """How many writes wait."""
        return len(self._waiting)

    def draw(self, drawing: Drawing) -> None:
        """Let the statement that writes draw a number; until it is sent, a mark stands for the number's digits."""
        self._drawing = drawing

    def settle(self, object_key: str | None = None, *, last: bool = False) -> None:
        """Send what waits; with an object only if rows of it do. last: nothing follows but the commit.

        Raises: what `explain` of a write made of a broken constraint, Overtaken, DBAPIError.
        """
        waiting, drawing = self._waiting, self._drawing
        if not waiting or (object_key is not None and all(write.object_key != object_key for write in waiting)):
            return
        self._waiting, self._drawing = [], None
        connection = self._ending() if last else self._held
        try:
            given = self._send(connection, waiting, drawing)
        except IntegrityError as fault:
            raise _explained(fault, waiting) from fault
        except DBAPIError as fault:
            if met_none(fault, waiting):
                raise Overtaken from fault
            raise
        if drawing is not None:
            self._drawn = Drawn(mark=drawing.mark, digits=str(given[0]).zfill(drawing.width))
        tell(given, waiting, drawing)

    def _ending(self) -> Connection:
        """Give the connection for what ends the save; that one statement is the transaction where none was begun."""
        if not self._begun:
            self._begins, self._begun, self._ended = False, True, True
        return self._connection

    def _send(self, connection: Connection, waiting: Sequence[Waiting], drawing: Drawing | None) -> Sequence[Any]:
        first = waiting[0]
        if len(waiting) == 1 and drawing is None and self._drawn is None and not first.certain:
            return [first.prepared.change(connection, self.database, first.given, self.run_values)]
        # What was made of the record before its number was known, and is sent now, holds the mark still.
        statement = together(waiting, drawing or self._drawn, self.run_values)
        # What is kept keeps its statements alive, so that no other one gets their ids.
        kept = (write.prepared for write in waiting)
        text, *_ = self.parts.asked.find(statement.key, lambda: (statement.write(), *kept))
        cursor = run_text(connection, self.database, text, statement.parameters)
        try:
            given: Sequence[Any] = cursor.fetchone()
        finally:
            cursor.close()
        return given


def _explained(fault: IntegrityError, waiting: Sequence[Waiting]) -> Exception:
    for write in waiting:
        found = fault if write.explain is None else write.explain(fault)
        if found is not fault:
            return found
    return fault
