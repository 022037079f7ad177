"""What records of an object were from save to save since a moment, those too that nobody has saved since.

Only reads; a batch of records at a time, two statements each.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from engine.automation.insight.past import Entry, read_entries, stored_records, undone
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.recorded import MOST_SAVES
from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import entries_of as entries_about
from engine.records.hooks import SaveKind
from engine.records.transaction import Transaction
from workflow_dsl.context import Values

_RECORDS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a record was from a moment on; None = not there, or in the bin. entry: the save, None at the beginning."""

    at: dt.datetime
    entry: Entry | None
    values: Values | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A record from the beginning of what is asked for until now, the oldest state first."""

    record_id: str
    states: Sequence[State]
    records: PastRecords

    def at(self, moment: dt.datetime) -> Values | None:
        """Give what it was at a moment."""
        place = bisect_right(self.states, moment, key=lambda each: each.at)
        return self.states[place - 1].values if place else None

    def spans(self, now: dt.datetime) -> Iterator[tuple[State, dt.datetime]]:
        """Give each state with the moment at which it ended; the last lasts until now, and now is of it."""
        ends = [*(each.at for each in self.states[1:]), now + dt.timedelta(microseconds=1)]
        yield from zip(self.states, ends, strict=True)


class RecordLives:
    """The lives of an object's records. since: None = the whole log. stopped: there is more than is looked at."""

    def __init__(self, transaction: Transaction, object_key: str, since: dt.datetime, after: int) -> None:
        self._transaction = transaction
        self._object = transaction.parts.metamodel.objects[object_key]
        self._since = since
        self._after = after
        self.seen = 0

    @property
    def stopped(self) -> bool:
        """Whether there were more saves and records than are looked at."""
        return self.seen >= MOST_SAVES

    def __iter__(self) -> Iterator[Life]:
        """Give the records by id; those that were in the bin all the time are left out."""
        last = ""
        while not self.stopped and self._object.source is None:
            ids = self._next_ids(last)
            if not ids:
                return
            last = ids[-1]
            yield from self._batch(ids)

    def _next_ids(self, last: str) -> Sequence[str]:
        ids = self._transaction.parts.tables.of(self._object.key).table.c["id"]
        query = select(ids).order_by(ids).limit(_RECORDS_AT_ONCE)
        rows = self._transaction.connection.execute(query.where(ids > last) if last else query)
        return [str(row[0]) for row in rows]

    def _batch(self, ids: Sequence[str]) -> Iterator[Life]:
        entries = self._entries(ids)
        now = stored_records(self._transaction, self._object.key, ids)
        records = PastRecords(self._transaction, self._after)
        for record_id, values in now.items():
            records.know(self._object.key, values, record_id, entries.get(record_id, ()))
        for record_id, values in now.items():
            own = entries.get(record_id, ())
            self.seen += 1 + len(own)
            states = self._states(values, own)
            if any(state.values is not None for state in states):
                yield Life(record_id=record_id, states=states, records=records)

    def _entries(self, ids: Sequence[str]) -> Mapping[str, list[Entry]]:
        table = self._transaction.system.audit
        about = entries_about(self._transaction, self._object.key)
        query = select(table).where(about, table.c.record_id.in_(ids), table.c.id > self._after)
        names = earlier_names(self._transaction, self._object.key)
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in read_entries(self._transaction, query.order_by(table.c.id.desc()), names):
            found[entry.record_id].append(entry)
        return found

    def _states(self, now: Values, entries: Sequence[Entry]) -> list[State]:
        values, states = dict(now), []
        gone, born = now.get("deleted_at") is not None, False
        for entry in entries:
            states.append(State(at=entry.at, entry=entry, values=None if gone else values))
            born = entry.action == SaveKind.CREATED.value
            if born:
                break
            values = undone(self._transaction, self._object, values, entry)
            if entry.action in (SaveKind.DELETED.value, SaveKind.RESTORED.value):
                gone = entry.action == SaveKind.RESTORED.value
        if not born:
            states.append(State(at=self._since, entry=None, values=None if gone else values))
        return states[::-1]
