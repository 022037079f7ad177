"""Reads both sides whole and tells where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.connectors.plan import Plan, Theirs, as_text
from engine.connectors.remote import Remote
from engine.connectors.rows import ConnectorRows, Difference
from engine.connectors.sending import Sending
from engine.records.types import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Makes reconciliation reports."""

    sending: Sending
    rows: ConnectorRows

    def compare(self, plan: Plan, holder: str, remote: Remote) -> list[Difference]:
        """Give the differences. Raises: RemoteFailed, HoldLost, QueryProblem."""
        found: list[Difference] = []
        theirs = self._theirs(plan, holder, remote, found)
        for page in self.sending.pages(plan):
            for record in page:
                key = as_text(record.values[plan.connector.key])
                if key is None:
                    found.append(Difference(kind="no_key", ours=record.title or record.id))
                elif (other := theirs.pop(key, None)) is None:
                    found.append(Difference(kind="only_ours", key=key))
                else:
                    found += _differences(plan, key, record, other)
        return found + [Difference(kind="only_theirs", key=key) for key in theirs]

    def _theirs(
        self, plan: Plan, holder: str, remote: Remote, found: list[Difference]
    ) -> dict[str, Mapping[str, str | None]]:
        theirs: dict[str, Mapping[str, str | None]] = {}
        for page in remote.pages():
            with self.sending.records.reading(plan.actor, release=plan.release) as transaction:
                read: list[Theirs | None] = [plan.theirs(transaction, each) for each in page.records]
            for each in read:
                if each is None:
                    found.append(Difference(kind="no_key"))
                elif each.key in theirs and theirs[each.key] != each.values:
                    found.append(Difference(kind="twice", key=each.key))
                else:
                    theirs[each.key] = each.values
            with self.rows.database.write() as connection:
                self.rows.move(connection, plan.connector.name, holder, {})
        return theirs


def _differences(plan: Plan, key: str, record: Record, theirs: Mapping[str, str | None]) -> list[Difference]:
    ours = {name: as_text(record.values[name]) for name in plan.connector.fields}
    return [
        Difference(kind="differs", key=key, field=name, ours=value, theirs=theirs.get(name))
        for name, value in ours.items()
        if value != theirs.get(name)
    ]
