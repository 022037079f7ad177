"""Statements compiled once and run at the driver: text, order of the parameters and their conversion are kept.

A Core statement costs more to look up and bind than many of our queries take to run; what runs at every request is
therefore turned into text once a release, with the numbered parameters (`$1`) of the PostgreSQL protocol, so that the
driver has nothing to read in it. Values are always bound, never written into the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from psycopg import RawCursor
from psycopg.types.json import Json, Jsonb
from sqlalchemy import JSON, Connection
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import RUNTIME, Compute, Computed, RunValues
from engine.storage.database import Database
from engine.storage.sealing import PlacedText
from engine.storage.source_rows import GivenRows

Convert = Callable[[Any], Any]
_AS_THEY_ARE: Mapping[int, str] = MappingProxyType({})
_PLACE = re.compile(r"%%|%\(([^)]+)\)s")


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a row has the id of a record of another database that it was joined with. at: the column."""

    object: str
    at: int


def find_leads(frame: Frame, columns: list[Any]) -> tuple[Lead, ...]:
    """Find the ids by which records of other databases are joined among the columns; those that miss are added."""
    found = []
    for target, expr in frame.leads:
        at = next((index for index, column in enumerate(columns) if column is expr), len(columns))
        if at == len(columns):
            columns.append(expr)
        found.append(Lead(target, at))
    return tuple(found)


class Prepared:
    """One statement as text with its parameters.

    Parameters that had a value when the statement was built keep it; the others are given by name at each run, or
    computed from its values. source_rows: parameters that hold rows of other databases. leads: where its rows tell
    which records of other databases it is to be given.
    """

    __slots__ = ("_computed", "_constants", "_converts", "_order", "_pieces", "leads", "names", "source_rows", "text")

    def __init__(self, statement: ClauseElement, dialect: SqlDialect, leads: tuple[Lead, ...] = ()) -> None:
        self.leads = leads
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        if compiled.positiontup is not None:
            self._pieces: tuple[str | int, ...] = (str(compiled),)
            self._order = tuple(compiled.positiontup)
        else:
            self._pieces, self._order = _numbered(str(compiled))
        self.text = self.text_from(1)
        self._constants: dict[str, object] = {}
        self._converts: dict[str, Convert] = {}
        self._computed: dict[str, Compute] = {}
        values = compiled.params
        names: set[str] = set()
        source_rows: list[GivenRows] = []
        for bind, name in compiled.bind_names.items():
            convert = _bind_converter(bind.type, dialect)
            if isinstance(bind.value, GivenRows):
                names.add(name)
                source_rows.append(bind.value)
            elif bind.value is RUNTIME or isinstance(bind.value, Computed):
                if isinstance(bind.value, Computed):
                    self._computed[name] = bind.value.compute
                else:
                    names.add(name)
                if convert is not None:
                    self._converts[name] = convert
            else:
                value = values[name]
                self._constants[name] = convert(value) if convert is not None else value
        self.names = tuple(names)
        self.source_rows = tuple(source_rows)

    @property
    def places(self) -> int:
        """How many parameters it has."""
        return len(self._order)

    def text_from(self, first: int, written: Mapping[int, str] = _AS_THEY_ARE) -> str:
        """Give the text with its parameters numbered from `first`, to stand in another one.

        written: number of a parameter → what stands in its place.
        """
        return "".join(
            piece if isinstance(piece, str) else written.get(piece + first) or f"${piece + first}"
            for piece in self._pieces
        )

    def parameters(self, given: Mapping[str, object], run: RunValues | None) -> list[object]:
        """Put the parameters of a run together."""
        bound = dict(self._constants)
        if self._computed:
            assert run is not None, "the statement computes parameters"
            for name, compute in self._computed.items():
                bound[name] = compute(run)
        for name in self.names:
            bound[name] = given[name]
        for name, convert in self._converts.items():
            bound[name] = convert(bound[name])
        return [bound[name] for name in self._order]

    def run(
        self, connection: Connection, database: Database, given: Mapping[str, object], values: RunValues | None = None
    ) -> Any:
        """Run it and give the driver's cursor; close it after reading.

        Raises: DBAPIError as SQLAlchemy does, so that callers and `Database` know one kind of error.
        """
        return run_text(connection, database, self.text, self.parameters(given, values))

    def rows(
        self, connection: Connection, database: Database, given: Mapping[str, object], values: RunValues | None = None
    ) -> list[Any]:
        """Run it and give all rows as the driver gives them."""
        cursor = self.run(connection, database, given, values)
        try:
            found: list[Any] = cursor.fetchall()
            return found
        finally:
            cursor.close()

    def row(
        self, connection: Connection, database: Database, given: Mapping[str, object], values: RunValues | None = None
    ) -> Any:
        """Run it and give the first row or None."""
        cursor = self.run(connection, database, given, values)
        try:
            return cursor.fetchone()
        finally:
            cursor.close()

    def change(
        self, connection: Connection, database: Database, given: Mapping[str, object], values: RunValues | None = None
    ) -> int:
        """Run it and give how many rows it changed."""
        cursor = self.run(connection, database, given, values)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def change_many(self, connection: Connection, database: Database, given: Sequence[Mapping[str, object]]) -> int:
        """Run it once for each set of parameters and give how many rows it changed in all."""
        database.statements.note(connection, None, self.text, None, None, True)
        cursor = _cursor(connection)
        try:
            parameters: Any = [self.parameters(item, None) for item in given]
            cursor.executemany(self.text, parameters)
            count: int = cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as fault:
            raise translate(fault, self.text, connection) from fault
        finally:
            cursor.close()
        return count


