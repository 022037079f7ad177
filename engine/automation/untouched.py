"""Gives what the members of queues did not touch in time to the next member: a duty of the housekeeping.

What is due stands in fs_assignment; each is looked at again once its row is locked, in a transaction of its own, with
the rights of the rule that assigned it. So two workers at once do no harm, and after a killed one the next goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

from sqlalchemy import Connection, select

from engine import faults
from engine.automation.ledger import Ledger
from engine.automation.program import Action, AssignToNext, Program
from engine.automation.run_door import RunDoor
from engine.automation.run_state import Run, StepFailed
from engine.automation.run_work import RunWork
from engine.automation.stored_values import from_stored
from engine.clock import Clock
from engine.errors import AutomationStopped
from engine.records.assigning.keeping import ENDED, OPEN, PASSED, TOUCHED
from engine.records.assigning.members import USER
from engine.records.assigning.touching import was_touched
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.values import Ref

_LOG = logging.getLogger("fieldstone.queues")
_AT_ONCE = 200
_PATH = "untouched/{number}"


class Surrounds(Protocol):
    """What this needs of the installation."""

    def program(self, run: Run) -> Program | None:
        """Give the rule with the text that a run started with."""
        ...

    def door(self, run: Run, program: Program) -> RunDoor:
        """Open the door for a run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UntouchedRecords:
    """Looks after what members of queues were given and have not touched."""

    database: Database
    system: SystemTables
    ledger: Ledger
    surrounds: Surrounds
    clock: Clock

    def pass_on(self) -> int:
        """Pass on what is due, and say how many records went to somebody else."""
        return sum(self._pass_on(number) for number in self._due())

    def _due(self) -> list[int]:
        table = self.system.assignment
        due = (table.c["state"] == OPEN, table.c["due_at"] <= self.clock.now())
        with self.database.read() as connection:
            query = select(table.c["id"]).where(*due).order_by(table.c["due_at"], table.c["id"]).limit(_AT_ONCE)
            return [int(row[0]) for row in connection.execute(query)]

    def _pass_on(self, number: int) -> bool:
        with self.database.read() as connection:
            row = self._row(connection, number, locked=False)
            run = self.ledger.load(connection, row["run_id"]) if row is not None and row["run_id"] else None
        program = self.surrounds.program(run) if run is not None else None
        action = _action_at(program, row["place"]) if program is not None and row is not None else None
        if run is None or program is None or action is None:
            self._end(number, "its run or rule is not kept any more")
            return False
        try:
            with self.surrounds.door(run, program).work(_PATH.format(number=number)) as work:
                return self._decided(work, number, action)
        except (StepFailed, AutomationStopped) as failure:
            self._end(number, str(failure))
            return False

    def _decided(self, work: RunWork, number: int, action: AssignToNext) -> bool:
        row = self._row(work.connection, number, locked=True)
        if row is None or row["state"] != OPEN:
            return False
        own = Ref(row["object"], row["record_id"])
        if not self._is_waiting(work, row, own):
            return False
        before = str((work.transaction.cache.related(USER, row["user_id"]) or {}).get("name") or "")
        names = from_stored(row["names"] or {})
        faults.reach("assign.passing")
        # First to who has not had it; where all have, it goes round again.
        moved = any(
            work.assign_next(action, own, names, besides=besides, before=before)[0].member is not None
            for besides in (self._had(work.connection, row), frozenset((row["user_id"],)))
        )
        # Where nobody else can take it, it stays where it is and is waited for no more.
        self._note(work.connection, number, PASSED if moved else ENDED)
        return moved

    def _is_waiting(self, work: RunWork, row: Mapping[str, Any], own: Ref) -> bool:
        """Say whether the record is still its member's and untouched; else note that nothing is waited for."""
        values = work.transaction.cache.related(own.object, own.id)
        if values is None or values.get("owner") != Ref(USER, row["user_id"]):
            self._note(work.connection, row["id"], ENDED)
            return False
        if was_touched(work.transaction, own, row["user_id"], row["version"], row["at"]):
            self._note(work.connection, row["id"], TOUCHED)
            return False
        return True

    def _had(self, connection: Connection, row: Mapping[str, Any]) -> frozenset[str]:
        table = self.system.assignment
        of_record = (table.c["object"] == row["object"], table.c["record_id"] == row["record_id"])
        query = select(table.c["user_id"]).where(*of_record, table.c["run_id"] == row["run_id"])
        return frozenset(str(found[0]) for found in connection.execute(query) if found[0] is not None)

    def _row(self, connection: Connection, number: int, *, locked: bool) -> Mapping[str, Any] | None:
        table = self.system.assignment
        query = select(table).where(table.c["id"] == number)
        found = connection.execute(query.with_for_update() if locked else query).mappings().first()
        return None if found is None else dict(found)

    def _note(self, connection: Connection, number: int, state: str) -> None:
        table = self.system.assignment
        connection.execute(table.update().where(table.c["id"] == number).values(state=state))

    def _end(self, number: int, why: str) -> None:
        _LOG.warning("assignment %s is not passed on: %s", number, why)
        with self.database.write() as connection:
            self._note(connection, number, ENDED)


def _action_at(program: Program, place: str | None) -> AssignToNext | None:
    return next((each for each in _actions(program) if each.place == place), None)


def _actions(holder: Program | Action) -> Iterator[AssignToNext]:
    """Give the assignments of a rule, in whichever blocks they stand."""
    if isinstance(holder, AssignToNext):
        yield holder
    for part in fields(holder):
        block = getattr(holder, part.name)
        if isinstance(block, tuple):
            for each in block:
                if isinstance(each, Action):
                    yield from _actions(each)
