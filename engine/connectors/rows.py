"""Reads and writes the tables of connectors. Whoever works on one holds it; one who lost it writes nothing more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

RUNNING, RETRYING, DONE, FAILED, IDLE = "running", "retrying", "done", "failed", "idle"
RUN, COMPARE = "run", "compare"
HELD_FOR = dt.timedelta(seconds=90)
"""Longer than one call takes with all that follows from it; each step takes the connector anew."""
MOST_DIFFERENCES = 1_000


class HoldLost(Exception):
    """Somebody else works on the connector by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where both sides differ. kind: differs, only_ours, only_theirs, twice, no_key."""

    kind: str
    key: str | None = None
    field: str | None = None
    ours: str | None = None
    theirs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a record: digests of their values, None before they were first seen; who refused it.

    turn: how often digests were noted.
    """

    digests: Mapping[str, str] | None
    side: str | None = None
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRows:
    """The tables of one installation."""

    database: Database
    system: SystemTables
    clock: Clock

    def state(self, name: str) -> Mapping[str, Any] | None:
        """Give the row of a connector, None of one that never ran."""
        table = self.system.connector
        with self.database.read() as connection:
            found = connection.execute(select(table).where(table.c.name == name)).mappings().first()
        return dict(found) if found is not None else None

    def ask(self, connection: Connection, name: str, what: str) -> None:
        """Note that somebody wants a run or a comparison."""
        self._make(connection, name)
        table = self.system.connector
        connection.execute(update(table).where(table.c.name == name).values(asked=what))

    def make(self, name: str) -> None:
        """Make the row of a connector, if there is none."""
        with self.database.write() as connection:
            self._make(connection, name)

    def reschedule(self, connection: Connection, name: str, schedule: str, next_at: dt.datetime | None) -> None:
        """Note when a connector runs next, by a schedule that is new to it."""
        table = self.system.connector
        connection.execute(update(table).where(table.c.name == name).values(schedule=schedule, next_at=next_at))

    def hold(self, name: str, holder: str, values: Mapping[str, Any]) -> bool:
        """Take a connector, unless somebody else has it."""
        table, now = self.system.connector, self.clock.now()
        free = or_(table.c.held_until.is_(None), table.c.held_until < now)
        taken = {**values, "holder": holder, "held_until": now + HELD_FOR}
        with self.database.write() as connection:
            found = connection.execute(update(table).where(table.c.name == name, free).values(**taken))
        return bool(found.rowcount == 1)

    def move(self, connection: Connection, name: str, holder: str, values: Mapping[str, Any]) -> None:
        """Note how far a run is, within the transaction of what it did. Raises: HoldLost."""
        table = self.system.connector
        kept = {"held_until": self.clock.now() + HELD_FOR, **values}
        mine = (table.c.name == name, table.c.holder == holder)
        if connection.execute(update(table).where(*mine).values(**kept)).rowcount != 1:
            raise HoldLost

    def known(self, connection: Connection, name: str, keys: Collection[str]) -> dict[str, Seen]:
        """Give what is known of records."""
        table = self.system.connector_record
        wanted = (table.c.connector == name, table.c.key.in_(list(keys)))
        rows = connection.execute(select(table).where(*wanted)).mappings() if keys else ()
        return {row["key"]: Seen(digests=row["seen"], side=row["side"], turn=row["turn"]) for row in rows}

    def note(self, connection: Connection, name: str, key: str, seen: Mapping[str, str]) -> None:
        """Note what both sides agreed on."""
        self._put(connection, name, key, {"seen": dict(seen), "side": None, "error": None}, turns=1)

    def note_refused(self, connection: Connection, name: str, key: str, side: str, error: str) -> None:
        """Note that a record was refused; what was seen of it before stays."""
        self._put(connection, name, key, {"side": side, "error": error[:2_000]})

    def errors(self, name: str, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """Give the records that were refused, the newest first."""
        table = self.system.connector_record
        refused = (table.c.connector == name, table.c.error.is_not(None))
        asked = select(table).where(*refused).order_by(table.c.at.desc(), table.c.key).limit(limit)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]

    def put_report(self, connection: Connection, name: str, found: Sequence[Difference]) -> None:
        """Replace the report of a connector."""
        table = self.system.connector_difference
        connection.execute(delete(table).where(table.c.connector == name))
        rows = [
            {"connector": name, "kind": each.kind, "key": each.key, "field": each.field, "ours": each.ours,
             "theirs": each.theirs} for each in found[:MOST_DIFFERENCES]
        ]  # fmt: skip
        if rows:
            connection.execute(insert(table), rows)

    def report(self, name: str) -> Sequence[Difference]:
        """Give the differences that the last report lists."""
        table = self.system.connector_difference
        with self.database.read() as connection:
            rows = connection.execute(select(table).where(table.c.connector == name).order_by(table.c.id)).all()
        return [
            Difference(kind=row.kind, key=row.key, field=row.field, ours=row.ours, theirs=row.theirs) for row in rows
        ]

    def _make(self, connection: Connection, name: str) -> None:
        row = {"name": name, "state": IDLE, "attempt": 0}
        connection.execute(self._insert(self.system.connector).values(**row).on_conflict_do_nothing())

    def _put(self, connection: Connection, name: str, key: str, values: Mapping[str, Any], *, turns: int = 0) -> None:
        table, given = self.system.connector_record, {**values, "at": self.clock.now()}
        made = self._insert(table).values(connector=name, key=key, turn=turns, **given)
        again = {**given, "turn": table.c.turn + turns}
        connection.execute(made.on_conflict_do_update(index_elements=["connector", "key"], set_=again))

    def _insert(self, table: Any) -> Any:
        return (postgresql.insert if self.database.dialect is Dialect.POSTGRESQL else sqlite.insert)(table)
