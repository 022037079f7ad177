"""What people do with a request: approve, reject, return, delegate, add an approver, put on copy, comment, withdraw.

Each is judged against the step that is open now, with the request's row locked: who is late, or not asked, changes
nothing. A press counts for all seats that a person acts for, their own and those of whom they stand in for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.approvals.approvers import is_active
from engine.approvals.case import Case
from engine.approvals.messages import say
from engine.approvals.refusals import refused
from engine.approvals.requests import Mode, RequestState, Seat, SeatState, Visit, VisitState
from engine.approvals.steps import (
    approve_step,
    end_visit,
    enter_from,
    finish,
    new_seat,
    reject_step,
    tally,
    tell_asked,
)

_LONGEST_COMMENT = 4_000
_CARETAKERS_RIGHT = "retry_runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does. to: the step that a rejection leads back to. user: who is delegated to, added or told.

    visit: the number of the step as it was seen; None = whatever is open.
    """

    do: str
    comment: str = ""
    to: str | None = None
    user: str | None = None
    visit: int | None = None


def act_on(case: Case, act: Act) -> None:
    """Do it.

    Raises: ApprovalRefused, ValidationFailed where what it sets off is refused.
    """
    case.comment = act.comment.strip()[:_LONGEST_COMMENT]
    _ACTS[act.do](case, act)


def open_visit(case: Case, seen: int | None = None) -> Visit:
    """Give the step that is open. Raises: ApprovalRefused where none is, or another than was seen."""
    state = case.request.state
    if not state.is_open:
        raise refused("decided", case.language, state=say(f"state_{state.value}", case.language))
    visit = case.tools.rows.visit_at(case.work.connection, case.request)
    if state is not RequestState.OPEN or visit is None or visit.state is not VisitState.OPEN:
        raise refused("not_open", case.language)
    if seen is not None and seen != visit.number:
        raise refused("not_open", case.language)
    return visit


def own_seats(case: Case, visit: Visit, seats: list[Seat]) -> list[Seat]:
    """Give the seats of a step that are asked and that who acts decides for."""
    if case.actor_id is None:
        return []
    acts_for = case.stand_ins().acts_for(case.actor_id)
    here = (seat for seat in seats if seat.visit == visit.number and seat.state is SeatState.WAITING)
    return [seat for seat in here if seat.user_id in acts_for]


def _asked(case: Case, act: Act) -> tuple[Visit, list[Seat], list[Seat]]:
    """Give the open step, all seats, and those of who acts. Raises: ApprovalRefused."""
    visit = open_visit(case, act.visit)
    seats = case.tools.rows.seats(case.work.connection, [case.request.id])
    own = own_seats(case, visit, seats)
    if not own:
        raise refused("not_approver", case.language)
    return visit, seats, own


def _decide(case: Case, act: Act, state: SeatState) -> Visit:
    visit, _, own = _asked(case, act)
    ids = [seat.id for seat in own]
    case.tools.rows.change_seats(
        case.work.connection, ids, state=state, decided_by=case.actor_id, decided_at=case.work.now
    )
    _note_each(case, state.value, visit, own)
    return visit


def _note_each(case: Case, kind: str, visit: Visit, own: list[Seat], people: tuple[str, ...] = ()) -> None:
    for seat in own:
        for_user = seat.user_id if seat.user_id != case.actor_id else None
        case.note(kind, visit, for_user=for_user, comment=case.comment, people=people)


def _approve(case: Case, act: Act) -> None:
    visit = _decide(case, act, SeatState.APPROVED)
    _go_on(case, visit, None)


def _reject(case: Case, act: Act) -> None:
    visit = open_visit(case, act.visit)
    to = _earlier(case, visit, act.to)
    _go_on(case, _decide(case, act, SeatState.REJECTED), to)


def _go_on(case: Case, visit: Visit, to: int | None) -> None:
    found = tally(visit, case.tools.rows.seats(case.work.connection, [case.request.id]))
    if found is VisitState.APPROVED:
        approve_step(case, visit)
    elif found is VisitState.REJECTED:
        reject_step(case, visit, to)


def _earlier(case: Case, visit: Visit, name: str | None) -> int | None:
    if name is None or name == "start":
        return None
    step = case.program.step(name)
    if step is None or step.place >= visit.place:
        raise refused("unknown_step", case.language, name=name)
    return step.place


def _return(case: Case, act: Act) -> None:
    if not act.comment.strip():
        raise refused("no_comment", case.language)
    visit = _decide(case, act, SeatState.RETURNED)
    end_visit(case, visit, VisitState.RETURNED)
    case.change(state=RequestState.RETURNED, may_edit=())
    case.tell_submitter("tell_returned", comment=case.comment)


