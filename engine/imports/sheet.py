"""The rows of one batch of an import on their way: their values by column, and what is still open about some."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import Any

from engine.imports.bound import BoundLookup
from engine.imports.cell_columns import CellFault
from engine.imports.csv_file import CsvRow
from engine.imports.result import RowError
from engine.records.bulk_rows import ABSENT

Key = tuple[Any, ...]


class Sheet:
    """Rows with their raw values: field → the rows' values, ABSENT where a row gives none.

    keys: by what a row is known, None where by nothing. ids: of the records that rows change. By a row's place:
    waiting, lookups that wait for a later row; unsure, lookups whose cell several records are called by; faulty,
    what is wrong with rows that are not saved.
    """

    def __init__(self, rows: Sequence[CsvRow], values: dict[str, list[Any]]) -> None:
        self.rows = rows
        self.values = values
        self.keys: list[Key | None] = [None] * len(rows)
        self.ids: list[str | None] = [None] * len(rows)
        self.waiting: dict[int, list[tuple[BoundLookup, str]]] = {}
        self.unsure: dict[int, list[CellFault]] = {}
        self.faulty: dict[int, list[RowError]] = {}

    def column(self, name: str) -> Sequence[Any]:
        """Give the raw values of a field."""
        found = self.values.get(name)
        return [ABSENT] * len(self.rows) if found is None else found

    def drop(self, places: Collection[int]) -> None:
        """Let rows go."""
        if not places:
            return
        gone = set(places)
        kept = [place not in gone for place in range(len(self.rows))]
        self.rows = list(compress(self.rows, kept))
        self.values = {name: list(compress(column, kept)) for name, column in self.values.items()}
        self.keys = list(compress(self.keys, kept))
        self.ids = list(compress(self.ids, kept))
        moved = {before: now for now, before in enumerate(compress(range(len(kept)), kept))}
        self.waiting = {moved[at]: open_ones for at, open_ones in self.waiting.items() if at in moved}
        self.unsure = {moved[at]: faults for at, faults in self.unsure.items() if at in moved}
        self.faulty = {moved[at]: errors for at, errors in self.faulty.items() if at in moved}

    def take_repeated(self) -> list[CsvRow]:
        """Take out the rows whose key an earlier row has, in their order."""
        known = [key for key in self.keys if key is not None]
        if len({*known}) == len(known):
            return []
        seen: set[Key] = set()
        repeated = []
        for place, key in enumerate(self.keys):
            if key is not None and key in seen:
                repeated.append(place)
            elif key is not None:
                seen.add(key)
        later = [self.rows[place] for place in repeated]
        self.drop(repeated)
        return later
