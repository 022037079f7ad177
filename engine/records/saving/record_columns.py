"""New records as columns: each field's values in a list, a record only where somebody has to look at one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

from engine.records.saving.plan import SavePlan

Columns = dict[str, list[Any]]


class RowView(Mapping[str, Any]):
    """One record of some columns, by its place `at`; it may be moved to another one."""

    __slots__ = ("_columns", "at")

    def __init__(self, columns: Mapping[str, Sequence[Any]], at: int = 0) -> None:
        self._columns = columns
        self.at = at

    def moved(self, at: int) -> RowView:
        """Move it to another record."""
        self.at = at
        return self

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self.at]

    def get(self, name: str, default: Any = None) -> Any:
        """Give a value; `default` where there is no such field."""
        column = self._columns.get(name)
        return default if column is None else column[self.at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class RecordColumns:
    """New records of one object. values: field → the records' values, for every kept field, `id` among them."""

    def __init__(self, plan: SavePlan, values: Columns) -> None:
        self.plan = plan
        self.values = values

    def __len__(self) -> int:
        return len(self.values["id"])

    @property
    def ids(self) -> list[str]:
        """The records' ids."""
        return self.values["id"]

    def row(self, at: int) -> dict[str, Any]:
        """Give one record's values."""
        return {name: column[at] for name, column in self.values.items()}

    def picked(self, name: str, places: Sequence[int] | None) -> list[Any]:
        """Give a field's values at some places, in their order; None = all."""
        column = self.values[name]
        return column if places is None else [column[place] for place in places]

    def drop(self, kept: Sequence[bool]) -> None:
        """Let go of the records that are not kept."""
        self.values = {name: list(compress(column, kept)) for name, column in self.values.items()}

    def filled(self) -> Iterator[frozenset[str]]:
        """Give for each record the fields that have a value: one set for all that fill the same ones."""
        mixed, always = [], []
        for name, column in self.values.items():
            empty = column.count(None)
            if not empty:
                always.append(name)
            elif empty < len(column):
                mixed.append(name)
        if not mixed:
            yield from [frozenset(always)] * len(self)
            return
        known: dict[tuple[bool, ...], frozenset[str]] = {}
        for pattern in zip(*([value is not None for value in self.values[name]] for name in mixed), strict=True):
            found = known.get(pattern)
            if found is None:
                found = known[pattern] = frozenset([*always, *compress(mixed, pattern)])
            yield found


def joined(plan: SavePlan, parts: Sequence[Mapping[str, Sequence[Any]]]) -> RecordColumns:
    """Put new records of one object together, in the order of the parts."""
    if len(parts) == 1:
        return RecordColumns(plan, {name: list(column) for name, column in parts[0].items()})
    return RecordColumns(plan, {name: [value for part in parts for value in part[name]] for name in plan.table.codecs})
