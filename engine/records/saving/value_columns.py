"""The raw values of a batch read by columns: each field's reader runs over all rows, once for each text of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.records.saving.plan import SavePlan
from engine.records.schemas import ValueReader
from engine.records.types import SaveRow
from metamodel.field_types import FieldValueError
from metamodel.values import Ref

UNSOUND: Any = object()
"""Stands where a raw value can't be read; the reader of the row says why."""

_REPEATED = frozenset((str, type(None), Ref))
_UNKNOWN = object()


def by_fields(rows: Sequence[SaveRow], indexes: Iterable[int]) -> dict[tuple[str, ...], list[int]]:
    """Group rows of a batch by the fields that they give."""
    found: dict[tuple[str, ...], list[int]] = {}
    for index in indexes:
        values = rows[index].values
        if isinstance(values, Mapping):
            found.setdefault(tuple(values), []).append(index)
    return found


def read_columns(
    reader: ValueReader, plan: SavePlan, names: Sequence[str], rows: Sequence[SaveRow]
) -> list[list[Any]] | None:
    """Give the kept values of each field of rows that give the same fields; None where one of them can't be set."""
    columns = []
    for name in names:
        sound = reader.sound_of(name)
        if sound is None:
            return None
        columns.append(_read([row.values[name] for row in rows], sound, plan.keep[name]))
    return columns


def _read(raw_values: list[Any], sound: Callable[[Any], Any], keep: Callable[[Any], Any]) -> list[Any]:
    known: dict[Any, Any] = {}
    found = []
    for raw in raw_values:
        # Only of these types equal raw values are read alike: 1 and True are equal too.
        repeated = type(raw) in _REPEATED
        value = known.get(raw, _UNKNOWN) if repeated else _UNKNOWN
        if value is _UNKNOWN:
            try:
                value = keep(sound(raw))
            except FieldValueError:
                value = UNSOUND
            if repeated:
                known[raw] = value
        found.append(value)
    return found
