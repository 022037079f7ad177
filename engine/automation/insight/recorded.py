"""Goes through the saves of many records since a moment, a batch of records at a time; reads, and can write nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from engine.automation.insight.past import Entry, PastEvent, events_of, read_entries, stored_records
from engine.automation.insight.past_source import PastRecords
from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import entries_of as entries_about
from engine.records.transaction import Transaction
from engine.storage.dialect import Dialect

_RECORDS_AT_ONCE = 200
MOST_SAVES = 200_000
"""How many saves are looked at for one answer."""


def forbid_writing(transaction: Transaction) -> None:
    """Let the database refuse writes within a transaction that has just begun; SQLite's readers refuse them anyway."""
    if transaction.database.dialect is Dialect.POSTGRESQL:
        transaction.connection.exec_driver_sql("SET TRANSACTION READ ONLY")


class RecordedSaves:
    """The saves of an object since a moment. stopped: there are more than are looked at."""

    def __init__(self, transaction: Transaction, object_key: str, since: dt.datetime) -> None:
        self._transaction = transaction
        self._object = transaction.parts.metamodel.objects[object_key]
        table = self._audit = transaction.system.audit
        first = select(func.min(table.c.id)).where(table.c.at >= since)
        self._first: int | None = transaction.connection.execute(first).scalar()
        self.seen = 0

    @property
    def stopped(self) -> bool:
        """Whether there were more saves than are looked at."""
        return self.seen >= MOST_SAVES

    def __iter__(self) -> Iterator[tuple[PastEvent, PastRecords]]:
        """Give each save with the records around it, those of one record from the oldest to the newest."""
        last = ""
        while self._first is not None and not self.stopped:
            ids = self._next_ids(last)
            if not ids:
                return
            last = ids[-1]
            yield from self._batch(ids)

    def _next_ids(self, last: str) -> Sequence[str]:
        table = self._audit
        query = select(table.c.record_id).distinct()
        query = query.where(entries_about(self._transaction, self._object.key), table.c.id >= self._first)
        # Entries of lists and exports are about no one record.
        query = query.where(table.c.record_id > last if last else table.c.record_id.is_not(None))
        rows = self._transaction.connection.execute(query.order_by(table.c.record_id).limit(_RECORDS_AT_ONCE))
        return [str(row[0]) for row in rows]

    def _batch(self, ids: Sequence[str]) -> Iterator[tuple[PastEvent, PastRecords]]:
        table, assured = self._audit, self._first or 0
        query = select(table).where(
            entries_about(self._transaction, self._object.key), table.c.record_id.in_(ids), table.c.id >= assured
        )
        names = earlier_names(self._transaction, self._object.key)
        entries: dict[str, list[Entry]] = defaultdict(list)
        for entry in read_entries(self._transaction, query.order_by(table.c.id.desc()), names):
            entries[entry.record_id].append(entry)
        now = stored_records(self._transaction, self._object.key, ids)
        records = PastRecords(self._transaction, assured - 1)
        for record_id, values in now.items():
            records.know(self._object.key, values, record_id, entries[record_id])
        for record_id, values in now.items():
            self.seen += len(entries[record_id])
            events = [*events_of(self._transaction, self._object, values, entries[record_id])]
            for past in reversed(events):
                yield past, records
