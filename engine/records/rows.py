"""Reads rows of an object's table into the values of its fields; made once per release and object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.engine import Dialect as SqlDialect

from engine.records.statements import result_converter
from engine.storage.codecs import Codec
from engine.storage.sealing import placed
from engine.storage.tables import ObjectTable


class StoredColumns:
    """The columns of all stored fields in their order, and how to make values of a row of them.

    `first` is where the columns begin within a row.
    """

    def __init__(self, table: ObjectTable, dialect: SqlDialect) -> None:
        self._table = table
        self._plain: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        self._parts: list[tuple[str, slice, Codec, tuple[Callable[[Any], Any] | None, ...]]] = []
        self.names: list[str] = []
        for name, codec in table.codecs.items():
            start = len(self.names)
            self.names.extend(codec.names)
            converts = tuple(result_converter(column.type, dialect) for column in codec.columns)
            if codec.is_plain:
                self._plain.append((name, start, converts[0]))
            else:
                self._parts.append((name, slice(start, len(self.names)), codec, converts))

    def of(self, alias: FromClause) -> list[ColumnElement[Any]]:
        """Give the columns of an alias of the table, in order."""
        return [placed(alias.c[name]) for name in self.names]

    def values(self, row: Sequence[Any], first: int = 0) -> dict[str, Any]:
        """Give field → value of a driver's row."""
        found: dict[str, Any] = {}
        for name, index, convert in self._plain:
            part = row[index + first]
            found[name] = part if convert is None or part is None else convert(part)
        for name, span, codec, converts in self._parts:
            parts = [
                part if convert is None or part is None else convert(part)
                for part, convert in zip(row[span.start + first : span.stop + first], converts, strict=True)
            ]
            found[name] = codec.from_columns(parts)
        return found

    def typed(self, row: Sequence[Any]) -> dict[str, Any]:
        """Give field → value of a row that SQLAlchemy has converted already."""
        found = {name: row[index] for name, index, _ in self._plain}
        for name, span, codec, _ in self._parts:
            found[name] = codec.from_columns(row[span])
        return found

    def __len__(self) -> int:
        return len(self.names)
