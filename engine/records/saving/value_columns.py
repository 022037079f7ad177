"""The raw values of a batch read by columns: each field's reader runs over all rows, once for each text of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

from engine.records.bulk_rows import ABSENT, RowColumns, SaveRow, given_ids
from engine.records.saving.plan import SavePlan
from engine.records.schemas import ValueReader
from metamodel.field_types import FieldValueError
from metamodel.values import Ref

_REPEATED = frozenset((str, type(None), Ref))
_UNSOUND: Any = object()
Given = tuple[tuple[str, ...], list[int], list[list[Any]]]
"""Fields that some rows give, the rows' places, and their raw values by field."""


def by_fields(rows: Sequence[SaveRow], *, new: bool) -> Iterator[Given]:
    """Group the rows of a batch that make new records, or those that change some, by the fields that they give."""
    ids = given_ids(rows)
    if ids.count(None) == (0 if new else len(rows)):
        return
    if isinstance(rows, RowColumns) and _are_alike(rows):
        yield tuple(rows.columns), [*range(len(rows))], [list(column) for column in rows.columns.values()]
        return
    found: dict[tuple[str, ...], list[int]] = {}
    values = [rows[at].values if (record_id is None) is new else None for at, record_id in enumerate(ids)]
    for at, given in enumerate(values):
        if isinstance(given, Mapping):
            found.setdefault(tuple(given), []).append(at)
    for names, places in found.items():
        yield names, places, [[row[name] for at in places if (row := values[at]) is not None] for name in names]


def _are_alike(rows: RowColumns) -> bool:
    """Say whether all rows make new records, or all change some, and give the same fields."""
    return rows.ids.count(None) in (0, len(rows)) and not any(ABSENT in column for column in rows.columns.values())


def read_changes(reader: ValueReader, plan: SavePlan, rows: Sequence[SaveRow]) -> dict[int, dict[str, Any]]:
    """Give the kept values of rows that change records, by their places; those that can't be read are left out."""
    found = {}
    for names, places, raw in by_fields(rows, new=False):
        read = read_columns(reader, plan, names, raw)
        if read is not None and names:
            columns, sound = read
            for place, values in compress(zip(places, zip(*columns, strict=True), strict=True), sound):
                found[place] = dict(zip(names, values, strict=True))
    return found


def read_columns(
    reader: ValueReader, plan: SavePlan, names: Sequence[str], raw: Sequence[Sequence[Any]]
) -> tuple[list[list[Any]], list[bool]] | None:
    """Give the kept values of each field of rows that give the same fields, and which rows can be read.

    None where one of the fields can't be set.
    """
    columns = []
    kept = [True] * (len(raw[0]) if raw else 0)
    for name, values in zip(names, raw, strict=True):
        sound = reader.sound_of(name)
        if sound is None:
            return None
        given = [value for value in values if value is not None]
        if given and reader.stand(name, given):
            # Texts are kept as they are.
            columns.append([*values])
            continue
        column = _read(values, sound, plan.keep[name])
        if _UNSOUND in column:
            kept = [was and value is not _UNSOUND for was, value in zip(kept, column, strict=True)]
        columns.append(column)
    return columns, kept


def _read(raw_values: Sequence[Any], sound: Callable[[Any], Any], keep: Callable[[Any], Any]) -> list[Any]:
    def read(raw: Any) -> Any:
        try:
            return keep(sound(raw))
        except FieldValueError:
            return _UNSOUND

    # Only of these types equal raw values are read alike: 1 and True are equal too.
    if {*map(type, raw_values)} <= _REPEATED:
        known = {raw: read(raw) for raw in {*raw_values}}
        return [known[raw] for raw in raw_values]
    return [read(raw) for raw in raw_values]
