"""Python values of records as JSON and back, for snapshots, names and results that a run keeps between its steps.

JSON alone would lose what a decimal, a date or a reference is; a mapping with one key that starts with `$` says it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from metamodel.field_types.compound import part_values
from metamodel.values import Address, Compound, ForeignMoney, Geo, Money, PersonName, Ref, StoredFile
from workflow_dsl.durations import Duration

_COMPOUNDS = {PersonName: "person_name", Address: "address", Geo: "geo", StoredFile: "file"}


# Values that are their own JSON form. Each match of a rule writes dozens, each taking of a run reads them.
_PLAIN = frozenset((type(None), bool, int, str))


def to_stored(value: object) -> Any:
    """Give the JSON form of a value."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return _mapping(value)  # type: ignore[arg-type]
    if kind is list or kind is tuple:
        return _items(value)  # type: ignore[arg-type]
    if isinstance(value, int | str):
        return value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _mapping(value: Mapping[Any, object]) -> dict[str, Any]:
    inner = {str(key): item if type(item) in _PLAIN else to_stored(item) for key, item in value.items()}
    for key in inner:
        if key[:1] == "$":
            return {"$map": inner}
    return inner


def _worth(value: Money) -> list[str | None]:
    if not isinstance(value, ForeignMoney):
        return []
    return [None if value.base is None else str(value.base)]


def _money(amount: str, currency: str, *worth: str | None) -> Money:
    if not worth:
        return Money(Decimal(amount), currency)
    return ForeignMoney(Decimal(amount), currency, None if worth[0] is None else Decimal(worth[0]))


def _items(value: Iterable[object]) -> list[Any]:
    return [item if type(item) in _PLAIN else to_stored(item) for item in value]


# In this order: Money, Ref and Duration are tuples, a datetime is a date.
_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Money, lambda value: {"$money": [str(value.amount), value.currency, *_worth(value)]}),
    (Ref, lambda value: {"$ref": [value.object, value.id]}),
    (Duration, lambda value: {"$duration": [str(part) for part in value]}),
    (Compound, lambda value: {"$" + _COMPOUNDS[type(value)]: _items(part_values(value))}),
    (Decimal, lambda value: {"$decimal": str(value)}),
    (dt.datetime, lambda value: {"$instant": value.isoformat()}),
    (dt.date, lambda value: {"$date": value.isoformat()}),
    (dt.time, lambda value: {"$time": value.isoformat()}),
    (Mapping, _mapping),
    ((list, tuple, set, frozenset), _items),
)


def from_stored(value: Any) -> Any:
    """Give the value of a JSON form."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list):
        return tuple([item if type(item) in _PLAIN else from_stored(item) for item in value])
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _READERS:
            return _READERS[key](inner)
    return {key: item if type(item) in _PLAIN else from_stored(item) for key, item in value.items()}


_READERS: dict[str, Callable[[Any], Any]] = {
    "$person_name": lambda parts: PersonName(*(from_stored(part) for part in parts)),
    "$address": lambda parts: Address(*(from_stored(part) for part in parts)),
    "$geo": lambda parts: Geo(*(from_stored(part) for part in parts)),
    "$file": lambda parts: StoredFile(*parts),
    "$money": lambda parts: _money(*parts),
    "$ref": lambda parts: Ref(parts[0], parts[1]),
    "$duration": lambda parts: Duration(*(Decimal(part) for part in parts)),
    "$decimal": Decimal,
    "$instant": dt.datetime.fromisoformat,
    "$date": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$map": lambda inner: {key: from_stored(item) for key, item in inner.items()},
}
