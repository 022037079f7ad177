"""The order of rows of another database: as it sorts itself, empties where ours are, and where a page goes on.

Texts stand in the order of that database, which is not always ours; the same on all its pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Float, and_, case, cast, false, or_

from engine.outer.conditions import Sql, raw
from engine.outer.tables import OuterTable


@dataclass(frozen=True, slots=True)
class Order:
    """A field that rows are sorted by."""

    field: str
    descending: bool = False


def order_by(table: OuterTable, keys: Sequence[Order]) -> list[Any]:
    """Give the ORDER BY; spelled so that every database has the empties last, and first where it falls."""
    found: list[Any] = []
    for key in keys:
        column = table.columns[key.field]
        if key.field != "id":
            empty = case((column.is_(None), 1), else_=0)
            found.append(empty.desc() if key.descending else empty.asc())
        found.append(column.desc() if key.descending else column.asc())
    return found


def after_row(table: OuterTable, keys: Sequence[Order], values: Sequence[Any]) -> Sql:
    """Give the condition "stands after the row with these values"."""
    alternatives: list[Sql] = []
    same: list[Sql] = []
    for key, value in zip(keys, values, strict=True):
        column = table.columns[key.field]
        if value is None:
            alternatives.append(and_(*same, column.is_not(None) if key.descending else false()))
            same.append(column.is_(None))
            continue
        bound = _bound(table, column, value)
        beyond = column < bound if key.descending else or_(column > bound, column.is_(None))
        alternatives.append(and_(*same, beyond))
        same.append(column == bound)
    return or_(*alternatives)


def _bound(table: OuterTable, column: Column[Any], value: Any) -> Sql:
    # A short float is another number than the one that its text says, unless that is made as short.
    is_short = isinstance(column.type, Float) and table.dialect != "sqlite"
    return cast(raw(value), column.type) if is_short else raw(value)


def written(values: Sequence[Any]) -> list[Any]:
    """Write the values of a row's place for a cursor."""
    return [None if value is None else _written(value) for value in values]


def _written(value: Any) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case float():
            return ["f", repr(value)]
        case bytes() | bytearray() | memoryview():
            return ["b", bytes(value).hex()]
        case Decimal():
            return ["n", str(value)]
        case dt.datetime():
            return ["m", value.isoformat()]
        case dt.date():
            return ["d", value.isoformat()]
        case dt.time():
            return ["t", value.isoformat()]
        case UUID():
            return ["u", str(value)]
        case _:
            return str(value)


def read_back(values: Sequence[Any]) -> list[Any]:
    """Read what `written` wrote."""
    return [_READERS[value[0]](value[1]) if isinstance(value, list) else value for value in values]


_READERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "n": Decimal,
        "f": float,
        "b": bytes.fromhex,
        "m": dt.datetime.fromisoformat,
        "d": dt.date.fromisoformat,
        "t": dt.time.fromisoformat,
        "u": UUID,
    }
)
