"""The cells of a batch as raw values, a column at a time: each text of a column is mapped and converted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.imports.bound import Binding, BoundColumn, BoundLookup
from engine.imports.csv_file import CsvRow
from engine.imports.errors import BadCell
from engine.imports.resolving import Lookups, NotOne, NotThere
from engine.spreadsheet_cells import unguarded_texts


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell without a value, and why.

    lookup: it names no record; a later row of the file may be it. candidates: it names several records, these.
    """

    column: BoundColumn
    cell: str
    reason: str
    lookup: BoundLookup | None = None
    candidates: tuple[object, ...] = ()


class CellColumns:
    """The columns of a batch of rows.

    names: the fields that are filled. values: for each of them the rows' values, some of them faults. faulty: places
    of the rows that have faults.
    """

    def __init__(self, binding: Binding, lookups: Lookups, rows: Sequence[CsvRow]) -> None:
        self._rows = rows
        self._cells = list(zip(*(row.cells for row in rows), strict=False))
        self.names: list[str] = []
        self.values: list[list[Any]] = []
        self.faulty: set[int] = set()
        filled = {*(item.field.name for item in binding.plain), *(item.source.field.name for item in binding.lookups)}
        for name, constant in binding.constants.items():
            if name not in filled and name not in binding.texts:
                self._add(name, [constant] * len(rows))
        for name, text in binding.texts.items():
            if name not in filled:
                self._add(name, [text(row.cells) or None for row in rows])
        for column in binding.plain:
            self._add(column.field.name, self._read(column, None, lookups), completes=column.completes)
        for lookup in binding.lookups:
            self._add(lookup.source.field.name, self._read(lookup.source, lookup, lookups))

    def _add(self, name: str, values: list[Any], *, completes: bool = False) -> None:
        if name in self.names and completes:
            at = self.names.index(name)
            pairs = zip(self.values[at], values, strict=True)
            self.values[at] = [_together(before, value) if before is not None else None for before, value in pairs]
            return
        if name in self.names:
            # A field that two columns fill has the value of the last one; what is wrong with the first one is told.
            at = self.names.index(name)
            kept = self.values[at]
            values = [_together(before, value) for before, value in zip(kept, values, strict=True)]
            self.values[at] = values
            return
        self.names.append(name)
        self.values.append(values)

    def _read(self, column: BoundColumn, lookup: BoundLookup | None, lookups: Lookups) -> list[Any]:
        cells = self._cells[column.index] if self._rows else ()
        if lookup is None and column.convert is None and not column.values and not column.empty:
            texts = unguarded_texts(cells)
            return [text or None for text in texts]
        known = {raw: _value(column, lookup, lookups, raw) for raw in {*cells}}
        if any(type(value) is CellFault for value in known.values()):
            self.faulty.update(place for place, raw in enumerate(cells) if type(known[raw]) is CellFault)
        return [known[raw] for raw in cells]


def _together(before: Any, value: Any) -> Any:
    """Give what two columns of one field make: its parts together, else the later one."""
    if isinstance(before, CellFault) or (isinstance(before, dict) and value is None):
        return before
    return {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value


def _value(column: BoundColumn, lookup: BoundLookup | None, lookups: Lookups, raw: str) -> Any:
    cell = column.mapped(raw)
    if not cell:
        return None
    try:
        if lookup is not None:
            return lookups.value(lookup, cell)
        return column.convert(cell) if column.convert is not None else cell
    except NotThere as fault:
        return CellFault(column, cell, str(fault), lookup)
    except NotOne as fault:
        return CellFault(column, cell, str(fault), candidates=fault.candidates)
    except BadCell as fault:
        reason = str(fault) if lookup is not None else f"'{cell}' {fault}"
        return CellFault(column, cell, reason)
