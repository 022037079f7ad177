"""Statements compiled once and run at the driver: text, order of the parameters and their conversion are kept.

A Core statement costs more to look up and bind than many of our queries take to run; what runs at every request is
therefore turned into text once a release. Values are always bound, never written into the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Connection
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from engine.storage.database import Database

Convert = Callable[[Any], Any]

RUNTIME: Final = object()
"""The value of parameters that are given at each run."""


def runtime(name: str, type_: Any) -> BindParameter[Any]:
    """Make a parameter whose value is given at each run."""
    return BindParameter(name, RUNTIME, type_=type_)


class Prepared:
    """One statement as text with its parameters.

    Parameters that had a value when the statement was built keep it; the others are given by name at each run.
    """

    __slots__ = ("_constants", "_converts", "_order", "names", "text")

    def __init__(self, statement: ClauseElement, dialect: SqlDialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        self._constants: dict[str, object] = {}
        self._converts: dict[str, Convert] = {}
        values = compiled.params
        names: set[str] = set()
        for bind, name in compiled.bind_names.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.value is RUNTIME:
                names.add(bind.key)
                if convert is not None:
                    self._converts[bind.key] = convert
            else:
                value = values[name]
                self._constants[name] = convert(value) if convert is not None else value
        self.names = tuple(names)

    def parameters(self, values: Mapping[str, object]) -> Sequence[object] | dict[str, object]:
        """Put the parameters of a run together."""
        bound = dict(self._constants)
        for name in self.names:
            bound[name] = values[name]
        for name, convert in self._converts.items():
            bound[name] = convert(bound[name])
        if self._order is None:
            return bound
        return [bound[name] for name in self._order]

    def run(self, connection: Connection, database: Database, values: Mapping[str, object]) -> Any:
        """Run it and give the driver's cursor; close it after reading.

        Raises: DBAPIError as SQLAlchemy does, so that callers and `Database` know one kind of error.
        """
        database.statements.note(connection, None, self.text, None, None, False)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.text, self.parameters(values))
        except connection.dialect.loaded_dbapi.Error as fault:
            cursor.close()
            raise translate(fault, self.text, connection) from fault
        return cursor

    def rows(self, connection: Connection, database: Database, values: Mapping[str, object]) -> list[Any]:
        """Run it and give all rows as the driver gives them."""
        cursor = self.run(connection, database, values)
        try:
            found: list[Any] = cursor.fetchall()
            return found
        finally:
            cursor.close()

    def row(self, connection: Connection, database: Database, values: Mapping[str, object]) -> Any:
        """Run it and give the first row or None."""
        cursor = self.run(connection, database, values)
        try:
            return cursor.fetchone()
        finally:
            cursor.close()

    def change(self, connection: Connection, database: Database, values: Mapping[str, object]) -> int:
        """Run it and give how many rows it changed."""
        cursor = self.run(connection, database, values)
        count: int = cursor.rowcount
        cursor.close()
        return count


def translate(fault: Exception, text: str, connection: Connection) -> Exception:
    """Wrap a driver's error as SQLAlchemy would, and note a lost connection."""
    lost = connection.dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    error = connection.dialect.loaded_dbapi.Error
    wrapped = DBAPIError.instance(text, None, fault, error, connection_invalidated=lost, dialect=connection.dialect)
    if lost:
        connection.invalidate(fault)
    return wrapped


def result_converter(type_: Any, dialect: SqlDialect) -> Convert | None:
    """Give the conversion from the driver's value; PostgreSQL's driver gives what we name in memory by itself."""
    if dialect.name == "postgresql":
        return None
    found: Convert | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return found
