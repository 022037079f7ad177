"""Other records as they were at a moment of the past, for conditions that are judged again.

A record is read backwards from what it is, by the log. Who holds which role, which queue has which name and what
`lookup(…)` finds are those of today: no log tells of them by record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, cast, select

from engine.access.shares import Share
from engine.automation.insight.past import Entry, entries_of, read_entries, stored_records, undone
from engine.expressions.context import Computations, RecordSource
from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import entries_of as entries_about
from engine.records.hooks import SaveKind
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from workflow_dsl.context import Context, Values
from workflow_dsl.syntax import NamedKind


class PastRecords:
    """What was read of the past within one transaction. since: no moment before this entry of the log is asked for."""

    def __init__(self, transaction: Transaction, since: int) -> None:
        self._transaction = transaction
        self._since = since
        self._entries: dict[tuple[str, str], Sequence[Entry]] = {}
        self._whole: dict[str, Mapping[str, Sequence[Entry]]] = {}
        self._now: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def at(self, entry: Entry) -> PastSource:
        """Give the records as they were when an entry was written."""
        return PastSource(self._transaction, self, entry)

    def know(self, object_key: str, now: Mapping[str, Any] | None, record_id: str, entries: Sequence[Entry]) -> None:
        """Keep what a record is, and all its entries since, the newest first."""
        self._now[object_key, record_id], self._entries[object_key, record_id] = now, entries

    def of(self, object_key: str, record_id: str, entry: Entry) -> Values | None:
        """Give what a record was when an entry was written; None where it was not there."""
        object_def, now = self._transaction.parts.metamodel.objects[object_key], self._stored(object_key, record_id)
        if now is None:
            return None
        values = dict(now)
        for later in self._since_then(object_key, record_id):
            if later.id <= entry.id:
                break
            if _belongs(later, entry, object_def):
                continue
            if later.action == SaveKind.CREATED.value:
                return None
            values = undone(self._transaction, object_def, values, later)
        return None if values.get("deleted_at") is not None else values

    def mentioning(self, object_key: str, record_id: str) -> set[str]:
        """Give the records of an object in whose entries an id stands."""
        table = self._transaction.system.audit
        written = cast(table.c.changes, Text).contains(record_id, autoescape=True)
        query = select(table.c.record_id).distinct()
        about_one = table.c.record_id.is_not(None)
        query = query.where(entries_about(self._transaction, object_key), table.c.id > self._since, written, about_one)
        return {str(row[0]) for row in self._transaction.connection.execute(query)}

    def changed(self, object_key: str) -> Mapping[str, Sequence[Entry]]:
        """Give all entries of an object since the beginning, by record."""
        found = self._whole.get(object_key)
        if found is None:
            table = self._transaction.system.audit
            about = (entries_about(self._transaction, object_key), table.c.record_id.is_not(None))
            query = select(table).where(*about, table.c.id > self._since)
            names = earlier_names(self._transaction, object_key)
            by_record: dict[str, list[Entry]] = defaultdict(list)
            for entry in read_entries(self._transaction, query.order_by(table.c.id.desc()), names):
                by_record[entry.record_id].append(entry)
            found = self._whole[object_key] = by_record
        return found

    def _stored(self, object_key: str, record_id: str) -> Mapping[str, Any] | None:
        key = (object_key, record_id)
        if key not in self._now:
            found = self._transaction.cache.related(object_key, record_id)
            if found is None and self._since_then(object_key, record_id):
                found = stored_records(self._transaction, object_key, [record_id]).get(record_id)
            self._now[key] = found
        return self._now[key]

    def _since_then(self, object_key: str, record_id: str) -> Sequence[Entry]:
        whole = self._whole.get(object_key)
        if whole is not None:
            return whole.get(record_id, ())
        key = (object_key, record_id)
        if key not in self._entries:
            self._entries[key] = entries_of(self._transaction, object_key, record_id, after=self._since)
        return self._entries[key]


class PastSource:
    """A `RecordSource` of one moment of the past."""

    def __init__(self, transaction: Transaction, past: PastRecords, entry: Entry) -> None:
        self._transaction = transaction
        self._past = past
        self._entry = entry
        self._today: RecordSource = transaction.cache

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record as it was."""
        object_def = self._transaction.parts.metamodel.objects.get(object_key)
        if object_def is None or not could_be_id(record_id, object_def) or object_def.source is not None:
            return self._today.related(object_key, record_id)
        return self._past.of(object_key, record_id, self._entry)

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[tuple[str, Values]]:
        """Give the rows that a list had."""
        inverse = self._transaction.parts.metamodel.objects[object_key].inverses[list_name]
        child = self._transaction.parts.metamodel.objects[inverse.object]
        rows = self._today.children(object_key, list_name, record_id)
        if child.source is not None:
            return rows
        ids = {str(values["id"]) for _, values in rows} | self._past.mentioning(child.key, record_id)
        was = ((child.key, self._past.of(child.key, each, self._entry)) for each in sorted(ids))
        return [
            (key, values) for key, values in was if values is not None and _points(values, inverse.field, record_id)
        ]

    def records(self, object_key: str) -> Iterable[Values]:
        """Give the records that an object had."""
        if self._transaction.parts.metamodel.objects[object_key].source is not None:
            return self._today.records(object_key)
        ids = {str(values["id"]) for values in self._today.records(object_key)} | set(self._past.changed(object_key))
        was = (self._past.of(object_key, each, self._entry) for each in sorted(ids))
        return (values for values in was if values is not None)

    def lookup(self, object_key: str, field_name: str, value: Any) -> Sequence[str]:
        """Give what has that value today."""
        return self._today.lookup(object_key, field_name, value)

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the queue or team of that name today."""
        return self._today.named(kind, name)

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role today."""
        return self._today.has_role(user_id, role)

    def reports_to(self, user_id: str, boss_id: str) -> bool:
        """Say whether a user reports to another today."""
        return self._today.reports_to(user_id, boss_id)

    def has_permission(self, permission: str) -> bool:
        """Say that conditions of an author may read all."""
        return self._today.has_permission(permission)

    def shares(self, object_key: str, record_id: str) -> Sequence[Share]:
        """Give the shares that a record has today."""
        return self._today.shares(object_key, record_id)

    def computations(self, object_key: str) -> Computations:
        """Give the formulas that are computed when read."""
        return self._today.computations(object_key)

    def title(self, object_key: str, context: Context) -> str | None:
        """Give the title of the context's record."""
        return self._today.title(object_key, context)


def _points(values: Values, field: str, record_id: str) -> bool:
    found = values.get(field)
    # A reference that may lead to several objects is a tuple too: of the object and the id.
    return record_id in found if isinstance(found, tuple | list) else bool(found == record_id)


def _belongs(later: Entry, entry: Entry, object_def: ObjectDef) -> bool:
    """Say whether an entry tells of figures that the same save moved: rules of the save saw them."""
    fields = object_def.fields
    return (
        later.at == entry.at
        and later.actor == entry.actor
        and all(name in fields and fields[name].is_computed for name in later.changes)
    )
