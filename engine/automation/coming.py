"""What happens next to a record: runs that wait, set times of rules, deadlines of its approval; and ending one.

Whoever may read the record sees it. To end one takes the system right `retry_runs`, and is an entry of the audit log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, case, insert, literal, null, select, union_all, update

from engine.access.actor import Actor
from engine.access.scope_readings import names_in
from engine.approvals.deadlines import END
from engine.approvals.deadlines import PENDING as APPROVAL
from engine.audit.entries import entry_values
from engine.automation.held import FIRED, HELD
from engine.automation.run_sight import RunSight
from engine.automation.run_state import RunState
from engine.automation.waiting.waits import Waits
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError
from engine.records.identifiers import could_be_id
from engine.storage.system_tables import SystemTables

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

RIGHT = "retry_runs"
STOPPED = "stopped"
_MOST = 50


class ComingKind(StrEnum):
    """What is pending: a run that waits, a time that starts a rule, the end of an approval step's time."""

    WAIT = "wait"
    TIMER = "timer"
    DEADLINE = "deadline"


class NothingComing(EngineError):
    """What was to be ended is not pending any more, or never was."""

    def __init__(self, coming_id: str) -> None:
        self.coming_id = coming_id
        super().__init__("This is not pending any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One pending thing. name: of the rule or approval. trigger: of a timer, as written. at: None = once a condition
    holds. until: when such a wait ends at the latest.
    """

    id: str
    kind: ComingKind
    name: str
    label: str
    trigger: str | None = None
    at: dt.datetime | None = None
    until: dt.datetime | None = None


class ComingDesk:
    """Asked by pages and API."""

    def __init__(self, *, system: SystemTables, sight: RunSight, waits: Waits, clock: Clock) -> None:
        self._system = system
        self._sight = sight
        self._waits = waits
        self._clock = clock

    def of_record(self, transaction: Transaction, object_key: str, record_id: str) -> Sequence[Coming]:
        """Give what is pending for a record, the next first, what waits for a condition last: one statement.

        Raises: UnknownObject, RecordNotFound.
        """
        transaction.reader.require_readable(transaction.object_def(object_key), record_id)
        if not could_be_id(record_id):
            # A record of another database, under a key of its own: nothing here waits for it.
            return ()
        asked = union_all(*self._queries(object_key, record_id)).subquery()
        order = (asked.c["at"].is_(None), asked.c["at"], asked.c["id"])
        rows = transaction.connection.execute(select(asked).order_by(*order).limit(_MOST)).all()
        hidden = self._hidden(transaction, object_key)
        found = (self._coming(row, transaction.actor, hidden) for row in rows)
        return tuple(each for each in found if each is not None)

    def may_stop(self, actor: Actor) -> bool:
        """Say whether somebody may end what is pending."""
        return self._sight.has_right(actor, RIGHT)

    def stop(self, transaction: Transaction, object_key: str, record_id: str, coming_id: str) -> Coming:
        """End one pending thing of a record, for good; give what it was.

        Raises: UnknownObject, RecordNotFound, AccessDenied, NothingComing.
        """
        found = self.of_record(transaction, object_key, record_id)
        if not self.may_stop(transaction.actor):
            raise AccessDenied("stop", object_key, f"it needs the system right '{RIGHT}'.")
        one = next((each for each in found if each.id == coming_id), None)
        if one is None or not self._end(transaction.connection, one, transaction.actor):
            raise NothingComing(coming_id)
        facts = {"kind": one.kind.value, "name": one.name, "at": one.at.isoformat() if one.at is not None else None}
        entry = entry_values(transaction.actor, object_key, STOPPED, transaction.now, facts, record_id=record_id)
        transaction.connection.execute(insert(self._system.audit).values(entry))
        return one

    def _hidden(self, transaction: Transaction, object_key: str) -> frozenset[str]:
        """Give the fields that not every reader of the object may read, of which no time is told."""
        fields = transaction.object_def(object_key).fields
        return frozenset(fields) - self._sight.readable_fields(transaction.actor, object_key)

    def _queries(self, object_key: str, record_id: str) -> Sequence[Select[Any]]:
        run, wait, timer = self._system.run, self._system.wait, self._system.timer
        waiting = (
            select(
                run.c.id.label("id"),
                literal(ComingKind.WAIT.value).label("kind"),
                run.c.rule.label("name"),
                null().label("trigger"),
                # What waits for a condition is looked at again by its end at the latest.
                case((wait.c.run_id.is_(None), run.c.due_at)).label("at"),
                wait.c["until"].label("until"),
                run.c.release.label("release"),
                run.c.rule_text.label("said"),
            )
            .select_from(run.outerjoin(wait, wait.c.run_id == run.c.id))
            .where(run.c.object == object_key, run.c.record_id == record_id, run.c.state == RunState.WAITING.value)
        )
        timers = select(
            timer.c.id,
            literal(ComingKind.TIMER.value),
            timer.c.rule,
            timer.c.value,
            timer.c.due_at,
            null(),
            literal(0),
            timer.c.value,
        ).where(timer.c.object == object_key, timer.c.record_id == record_id, timer.c.state == "pending")
        deadlines = select(
            timer.c.id,
            literal(ComingKind.DEADLINE.value),
            timer.c.rule,
            null(),
            timer.c.due_at,
            null(),
            literal(0),
            null(),
        ).where(
            timer.c.object == object_key,
            timer.c.record_id == record_id,
            timer.c.state == APPROVAL,
            timer.c.value.endswith(f" {END}", autoescape=True),
        )
        return (waiting, timers, deadlines)

    def _coming(self, row: Any, actor: Actor, hidden: frozenset[str]) -> Coming | None:
        kind = ComingKind(row.kind)
        is_rule = kind is not ComingKind.DEADLINE
        tells = bool(hidden & names_in(row.said or ""))
        if tells and kind is ComingKind.TIMER:
            # That it is set, and for when, would tell of a field that the reader may not read.
            return None
        return Coming(
            id=str(row.id),
            kind=kind,
            name=row.name,
            label=self._sight.rule_label(row.name, row.release, actor.language) if is_rule else row.name,
            trigger=row.trigger,
            at=None if tells else row.at,
            until=None if tells else row.until,
        )

    def _end(self, connection: Connection, one: Coming, actor: Actor) -> bool:
        if one.kind is ComingKind.WAIT:
            return self._end_run(connection, one.id, actor)
        if one.kind is ComingKind.DEADLINE:
            return self._end_deadline(connection, one.id)
        timer = self._system.timer
        # The row stays as one whose time has come, so that a record which goes on matching does not set it again.
        ended = {"state": FIRED, "fired_at": self._clock.now()}
        here = (timer.c.id == one.id, timer.c.state == "pending")
        if connection.execute(update(timer).where(*here, timer.c.kind == HELD).values(**ended)).rowcount:
            return True
        return bool(connection.execute(timer.delete().where(*here)).rowcount)

    def _end_run(self, connection: Connection, run_id: str, actor: Actor) -> bool:
        run = self._system.run
        ended = connection.execute(
            update(run)
            .where(run.c.id == run_id, run.c.state == RunState.WAITING.value)
            .values(
                state=RunState.CANCELLED.value,
                outcome=STOPPED,
                error=f"{actor.name or actor.login} stopped it.",
                # What a worker still does of it is refused.
                lease=run.c.lease + 1,
                turn=0,
                due_at=None,
                held_by=None,
                finished_at=self._clock.now(),
            )
        )
        self._waits.forget(connection, run_id)
        return bool(ended.rowcount)

    def _end_deadline(self, connection: Connection, timer_id: str) -> bool:
        """Take away the end of a step's time with its reminder; the request goes on without one."""
        timer, visit = self._system.timer, self._system.approval_visit
        found = connection.execute(select(timer.c.run_id, timer.c.value).where(timer.c.id == timer_id)).first()
        if found is None:
            return False
        number = found.value.partition(" ")[0]
        of_step = (timer.c.state == APPROVAL, timer.c.run_id == found.run_id, timer.c.value.startswith(f"{number} "))
        ended = connection.execute(timer.delete().where(*of_step)).rowcount
        here = (visit.c.request_id == found.run_id, visit.c.number == int(number))
        connection.execute(update(visit).where(*here).values(due_at=None))
        return bool(ended)
