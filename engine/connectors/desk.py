"""What those who look after automation see of connectors, and press: run, compare.

Seen with the system right `view_runs`, pressed with `retry_runs`; every press is an entry of the audit log. Values of
both sides are shown to who reads every record of the object and the field in clear; the others see that they differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert

from engine.access.actor import Actor
from engine.access.predicates import EVERYONE, ParentIs, Predicate
from engine.audit.entries import entry_values
from engine.connectors.plan import NoSuchConnector
from engine.connectors.rows import COMPARE, IDLE, RUN, ConnectorRows, Difference
from engine.connectors.running import ConnectorRuns
from engine.errors import AccessDenied
from engine.records.service import Records
from engine.releases.release import Release
from metamodel.definitions.connectors import ConnectorDef

CONNECTOR = "fs_connector"
"""What entries of the audit log about connectors are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record that one side refused. side: `in` where it was ours."""

    key: str
    side: str
    error: str | None
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorState:
    """How a connector stands: idle, running, retrying, done, failed. differences: None before the first report."""

    connector: ConnectorDef
    state: str = IDLE
    asked: str | None = None
    attempt: int = 0
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    next_at: dt.datetime | None = None
    error: str | None = None
    counts: Mapping[str, int] | None = None
    compared_at: dt.datetime | None = None
    differences: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorReport:
    """A connector with its newest reconciliation report. hides: values that the reader may not see are left out."""

    state: ConnectorState
    refused: Sequence[RefusedRecord]
    rows: Sequence[Difference]
    hides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDesk:
    """Asked by pages, API and command line."""

    rows: ConnectorRows
    runs: ConnectorRuns
    records: Records
    current: Callable[[], Release]

    def list(self, actor: Actor) -> Sequence[ConnectorState]:
        """Give all connectors by their names. Raises: AccessDenied."""
        self._require(actor, "view_runs", "list")
        known = self.current().metamodel.connectors
        return [self._state(known[name]) for name in sorted(known)]

    def show(self, actor: Actor, name: str) -> ConnectorReport:
        """Give a connector with its report. Raises: AccessDenied, NoSuchConnector."""
        self._require(actor, "view_runs", "read")
        connector = self._connector(name)
        seen = self._seen(actor, connector)
        rows = [_shown(each, seen, connector.key) for each in self.rows.report(name)]
        refused = [
            RefusedRecord(
                key=row["key"] if connector.key in seen else "",
                side=row["side"] or "",
                error=row["error"] if seen >= connector.fields.keys() else None,
                at=row["at"],
            )
            for row in self.rows.errors(name)
        ]
        hides = not seen >= connector.fields.keys()
        return ConnectorReport(state=self._state(connector), refused=refused, rows=rows, hides=hides)

    def ask(self, actor: Actor, name: str, *, only_compare: bool = False) -> ConnectorState:
        """Let a worker run a connector, or only compare both sides. Raises: AccessDenied, NoSuchConnector."""
        self._require(actor, "retry_runs", "run")
        connector = self._connector(name)
        what = COMPARE if only_compare else RUN
        with self.rows.database.write() as connection:
            self.rows.ask(connection, name, what)
            entry = entry_values(actor, CONNECTOR, f"asked_to_{what}", self.rows.clock.now(), {"connector": name})
            connection.execute(insert(self.rows.system.audit).values(entry))
        return self._state(connector)

    def do(self, actor: Actor, name: str, *, only_compare: bool = False) -> ConnectorReport:
        """Run a connector here and now, or only compare both sides. Raises: AccessDenied, NoSuchConnector."""
        self.ask(actor, name, only_compare=only_compare)
        self.runs.work(name)
        return self.show(actor, name)

    def _connector(self, name: str) -> ConnectorDef:
        found = self.current().metamodel.connectors.get(name)
        if found is None or found.object is None:
            raise NoSuchConnector(name)
        return found

    def _state(self, connector: ConnectorDef) -> ConnectorState:
        row = self.rows.state(connector.name)
        if row is None:
            return ConnectorState(connector=connector)
        names = (
            "state", "asked", "attempt", "started_at", "ended_at", "next_at", "error", "counts", "compared_at",
            "differences",
        )  # fmt: skip
        return ConnectorState(connector=connector, **{name: row[name] for name in names})

    def _seen(self, actor: Actor, connector: ConnectorDef) -> frozenset[str]:
        own = self.records.access(actor).of(connector.object or "")
        if not _is_everyone(own.actions["read"]):
            return frozenset()
        return frozenset(name for name in connector.fields if name in own.whole)

    def _require(self, actor: Actor, right: str, what: str) -> None:
        if not self.records.access(actor).has_right(right):
            raise AccessDenied(what, "connectors", f"it needs the system right '{right}'.")


def _shown(each: Difference, seen: frozenset[str], key: str) -> Difference:
    given: dict[str, Any] = {} if key in seen else {"key": None}
    if each.field not in seen and not (each.field is None and key in seen):
        given |= {"ours": None, "theirs": None}
    return replace(each, **given)


def _is_everyone(condition: Predicate) -> bool:
    """Say whether a condition holds for every record; parts are read with what they are parts of."""
    while isinstance(condition, ParentIs):
        condition = condition.condition
    return condition is EVERYONE
