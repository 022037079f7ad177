"""How a request goes from step to step: whose turn it is, what is left out, when a step is over, how it all ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine import faults
from engine.approvals.approvers import Asked, ask
from engine.approvals.case import Case
from engine.approvals.deadlines import forget_deadlines, set_deadlines
from engine.approvals.effects import carry_out, tell_rules
from engine.approvals.messages import say
from engine.approvals.program import StepProgram
from engine.approvals.requests import Mode, RequestState, Seat, SeatState, Visit, VisitState
from engine.automation.explaining import explain_value
from engine.records.clocks.worked_time import worked_seconds
from workflow_dsl.evaluation_errors import EvaluationError

_LEFT_OUT = {"skip": VisitState.SKIPPED, "approve": VisitState.APPROVED, "reject": VisitState.REJECTED}
_LIVE = frozenset((SeatState.WAITING, SeatState.APPROVED, SeatState.REJECTED))


def enter_from(case: Case, place: int) -> None:
    """Go to the first step from a place on that is for the record; where none is left it is approved."""
    for step in case.program.steps[place:]:
        try:
            holds, explained = _holds(case, step)
            asked = ask(case.work, step, case.context(), case.request.chosen.get(step.name, ())) if holds else None
        except EvaluationError as fault:
            _park(case, step, say("not_computable", case.language, what=step.called(case.language), reason=fault))
            return
        if asked is not None and not asked.people:
            _park(case, step, say("nobody_found", case.language, step=step.called(case.language)), explained)
            return
        if asked is not None:
            _open(case, step, asked, explained)
            return
        if not _leave_out(case, step, explained):
            return
    finish(case, RequestState.APPROVED, "approve")


def _holds(case: Case, step: StepProgram) -> tuple[bool, Any]:
    if step.entry is None:
        return True, None
    context = case.context()
    holds = bool(step.entry.condition.evaluate(context))
    return holds, explain_value(step.entry.condition, context)


def _leave_out(case: Case, step: StepProgram, explained: Any) -> bool:
    """Note a step whose condition does not hold; False where that ends the request."""
    otherwise = step.entry.otherwise if step.entry is not None else "skip"
    visit = _new_visit(case, step, _LEFT_OUT[otherwise], explained=explained)
    case.note(f"{_LEFT_OUT[otherwise].value}_by_condition", visit, by_product=True)
    if otherwise == "approve":
        carry_out(case, step.after_approval)
    elif otherwise == "reject":
        carry_out(case, step.after_rejection)
        finish(case, RequestState.REJECTED, "reject")
    return otherwise != "reject"


def _new_visit(case: Case, step: StepProgram, state: VisitState, **values: Any) -> Visit:
    number = case.request.visit + 1
    over = state not in (VisitState.OPEN, VisitState.PARKED)
    visit = Visit(
        request_id=case.request.id,
        number=number,
        step=step.name,
        place=step.place,
        state=state,
        entered_at=case.work.now,
        finished_at=case.work.now if over else None,
        **values,
    )
    case.tools.rows.add_visit(case.work.connection, visit)
    case.change(visit=number)
    return visit


def _park(case: Case, step: StepProgram, reason: str, explained: Any = None) -> None:
    visit = _new_visit(case, step, VisitState.PARKED, explained=explained, note=reason)
    case.change(state=RequestState.PARKED, reason=reason, may_edit=())
    case.note("parked", visit, comment=reason, by_product=True)
    if case.request.submitter is not None:
        case.tell(case.request.submitter, "tell_parked", step, reason=reason)


def _open(case: Case, step: StepProgram, asked: Asked, explained: Any) -> None:
    note = " ".join(asked.notes) or None
    visit = _new_visit(
        case, step, VisitState.OPEN, mode=asked.mode, needed=asked.needed, explained=explained, note=note
    )
    case.change(state=RequestState.OPEN, reason=None, may_edit=tuple(sorted(step.may_edit)))
    seats = [new_seat(case, visit, user, part, _came_by(step)) for user, part in asked.people.items()]
    case.tools.rows.add_seats(case.work.connection, seats)
    case.note("opened", visit, people=asked.people, comment=note, by_product=True)
    set_deadlines(case, visit, step)
    tell_asked(case, visit, seats)


def _came_by(step: StepProgram) -> str:
    return "chosen" if step.is_chosen else "found"


def new_seat(
    case: Case,
    visit: Visit,
    user_id: str,
    part: int,
    came_by: str,
    *,
    state: SeatState = SeatState.WAITING,
    from_user: str | None = None,
) -> Seat:
    """Make the seat of a person in a visit."""
    return Seat(
        id=case.tools.ids.new(),
        request_id=case.request.id,
        visit=visit.number,
        user_id=user_id,
        part=part,
        came_by=came_by,
        state=state,
        from_user=from_user,
    )


def tell_asked(case: Case, visit: Visit, seats: Iterable[Seat]) -> None:
    """Tell people that it is their turn; for who is away the stand-in is told."""
    stand_ins, step = case.stand_ins(), case.step_of(visit)
    for seat in seats:
        acting = stand_ins.acting(seat.user_id)
        if acting == seat.user_id:
            case.tell(acting, "tell_asked", step)
        else:
            case.tell(acting, "tell_asked_for", step, name=case.name_of(seat.user_id))
            case.note("stands_in", visit, people=(acting,), for_user=seat.user_id, by_product=True)
        case.tools.mail(case, visit, seat, acting)


def tally(visit: Visit, seats: Sequence[Seat]) -> VisitState | None:
    """Say how a step ends by what its people have decided; None while it is open.

    Any: the first decides. All, and one for each listed: one rejection ends it. A quorum is rejected once so many can't
    agree any more.
    """
    live = [seat for seat in seats if seat.state in _LIVE and seat.visit == visit.number]
    agreed = {seat.part for seat in live if seat.state is SeatState.APPROVED}
    approvals = sum(seat.state is SeatState.APPROVED for seat in live)
    rejections = sum(seat.state is SeatState.REJECTED for seat in live)
    if visit.mode is Mode.QUORUM:
        needed = min(visit.needed, len(live))
        if approvals >= needed:
            return VisitState.APPROVED
        return VisitState.REJECTED if len(live) - rejections < needed else None
    if rejections:
        return VisitState.REJECTED
    if visit.mode is Mode.ANY:
        return VisitState.APPROVED if approvals else None
    waiting = {seat.part for seat in live if seat.state is SeatState.WAITING}
    is_done = not (waiting - agreed) if visit.mode is Mode.LISTED else approvals == len(live)
    return VisitState.APPROVED if is_done else None


def end_visit(case: Case, visit: Visit, state: VisitState) -> None:
    """Close a step: whoever is still asked is no longer, its deadlines are off, its business time is kept."""
    rows, connection = case.tools.rows, case.work.connection
    seats = rows.seats(connection, [case.request.id])
    waiting = [seat.id for seat in seats if seat.visit == visit.number and seat.state is SeatState.WAITING]
    rows.change_seats(connection, waiting, state=SeatState.CLOSED)
    forget_deadlines(case)
    around = case.work.around
    worked = worked_seconds(visit.entered_at, case.work.now, around.calendar, around.zone)
    rows.change_visit(
        connection,
        visit,
        state=state,
        finished_at=case.work.now,
        worked_s=int(worked.quantize(Decimal(1), ROUND_HALF_UP)),
    )
    faults.reach("approval.step_ended")


def approve_step(case: Case, visit: Visit) -> None:
    """A step is approved: do what it sets off and go on."""
    end_visit(case, visit, VisitState.APPROVED)
    carry_out(case, case.step_of(visit).after_approval)
    enter_from(case, visit.place + 1)


def reject_step(case: Case, visit: Visit, to: int | None = None) -> None:
    """A step is rejected: that ends the request, or an earlier step is asked again."""
    end_visit(case, visit, VisitState.REJECTED)
    carry_out(case, case.step_of(visit).after_rejection)
    if to is None:
        finish(case, RequestState.REJECTED, "reject")
    else:
        enter_from(case, to)


def finish(case: Case, state: RequestState, decision: str) -> None:
    """End the request: the lock goes, then what the decision sets off is done, rules and people are told."""
    case.move_to(state)
    case.note(f"request_{state.value}", comment=case.comment if state is not RequestState.APPROVED else None)
    carry_out(case, case.program.decisions.get(decision))
    tell_rules(case, state.value)
    if state in (RequestState.APPROVED, RequestState.REJECTED):
        case.tell_submitter(f"tell_{state.value}", comment=case.comment)