def run_text(connection: Connection, database: Database, text: str, parameters: Sequence[object]) -> Any:
    """Run a statement of the driver's own form and give its cursor; close it after reading.

    Raises: DBAPIError as SQLAlchemy does, so that callers and `Database` know one kind of error.
    """
    database.statements.note(connection, None, text, None, None, False)
    cursor = _cursor(connection)
    try:
        cursor.execute(text, parameters)
    except connection.dialect.loaded_dbapi.Error as fault:
        cursor.close()
        raise translate(fault, text, connection) from fault
    return cursor


def _cursor(connection: Connection) -> Any:
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        return RawCursor(driver)
    return connection.connection.cursor()


def _numbered(text: str) -> tuple[tuple[str | int, ...], tuple[str, ...]]:
    """Cut a text at its named parameters: the texts between them and each one's number; the names in their order."""
    pieces: list[str | int] = []
    numbers: dict[str, int] = {}
    done, written = 0, ""
    for match in _PLACE.finditer(text):
        written += text[done : match.start()]
        done = match.end()
        if match[1] is None:
            written += "%"
        else:
            pieces += [written, numbers.setdefault(match[1], len(numbers))]
            written = ""
    pieces.append(written + text[done:])
    return tuple(pieces), tuple(numbers)


def translate(fault: Exception, text: str, connection: Connection) -> Exception:
    """Wrap a driver's error as SQLAlchemy would, and note a lost connection."""
    lost = connection.dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    error = connection.dialect.loaded_dbapi.Error
    wrapped = DBAPIError.instance(text, None, fault, error, connection_invalidated=lost, dialect=connection.dialect)
    if lost:
        connection.invalidate(fault)
    return wrapped


def _bind_converter(type_: Any, dialect: SqlDialect) -> Convert | None:
    """Give the conversion to what the driver takes; JSON is written as text, which its cast in the statement reads."""
    found: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    if found is None or dialect.name != "postgresql" or not isinstance(type_, JSON):
        return found
    wrap, write = found, dialect._json_serializer or json.dumps

    def convert(value: Any) -> Any:
        wrapped = wrap(value)
        return write(wrapped.obj) if isinstance(wrapped, Json | Jsonb) else wrapped

    return convert


def result_converter(type_: Any, dialect: SqlDialect) -> Convert | None:
    """Give the conversion from the driver's value; PostgreSQL's driver gives what we name in memory by itself.

    What is encrypted at rest is opened on either database.
    """
    if dialect.name == "postgresql" and not isinstance(type_, PlacedText):
        return None
    found: Convert | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return found
