"""Rows of `save_many` and what became of them: one by one, or as columns, of which nobody need make a row of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from engine.errors import FieldError

ABSENT: Any = object()
"""Stands in a column where a row does not give the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRow:
    """One row of `save_many`: raw values; id None = create, else update (with `version` as in `update`)."""

    values: Mapping[str, Any]
    id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one row: `created`, `updated`, `unchanged` or `refused` (with its errors)."""

    outcome: str
    id: str | None = None
    errors: tuple[FieldError, ...] = ()
    notices: tuple[FieldError, ...] = ()


class RowColumns(Sequence[SaveRow]):
    """Rows given by column. columns: field → the rows' raw values. ids: of the records that they change, or None."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], ids: Sequence[str | None]) -> None:
        self.columns = columns
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> SaveRow: ...

    @overload
    def __getitem__(self, at: slice) -> RowColumns: ...

    def __getitem__(self, at: int | slice) -> SaveRow | RowColumns:
        if isinstance(at, slice):
            return RowColumns({name: column[at] for name, column in self.columns.items()}, self.ids[at])
        values = {name: value for name, column in self.columns.items() if (value := column[at]) is not ABSENT}
        return SaveRow(values=values, id=self.ids[at])


def given_ids(rows: Sequence[SaveRow]) -> Sequence[str | None]:
    """Give the ids of the records that rows change, None where a row makes a new one."""
    return rows.ids if isinstance(rows, RowColumns) else [row.id for row in rows]


class RowResults(Sequence[RowResult]):
    """The results of rows in their order; a row that was simply created is known by its id alone.

    told: the results of the other rows, by their places.
    """

    def __init__(self, count: int, created: Mapping[int, str], told: Mapping[int, RowResult]) -> None:
        self._count = count
        self.created = created
        self.told = told

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> RowResult: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[RowResult, ...]: ...

    def __getitem__(self, at: int | slice) -> RowResult | tuple[RowResult, ...]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(*at.indices(self._count)))
        place = range(self._count)[at]
        told = self.told.get(place)
        return RowResult(outcome="created", id=self.created[place]) if told is None else told


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """One result a row, in the rows' order; `written` is false where all-or-nothing wrote nothing."""

    rows: Sequence[RowResult]
    written: bool

    @property
    def told(self) -> Mapping[int, RowResult]:
        """The results of the rows that were not simply created, by their places."""
        return self.rows.told if isinstance(self.rows, RowResults) else dict(enumerate(self.rows))

    @property
    def refused(self) -> tuple[int, ...]:
        """Indexes of the rows that were refused."""
        return tuple(sorted(index for index, row in self.told.items() if row.outcome == "refused"))
