"""When a step's time ends, and when its people are reminded: rows of fs_timer that only approvals claim.

A row is taken in the transaction that does what is due, so each is done once, however many workers there are.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, insert, update

from engine.approvals.case import Case
from engine.approvals.program import StepProgram
from engine.approvals.requests import Visit
from engine.automation.schedules.waiting import end_of_wait
from engine.records.clocks.worked_time import moment_after, worked_seconds
from metamodel.values import Duration
from workflow_dsl.evaluation_errors import EvaluationError

PENDING = "approval"
"""The state of timers that wait for a step's time; the timers of rules have other states."""
REMIND, END = "remind", "end"
_REMINDED_AFTER = 3
_OF_PARTS = 4


def due_of(case: Case, step: StepProgram, begun: dt.datetime) -> dt.datetime | None:
    """Give when a step that begins at a moment is due; None where it has no time. Raises: EvaluationError."""
    if step.deadline is None:
        return None
    context = case.context()
    found = step.deadline.within.evaluate(context)
    return None if found is None else end_of_wait(begun, found, context)


def set_deadlines(case: Case, visit: Visit, step: StepProgram) -> None:
    """Plan the end of a step's time, and a reminder when three quarters of its business time have passed."""
    begun = case.work.now
    try:
        due = due_of(case, step, begun)
    except EvaluationError as fault:
        case.note("no_deadline", visit, comment=str(fault), by_product=True)
        return
    if due is None:
        return
    case.tools.rows.change_visit(case.work.connection, visit, due_at=due)
    rows = [_row(case, visit, END, due)]
    reminder = _reminder(case, begun, due)
    if begun < reminder < due:
        rows.append(_row(case, visit, REMIND, reminder))
    case.work.connection.execute(insert(case.work.system.timer), rows)


def move_deadlines(case: Case, visit: Visit, step: StepProgram) -> None:
    """Count a step's business time anew from when it began; what is reminded of already is not reminded of again.

    A time that was never set, one in days and hours of the clock, and one that can't be counted any more stay.
    """
    try:
        if visit.due_at is None or not _is_business_time(case, step):
            return
        due = due_of(case, step, visit.entered_at)
    except EvaluationError:
        return
    if due is None or due == visit.due_at:
        return
    case.tools.rows.change_visit(case.work.connection, visit, due_at=due)
    timer = case.work.system.timer
    moments = {END: due, REMIND: _reminder(case, visit.entered_at, due)}
    for what, at in moments.items():
        here = (timer.c.state == PENDING, timer.c.run_id == case.request.id, timer.c.value == f"{visit.number} {what}")
        case.work.connection.execute(update(timer).where(*here).values(due_at=at))


def _is_business_time(case: Case, step: StepProgram) -> bool:
    found = step.deadline.within.evaluate(case.context()) if step.deadline is not None else None
    return isinstance(found, Duration) and bool(found.business_days or found.business_seconds)


def forget_deadlines(case: Case) -> None:
    """Take the timers of a request away."""
    timer = case.work.system.timer
    case.work.connection.execute(delete(timer).where(timer.c.state == PENDING, timer.c.run_id == case.request.id))


def _reminder(case: Case, begun: dt.datetime, due: dt.datetime) -> dt.datetime:
    around = case.work.around
    whole = worked_seconds(begun, due, around.calendar, around.zone)
    if not whole:
        # No business time lies between: time itself counts.
        return begun + (due - begun) * _REMINDED_AFTER / _OF_PARTS
    return moment_after(begun, whole * _REMINDED_AFTER / _OF_PARTS, around.calendar, around.zone) or due


def _row(case: Case, visit: Visit, what: str, at: dt.datetime) -> dict[str, object]:
    request = case.request
    return {
        "id": case.tools.ids.new(),
        "kind": PENDING,
        "rule": request.approval,
        "object": request.object,
        "record_id": request.record_id,
        "run_id": request.id,
        "value": f"{visit.number} {what}",
        "due_at": at,
        "state": PENDING,
    }
