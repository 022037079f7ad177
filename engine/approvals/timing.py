"""What time does to requests: reminders, and what a step says for the end of its time; a duty of the housekeeping.

Each timer is claimed, done and taken away in one transaction, so it acts once; where what it sets off is refused, that
is noted and told, and the step stays with its people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select

from engine.access.actor import Origin, system_actor
from engine.approvals.approvers import find_people
from engine.approvals.case import Case
from engine.approvals.deadlines import END, PENDING
from engine.approvals.effects import tell_rules
from engine.approvals.messages import say
from engine.approvals.realigning import CalendarFollower, OpenCase
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.requests import Mode, RequestState, SeatState, Visit, VisitState
from engine.approvals.steps import approve_step, new_seat, reject_step, tell_asked
from engine.errors import EngineError, ValidationFailed
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables
from workflow_dsl.evaluation_errors import EvaluationError

_LOG = logging.getLogger("fieldstone.approvals")
_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTimes:
    """Looks after the times of requests."""

    records: Records
    system: SystemTables
    current: Callable[[], Release | None]
    open_case: OpenCase
    calendar: CalendarFollower

    def act(self) -> int:
        """Do what is due, and say how much that was."""
        release = self.current()
        if release is None:
            return 0
        self.calendar.follow(release)
        done = 0
        while done < _AT_ONCE and self._next(release):
            done += 1
        return done

    def _next(self, release: Release) -> bool:
        actor = system_actor(Origin.RULE)
        with self.records.transaction(actor, release=release) as transaction:
            timer = self._claim(transaction)
            if timer is None:
                return False
            timer_id, request_id, value = timer
            try:
                with transaction.connection.begin_nested():
                    self._do(transaction, request_id, value)
            except (ValidationFailed, ApprovalRefused, EngineError, EvaluationError) as fault:
                self._told(transaction, request_id, str(fault))
            transaction.connection.execute(delete(self.system.timer).where(self.system.timer.c.id == timer_id))
        return True

    def _claim(self, transaction: Transaction) -> tuple[str, str, str] | None:
        timer = self.system.timer
        row = transaction.connection.execute(
            select(timer.c.id, timer.c.run_id, timer.c.value)
            .where(timer.c.state == PENDING, timer.c.due_at <= transaction.now)
            .order_by(timer.c.due_at, timer.c.value.desc())
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        return None if row is None else (str(row[0]), str(row[1]), str(row[2]))

    def _do(self, transaction: Transaction, request_id: str, value: str) -> None:
        case = self.open_case(transaction, request_id)
        if case is None or case.request.state is not RequestState.OPEN:
            return
        number, what = value.split(" ", 1)
        visit = case.tools.rows.visit_at(case.work.connection, case.request)
        if visit is None or visit.number != int(number) or visit.state is not VisitState.OPEN:
            return
        if what == END:
            _end(case, visit)
        else:
            _remind(case, visit)
        case.work.settle()

    def _told(self, transaction: Transaction, request_id: str, reason: str) -> None:
        _LOG.warning("the time of approval request %s: %s", request_id, reason)
        case = self.open_case(transaction, request_id)
        if case is None:
            return
        visit = case.tools.rows.visit_at(case.work.connection, case.request)
        note = say("act_failed", case.language, reason=reason)
        case.note("act_failed", visit, comment=note, by_product=True)
        if case.request.submitter is not None and visit is not None:
            case.tell(case.request.submitter, "tell_parked", case.step_of(visit), reason=reason)
        case.work.settle()


def _remind(case: Case, visit: Visit) -> None:
    stand_ins, step = case.stand_ins(), case.step_of(visit)
    due = visit.due_at.astimezone(case.work.around.zone).strftime("%Y-%m-%d %H:%M") if visit.due_at else ""
    people = dict.fromkeys(stand_ins.acting(user) for user in _waiting(case, visit))
    for user in people:
        case.tell(user, "tell_remind", step, due=due)
    case.note("reminded", visit, people=people, by_product=True)


def _waiting(case: Case, visit: Visit) -> list[str]:
    seats = case.tools.rows.seats(case.work.connection, [case.request.id])
    return [seat.user_id for seat in seats if seat.visit == visit.number and seat.state is SeatState.WAITING]


def _end(case: Case, visit: Visit) -> None:
    deadline = case.step_of(visit).deadline
    if deadline is None:
        return
    case.note("timed_out", visit, by_product=True)
    tell_rules(case, "timed out")
    match deadline.otherwise:
        case "approve":
            approve_step(case, visit)
        case "reject":
            reject_step(case, visit)
        case "escalate":
            _escalate(case, visit)
        case _:
            _overdue(case, visit)


def _overdue(case: Case, visit: Visit) -> None:
    stand_ins = case.stand_ins()
    people = dict.fromkeys(stand_ins.acting(user) for user in _waiting(case, visit))
    for user in people:
        case.tell(user, "tell_overdue", case.step_of(visit))
    case.note("reminded", visit, people=people, by_product=True)


def _escalate(case: Case, visit: Visit) -> None:
    """Let those it goes up to decide instead: any one of them."""
    deadline = case.step_of(visit).deadline
    assert deadline is not None, "only a step with a time is escalated"
    rows, connection = case.tools.rows, case.work.connection
    found = find_people(case.work, deadline.escalate_to, case.context())
    people = dict.fromkeys(user for _, users in found for user in users)
    if not people:
        case.note("escalated", visit, comment=say("escalated_nobody", case.language), by_product=True)
        _overdue(case, visit)
        return
    seats = [seat for seat in rows.seats(connection, [case.request.id]) if seat.visit == visit.number]
    rows.change_seats(
        connection, [seat.id for seat in seats if seat.state is not SeatState.COPY], state=SeatState.CLOSED
    )
    rows.change_visit(connection, visit, mode=Mode.ANY, needed=1)
    new = [new_seat(case, visit, user, 0, "escalated") for user in people]
    rows.add_seats(connection, new)
    case.note("escalated", visit, people=people, by_product=True)
    tell_asked(case, visit, new)
