"""Makes columns and tables of the system tables for one dialect; which tables there are is said elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Table, false
from sqlalchemy.sql.schema import SchemaItem

from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect


class SystemTableMaker:
    """Makes system tables of one dialect; the methods below name the columns by what they hold."""

    def __init__(self, dialect: Dialect, metadata: MetaData) -> None:
        self._dialect = dialect
        self._metadata = metadata

    def table(self, name: str, *items: SchemaItem) -> Table:
        """Make a table."""
        return Table(name, self._metadata, *items)

    def id(self, name: str = "id", **options: Any) -> Column[Any]:
        """Make a column of record ids."""
        return self._column(name, ColumnKind.ID, options)

    def text(self, name: str, **options: Any) -> Column[Any]:
        """Make a text column."""
        return self._column(name, ColumnKind.TEXT, options)

    def number(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of whole numbers."""
        return self._column(name, ColumnKind.INTEGER, options)

    def instant(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of points in time."""
        return self._column(name, ColumnKind.DATETIME, options)

    def json(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of JSON data."""
        return self._column(name, ColumnKind.JSON, options)

    def bytes(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of bytes."""
        return Column(name, LargeBinary(), **options)

    def flag(self, name: str) -> Column[Any]:
        """Make a yes-or-no column, no by default."""
        return Column(name, Boolean(), nullable=False, server_default=false())

    def series(self, name: str = "id") -> Column[Any]:
        """Make a key that the database counts up."""
        kind = Integer() if self._dialect is Dialect.SQLITE else BigInteger()
        return Column(name, kind, primary_key=True, autoincrement=True)

    def _column(self, name: str, kind: ColumnKind, options: dict[str, Any]) -> Column[Any]:
        return Column(name, column_type(kind, self._dialect), **options)