def _submit_again(case: Case, act: Act) -> None:
    """Go on with a request that was returned or found nobody, at the step where it stands."""
    if case.request.state not in (RequestState.RETURNED, RequestState.PARKED):
        open_visit(case)
        raise refused("open_already", case.language, approval=case.called)
    _require_submitter(case, or_caretaker=case.request.state is RequestState.PARKED)
    visit = case.tools.rows.visit_at(case.work.connection, case.request)
    case.note("submitted_again", comment=case.comment)
    enter_from(case, visit.place if visit is not None else 0)


def _recall(case: Case, act: Act) -> None:
    state = case.request.state
    if not state.is_open:
        raise refused("decided", case.language, state=say(f"state_{state.value}", case.language))
    _require_submitter(case)
    visit = case.tools.rows.visit_at(case.work.connection, case.request)
    if visit is not None and visit.state in (VisitState.OPEN, VisitState.PARKED):
        end_visit(case, visit, VisitState.RECALLED)
    finish(case, RequestState.RECALLED, "recall")


def _require_submitter(case: Case, *, or_caretaker: bool = False) -> None:
    submitter, actor = case.request.submitter, case.actor_id
    if (
        actor is not None
        and submitter is not None
        and (actor == submitter or actor == case.stand_ins().acting(submitter))
    ):
        return
    if or_caretaker and _CARETAKERS_RIGHT in case.rights:
        return
    raise refused("not_submitter", case.language)


def _delegate(case: Case, act: Act) -> None:
    visit, seats, own = _asked(case, act)
    user = _somebody(case, act, visit, seats)
    case.tools.rows.change_seats(case.work.connection, [seat.id for seat in own], state=SeatState.PASSED)
    new = [new_seat(case, visit, user, own[0].part, "delegated", from_user=case.actor_id)]
    _note_each(case, "delegated", visit, own, (user,))
    case.tools.rows.add_seats(case.work.connection, new)
    tell_asked(case, visit, new)


def _add(case: Case, act: Act) -> None:
    visit, seats, _ = _asked(case, act)
    user = _somebody(case, act, visit, seats)
    # Where one of each listed part must agree, the person is a part of their own.
    part = max(seat.part for seat in seats if seat.visit == visit.number) + 1
    new = [new_seat(case, visit, user, part, "added", from_user=case.actor_id)]
    if visit.mode in (Mode.ALL, Mode.LISTED):
        case.tools.rows.change_visit(case.work.connection, visit, needed=visit.needed + 1)
    case.note("added", visit, people=(user,), comment=case.comment)
    case.tools.rows.add_seats(case.work.connection, new)
    tell_asked(case, visit, new)


def _copy(case: Case, act: Act) -> None:
    visit = open_visit(case, act.visit)
    seats = case.tools.rows.seats(case.work.connection, [case.request.id])
    if not _takes_part(case, seats):
        raise refused("not_taking_part", case.language)
    user = _active(case, act)
    if any(seat.user_id == user and seat.state is SeatState.COPY for seat in seats):
        return
    copy = new_seat(case, visit, user, 0, "copy", state=SeatState.COPY, from_user=case.actor_id)
    case.tools.rows.add_seats(case.work.connection, [copy])
    case.note("copied", visit, people=(user,), comment=case.comment)
    case.tell(user, "tell_copy", case.step_of(visit))


def _takes_part(case: Case, seats: list[Seat]) -> bool:
    if case.actor_id is None:
        return False
    acts_for = case.stand_ins().acts_for(case.actor_id) | {case.actor_id}
    return case.request.submitter in acts_for or any(
        seat.user_id in acts_for and seat.state is not SeatState.COPY for seat in seats
    )


def _comment(case: Case, act: Act) -> None:
    if not case.comment:
        raise refused("no_comment", case.language)
    case.note("commented", case.tools.rows.visit_at(case.work.connection, case.request), comment=case.comment)


def _active(case: Case, act: Act) -> str:
    if act.user is None or not is_active(case.work, act.user):
        raise refused("not_a_user", case.language, name=act.user or "")
    return act.user


def _somebody(case: Case, act: Act, visit: Visit, seats: list[Seat]) -> str:
    """Give the user who is to be asked too. Raises: ApprovalRefused where that is who acts, or is asked already."""
    user = _active(case, act)
    if user == case.actor_id:
        raise refused("to_self", case.language)
    live = (SeatState.WAITING, SeatState.APPROVED, SeatState.REJECTED)
    if any(seat.user_id == user and seat.visit == visit.number and seat.state in live for seat in seats):
        raise refused("asked_already", case.language, name=case.name_of(user))
    return user


_ACTS: Mapping[str, Callable[[Case, Act], None]] = MappingProxyType(
    {
        "approve": _approve,
        "reject": _reject,
        "return": _return,
        "submit": _submit_again,
        "recall": _recall,
        "delegate": _delegate,
        "add": _add,
        "copy": _copy,
        "comment": _comment,
    }
)
ACTS = tuple(_ACTS)
"""What can be done with a request."""
