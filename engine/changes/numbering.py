"""Numbers committed changes in the order in which they are to be read; the audit log is their only source.

The ids of audit rows are drawn before the commit, so a lower one may become visible after a higher one. A pass takes
the rows that are visible and have no number yet, by id, and numbers them; passes follow one another under a lock. So
what was committed before a pass comes before what was committed after it, and two changes of one record, which wait
for each other's row lock, come in the order of their ids. Nobody who saves waits for this.

Where a pass has to look from is moved on as soon as no transaction can still hold an older id: those that could were
listed by their locks on the audit table, which they take before they draw one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, insert, literal, select, update

from engine.audit.writers import audit_writers
from engine.records.hooks import SaveKind
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

SETTLED, MARKED, PRUNED = "settled", "marked", "pruned"
ACTIONS = (*(kind.value for kind in SaveKind), "unmerged")
"""The actions of audit rows that are changes of records."""
AT_ONCE = 5_000
_LOCK = 0x66735F6368616E67
_PASSES = 8
_TO_SETTLE = 2


@dataclass(frozen=True, slots=True)
class ChangeNumbers:
    """The numbering of an installation. kept: how long changes are kept."""

    database: Database
    system: SystemTables
    kept: dt.timedelta

    def catch_up(self, now: dt.datetime) -> bool:
        """Number what was committed; say whether that is all of it."""
        for _pass in range(_PASSES):
            with self.database.read() as connection:
                settled = self._value(connection, SETTLED)
                if settled is not None and not connection.execute(self._waiting(settled).limit(1)).first():
                    return True
            with self.database.write() as connection:
                if self._number_some(connection, now) < AT_ONCE:
                    return True
        return False

    def keep_up(self, now: dt.datetime) -> None:
        """Do what `catch_up` does where somebody has asked for changes before; else there is nothing to number for."""
        with self.database.read() as connection:
            used = self._value(connection, SETTLED) is not None
        if used:
            self.catch_up(now)

    def forget_old(self, now: dt.datetime) -> int:
        """Let go of the numbers of changes that are older than they are kept; give how many."""
        change, audit, past, gone = self.system.change, self.system.audit, now - self.kept, 0
        with self.database.read() as connection:
            if self._value(connection, SETTLED) is None:
                return 0
        for _pass in range(_TO_SETTLE):
            with self.database.write() as connection:
                self._number_some(connection, now)
        while True:
            with self.database.write() as connection:
                settled = self._value(connection, SETTLED) or 0
                oldest = (
                    select(change.c.number, change.c.audit_id, audit.c.at)
                    .select_from(change.outerjoin(audit, audit.c.id == change.c.audit_id))
                    .order_by(change.c.number)
                    .limit(AT_ONCE)
                )
                last, count = 0, 0
                for number, audit_id, at in connection.execute(oldest):
                    # What is not settled would be numbered again.
                    if audit_id > settled or (at is not None and at >= past):
                        break
                    last, count = number, count + 1
                if count:
                    connection.execute(delete(change).where(change.c.number <= last))
                    self._set(connection, PRUNED, last)
            gone += count
            if count < AT_ONCE:
                return gone

    def span(self, connection: Connection) -> tuple[int, int]:
        """Give the last number that is no longer kept, and the last one there is."""
        pruned = self._value(connection, PRUNED) or 0
        last = connection.execute(select(func.max(self.system.change.c.number))).scalar()
        return pruned, pruned if last is None else int(last)

    def _number_some(self, connection: Connection, now: dt.datetime) -> int:
        if self.database.dialect is Dialect.POSTGRESQL:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        settled = self._value(connection, SETTLED)
        if settled is None:
            settled = self._begin(connection, now)
        # Before the rows are taken: who has ended by now has left nothing that the statement below does not see.
        ready = self._ready(connection)
        base = self.span(connection)[1]
        waiting = self._waiting(settled).order_by(self.system.audit.c.id).limit(AT_ONCE).subquery()
        place = literal(base) + func.row_number().over(order_by=waiting.c.id)
        change = self.system.change
        done = connection.execute(
            insert(change).from_select(["number", "audit_id"], select(place, waiting.c.id).select_from(waiting))
        ).rowcount
        if done < AT_ONCE and ready is not None:
            self._set(connection, SETTLED, ready)
            connection.execute(delete(self.system.change_state).where(self.system.change_state.c.name == MARKED))
        if done < AT_ONCE:
            self._mark(connection)
        return done

    def _begin(self, connection: Connection, now: dt.datetime) -> int:
        audit = self.system.audit
        older = select(func.max(audit.c.id)).where(audit.c.at < now - self.kept)
        start = int(connection.execute(older).scalar() or 0)
        self._set(connection, SETTLED, start)
        return start

    def _waiting(self, settled: int) -> Select[Any]:
        """Give the audit rows of changes that have no number."""
        audit, change = self.system.audit, self.system.change
        return select(audit.c.id).where(
            audit.c.id > settled, audit.c.action.in_(ACTIONS), ~exists().where(change.c.audit_id == audit.c.id)
        )

    def _ready(self, connection: Connection) -> int | None:
        """Give the id up to which all is settled once what is visible now is numbered; None where none is marked."""
        state = self.system.change_state
        marked = connection.execute(select(state.c.value, state.c.holders).where(state.c.name == MARKED)).first()
        if marked is None or set(marked[1]).intersection(self._writers(connection)):
            return None
        return int(marked[0])

    def _mark(self, connection: Connection) -> None:
        """Note the newest id, and who may still hold an older one; unless that was noted and is waited for."""
        if self._value(connection, MARKED) is not None:
            return
        # The id first: whoever drew an older one has the lock by now, or has ended.
        newest = int(connection.execute(select(func.max(self.system.audit.c.id))).scalar() or 0)
        if newest > (self._value(connection, SETTLED) or 0):
            self._set(connection, MARKED, newest, sorted(self._writers(connection)))

    def _writers(self, connection: Connection) -> frozenset[str]:
        return audit_writers(connection, self.system.audit, self.database.dialect)

    def _value(self, connection: Connection, name: str) -> int | None:
        state = self.system.change_state
        found = connection.execute(select(state.c.value).where(state.c.name == name)).scalar()
        return None if found is None else int(found)

    def _set(self, connection: Connection, name: str, value: int, holders: Collection[str] = ()) -> None:
        state, values = self.system.change_state, {"value": value, "holders": list(holders)}
        if not connection.execute(update(state).where(state.c.name == name).values(**values)).rowcount:
            connection.execute(insert(state).values(name=name, **values))
