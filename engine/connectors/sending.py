"""Sends what they do not have yet: each record by itself, noted as soon as they took it.

Whether they took one whose answer was lost is not known: it is sent again under the same key, which they take once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import faults
from engine.connectors.plan import Plan, as_text
from engine.connectors.remote import PAGE, Remote, RemoteFailed
from engine.connectors.rows import ConnectorRows, Seen
from engine.records.service import Records
from engine.records.types import ListQuery, Record, SortKey
from metamodel.definitions.connectors import IN, OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Sends records."""

    records: Records
    rows: ConnectorRows

    def send(self, plan: Plan, holder: str, remote: Remote, counts: dict[str, int], moved: Mapping[str, Any]) -> None:
        """Send all records that differ from what they were last seen to have; a record that they refuse is left.

        moved: what each success says of the run. Raises: RemoteFailed, HoldLost, QueryProblem.
        """
        name = plan.connector.name
        for page in self.pages(plan):
            keyed = {key: each for each in page if (key := as_text(each.values[plan.connector.key])) is not None}
            with self.rows.database.read() as connection:
                known = self.rows.known(connection, name, keyed.keys())
            for key, record in keyed.items():
                self._send_one(plan, holder, remote, key, record, known.get(key), counts, moved)

    def pages(self, plan: Plan) -> Iterator[tuple[Record, ...]]:
        """Read all records of ours with what is carried of them, a page at a time."""
        query = ListQuery(
            object=plan.object_key, fields=tuple(plan.connector.fields), sort=(SortKey(path="id"),), limit=PAGE
        )
        cursor: str | None = None
        while True:
            with self.records.reading(plan.actor, release=plan.release) as transaction:
                page = transaction.list(_after(query, cursor))
            yield tuple(page.rows)
            cursor = page.next_cursor
            if cursor is None:
                return

    def _send_one(
        self,
        plan: Plan,
        holder: str,
        remote: Remote,
        key: str,
        record: Record,
        seen: Seen | None,
        counts: dict[str, int],
        moved: Mapping[str, Any],
    ) -> None:
        if seen is not None and seen.side == IN:
            return  # theirs could not be taken in: sending ours would undo what they changed
        name, fields = plan.connector.name, plan.connector.fields
        out = {each: as_text(record.values[each]) for each, mapped in fields.items() if mapped.goes_out}
        before = (seen.digests if seen is not None else None) or {}
        digests = plan.digests(out)
        if all(before.get(each) == digest for each, digest in digests.items()):
            return
        written = record.json
        refused: RemoteFailed | None = None
        try:
            remote.send(
                key,
                seen.turn if seen is not None else 0,
                {mapped.theirs: written[each] for each, mapped in fields.items() if each in out},
            )
        except RemoteFailed as failed:
            if failed.passing:
                raise
            refused = failed
        faults.reach("connector.sent")
        counts["refused" if refused is not None else "sent"] += 1
        with self.rows.database.write() as connection:
            self.rows.move(connection, name, holder, {**moved, "counts": dict(counts)})
            if refused is not None:
                self.rows.note_refused(connection, name, key, OUT, refused.reason)
            else:
                self.rows.note(connection, name, key, {**before, **digests})


def _after(query: ListQuery, cursor: str | None) -> ListQuery:
    return ListQuery(object=query.object, fields=query.fields, sort=query.sort, limit=query.limit, cursor=cursor)
