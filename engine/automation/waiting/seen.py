"""What an evaluation reads of records, as keys that saves of them have too.

`deal:ID` is a record, `line/deal:ID` the rows of a list of a record, `line:*` all records of an object. A run that
waits keeps the keys of what its condition has read; a save has the keys of what it may have changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.access.shares import Share
from engine.expressions.context import Computations, RecordSource
from engine.records.hooks import SaveEvent
from metamodel.apps import Metamodel
from metamodel.values import Ref
from workflow_dsl.context import Context, Values
from workflow_dsl.syntax import NamedKind

Awaited = Mapping[str, frozenset[str]]
"""Objects whose saves may turn a condition, each with the lookup fields by which its records are rows of a list."""
_MOST_RECORDS = 50


class WatchedSource:
    """A record source that notes the keys of what is read through it."""

    def __init__(self, source: RecordSource, metamodel: Metamodel) -> None:
        self._source = source
        self._metamodel = metamodel
        self._keys: set[str] = set()

    def keys(self) -> frozenset[str]:
        """Give the keys of what was read; of an object of which many were read all records are meant."""
        counted = Counter(_object_of(key) for key in self._keys)
        many = {name for name, count in counted.items() if count > _MOST_RECORDS}
        few = (key for key in self._keys if _object_of(key) not in many)
        return frozenset((*few, *(all_of(name) for name in many)))

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record by id."""
        self._keys.add(record_key(object_key, record_id))
        return self._source.related(object_key, record_id)

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[tuple[str, Values]]:
        """Give the rows of a list."""
        inverse = self._metamodel.objects[object_key].inverses[list_name]
        self._keys.add(list_key(inverse.object, inverse.field, record_id))
        return self._source.children(object_key, list_name, record_id)

    def records(self, object_key: str) -> Iterable[Values]:
        """Give the records of an object."""
        self._keys.add(all_of(object_key))
        return self._source.records(object_key)

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of records with a value."""
        self._keys.add(all_of(object_key))
        return self._source.lookup(object_key, field_name, value)

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team by its name."""
        self._keys.add(all_of(kind.value))
        return self._source.named(kind, name)

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role."""
        return self._source.has_role(user_id, role)

    def reports_to(self, user_id: str, of_user_id: str) -> bool:
        """Say whether a user reports to another."""
        self._keys.add(all_of("user"))
        return self._source.reports_to(user_id, of_user_id)

    def has_permission(self, permission: str) -> bool:
        """Say whether who acts has a permission."""
        return self._source.has_permission(permission)

    def shares(self, object_key: str, record_id: str) -> Sequence[Share]:
        """Give the shares of a record."""
        return self._source.shares(object_key, record_id)

    def computations(self, object_key: str) -> Computations:
        """Give the formulas of an object that are computed when read."""
        return self._source.computations(object_key)

    def title(self, object_key: str, context: Context) -> str | None:
        """Give the title of the context's record."""
        return self._source.title(object_key, context)


def record_key(object_key: str, record_id: str) -> str:
    """Give the key of a record."""
    return f"{object_key}:{record_id}"


def list_key(object_key: str, field_name: str, record_id: str) -> str:
    """Give the key of the records that point at a record by a field."""
    return f"{object_key}/{field_name}:{record_id}"


def all_of(object_key: str) -> str:
    """Give the key of all records of an object."""
    return f"{object_key}:*"


def keys_of(event: SaveEvent, awaited: Awaited) -> Iterator[str]:
    """Give the keys of what a save may have changed, as far as anybody may wait for it."""
    fields = awaited.get(event.object)
    if fields is None:
        return
    yield record_key(event.object, event.record_id)
    yield all_of(event.object)
    for name in fields:
        for record_id in {*_ids(event.old.get(name)), *_ids(event.new.get(name))}:
            yield list_key(event.object, name, record_id)


def _ids(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, Ref):
        return (value.id,)
    return tuple(str(each) for each in value) if isinstance(value, tuple) else (str(value),)


def _object_of(key: str) -> str:
    return key.split(":", 1)[0].split("/", 1)[0]
