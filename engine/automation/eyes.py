"""Records as the actor of a rule may read them: what rules as a user compute with.

A path to a record or field that may not be read is empty. Conditions do not go through here: they see the whole record,
as everything does that an author of the configuration defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from engine.access.predicates import EVERYONE
from engine.access.shares import Share
from engine.expressions.context import Computations, RecordSource
from engine.records.transaction import Transaction
from workflow_dsl.context import Context, Values
from workflow_dsl.syntax import NamedKind


class SeenValues(Mapping[str, Any]):
    """A record's values; a field that may not be read is empty."""

    def __init__(self, transaction: Transaction, object_key: str, values: Values) -> None:
        self._access = transaction.access.of(object_key)
        # With the author's eyes: formulas see the whole record, whoever reads their result.
        self.author = transaction.context(object_key, values)

    def __getitem__(self, name: str) -> Any:
        right = self._access.fields.get(name)
        if right is None or not (right.read is EVERYONE or right.read.test(self.author)):
            return None
        return self.author.this.get(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Give a value; a name that is absent reads as empty."""
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.author.this)

    def __len__(self) -> int:
        return len(self.author.this)


class SeenByActor:
    """A `RecordSource` that shows a transaction's actor what it may read of another one, else of what is stored."""

    def __init__(self, transaction: Transaction, source: RecordSource | None = None) -> None:
        self._transaction = transaction
        self._source: RecordSource = transaction.cache if source is None else source

    def seen(self, object_key: str, values: Values | None) -> Values | None:
        """Give a record as the actor sees it; None where it may not be read."""
        if values is None or self._transaction.access.full or isinstance(values, SeenValues):
            return values
        predicate = self._transaction.access.of(object_key).actions["read"]
        if predicate is not EVERYONE and not predicate.test(self._transaction.context(object_key, values)):
            return None
        return SeenValues(self._transaction, object_key, values)

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record by id."""
        return self.seen(object_key, self._source.related(object_key, record_id))

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[tuple[str, Values]]:
        """Give the rows of a list that the actor sees."""
        rows = self._source.children(object_key, list_name, record_id)
        found = ((child, self.seen(child, values)) for child, values in rows)
        return [(child, values) for child, values in found if values is not None]

    def records(self, object_key: str) -> Iterable[Values]:
        """Give the records of an object that the actor sees."""
        found = (self.seen(object_key, values) for values in self._source.records(object_key))
        return (values for values in found if values is not None)

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give the ids of records with that value that the actor sees."""
        if self._transaction.access.full:
            return self._source.lookup(object_key, field_name, value)
        # Those that are not seen do not make it ambiguous, and a field that is not seen finds nothing.
        found = self._transaction.cache.lookup(object_key, field_name, value, most=None)
        records = ((each, self.related(object_key, each)) for each in found)
        seen = (each for each, values in records if values is not None and values.get(field_name) == value)
        return list(islice(seen, 2))

    def title(self, object_key: str, context: Context) -> str | None:
        """Give the title of a record that the actor sees; what stands in it is its author's."""
        this = context.this
        return self._source.title(object_key, this.author if isinstance(this, SeenValues) else context)

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team."""
        return self._source.named(kind, name)

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role."""
        return self._source.has_role(user_id, role)

    def reports_to(self, user_id: str, boss_id: str) -> bool:
        """Say whether a user reports to another."""
        return self._source.reports_to(user_id, boss_id)

    def has_permission(self, permission: str) -> bool:
        """Say whether who acts has a permission."""
        return self._source.has_permission(permission)

    def shares(self, object_key: str, record_id: str) -> Sequence[Share]:
        """Give the shares of a record."""
        return self._source.shares(object_key, record_id)

    def computations(self, object_key: str) -> Computations:
        """Give no formulas: seen values have theirs computed already."""
        if self._transaction.access.full:
            return self._source.computations(object_key)
        return {}
