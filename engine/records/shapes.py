"""The shape of the rows of one select: which cells stand where, and records and API values made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from engine.records.cell import Cell, Read
from engine.records.types import Record

ID_AT, VERSION_AT, TITLE_AT, CELLS_AT = 0, 1, 2, 3


class CellShape:
    """A shape: id, version and title first, then the cells."""

    def __init__(self, object_key: str, cells: Sequence[Cell]) -> None:
        self._object = object_key
        self._cells = tuple(cells)
        self._reads = tuple((cell.name, cell.read) for cell in cells)
        self._titles = tuple((cell.name, cell.title) for cell in cells if cell.title is not None)
        self._masked = tuple((cell.name, cell.masked) for cell in cells if cell.masked is not None)
        self._json = tuple((cell.name, cell.json) for cell in cells if cell.name not in ("id", "version"))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields and paths of a row in their order."""
        return tuple(cell.name for cell in self._cells)

    def record(self, row: Sequence[Any]) -> Record:
        """Make a record of a driver's row."""
        titles = {name: found for name, title in self._titles if (found := title(row)) is not None}
        return Record(
            object=self._object,
            id=row[ID_AT],
            version=row[VERSION_AT],
            values={name: read(row) for name, read in self._reads},
            titles=titles,
            masked={name: found for name, mask in self._masked if (found := mask(row)) is not None},
            title=row[TITLE_AT] or "",
            to_json=_json_of(row, self._json),
        )

    def json_rows(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, object]]:
        """Make the API's JSON values of rows."""
        cells = self._json
        return [
            {"id": row[ID_AT], "version": row[VERSION_AT], **{name: json(row) for name, json in cells}} for row in rows
        ]


def _json_of(row: Sequence[Any], cells: Sequence[tuple[str, Read]]) -> Callable[[Record], dict[str, object]]:
    def to_json(record: Record) -> dict[str, object]:
        return {"id": record.id, "version": record.version, **{name: json(row) for name, json in cells}}

    return to_json


def frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a mapping that can't be changed."""
    return MappingProxyType(dict(values))
