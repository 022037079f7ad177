"""What people see of one request: its steps, people and events, and what they may do with it.

A request is seen by those who may read its record and by those who take part in it: who submitted it, who was asked,
who stands in for one of them, who was put on copy. What conditions read of the record is masked as its fields are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.approvals.approvers import StandIns, name_of
from engine.approvals.figures import figures_of
from engine.approvals.program import ApprovalProgram
from engine.approvals.refusals import RequestNotFound
from engine.approvals.requests import Event, Request, RequestState, Seat, SeatState, Visit, VisitState
from engine.approvals.rows import ApprovalRows
from engine.automation.run_views import ConditionPart
from engine.automation.trace import part_of
from engine.errors import RecordNotFound, UnknownObject
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction
from engine.records.types import Record

ProgramOf = Callable[[Request], ApprovalProgram | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatView:
    """Somebody who was asked. stand_in: who acts for them now; decided_by: who did, where that was a stand-in."""

    user_id: str
    name: str
    state: SeatState
    came_by: str
    stand_in: str = ""
    decided_by: str = ""
    decided_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """A step that the request came to."""

    visit: Visit
    label: str
    seats: tuple[SeatView, ...]
    condition: ConditionPart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Something that happened. people: who was asked, told or added by it."""

    kind: str
    at: dt.datetime
    step: str
    actor: str
    for_user: str
    people: tuple[str, ...]
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request for who reads it. later: labels of the steps still to come. acts: what the reader may do now.

    earlier: steps that a rejection may lead back to, name and label. record: what the reader may read of the figures
    that it is decided by, None where the record may not be read.
    """

    request: Request
    label: str
    submitter: str
    visits: tuple[VisitView, ...]
    later: tuple[str, ...]
    events: tuple[EventView, ...]
    acts: frozenset[str]
    earlier: tuple[tuple[str, str], ...]
    is_readable: bool
    record: Record | None = None


class Sight:
    """Reads requests for people."""

    def __init__(self, rows: ApprovalRows, program_of: ProgramOf) -> None:
        self._rows = rows
        self._program_of = program_of

    def may_see(self, transaction: Transaction, request: Request) -> bool:
        """Say whether who acts may see a request."""
        return _is_readable(transaction, request) or self._takes_part(transaction, request)

    def view(self, transaction: Transaction, request_id: str, *, figures: bool = True) -> RequestView:
        """Give a request; figures: with those of its record. Raises: RequestNotFound."""
        request = self._rows.load(transaction.connection, request_id) if could_be_id(request_id) else None
        if request is None or not self.may_see(transaction, request):
            raise RequestNotFound(request_id)
        return self.shown(transaction, request, figures=figures)

    def shown(self, transaction: Transaction, request: Request, *, figures: bool) -> RequestView:
        """Give a request that who acts may see."""
        rows, connection = self._rows, transaction.connection
        program, language = self._program_of(request), transaction.actor.language
        visits, seats = rows.visits(connection, [request.id]), rows.seats(connection, [request.id])
        events, stand_ins = rows.events(connection, request.id), StandIns(transaction)
        transaction.cache.prefetch("user", _people(request, seats, events))
        labels = {step.name: step.called(language) for step in program.steps} if program is not None else {}
        is_readable = _is_readable(transaction, request)
        readable = transaction.access.of(request.object).whole if is_readable else frozenset()
        current = visits[-1] if visits else None
        place = current.place if current is not None else -1
        return RequestView(
            request=request,
            label=program.called(language) if program is not None else request.approval,
            submitter=name_of(transaction, request.submitter),
            visits=tuple(_visit(transaction, each, labels, seats, stand_ins, readable) for each in visits),
            later=tuple(
                step.called(language)
                for step in (program.steps if program is not None and request.state.is_open else ())
                if step.place > place
            ),
            events=tuple(_event(transaction, each, labels) for each in events),
            acts=_acts(transaction, request, current, seats, stand_ins),
            earlier=_earlier(program, current, language),
            is_readable=is_readable,
            record=_figures(transaction, request, program) if is_readable and figures else None,
        )

    def _takes_part(self, transaction: Transaction, request: Request) -> bool:
        user = transaction.actor.user_id
        if user is None:
            return transaction.actor.is_system
        users = StandIns(transaction).acts_for(user) | {user}
        if request.submitter in users:
            return True
        seats = self._rows.seats(transaction.connection, [request.id])
        return any(seat.user_id in users or seat.decided_by == user for seat in seats)


def _is_readable(transaction: Transaction, request: Request) -> bool:
    try:
        object_def = transaction.object_def(request.object)
        transaction.reader.require_readable(object_def, request.record_id)
    except (RecordNotFound, UnknownObject):
        return False
    return True


def _figures(transaction: Transaction, request: Request, program: ApprovalProgram | None) -> Record | None:
    object_def = transaction.object_def(request.object)
    names = figures_of(transaction.release, program, object_def)
    seen = [name for name in names if name in transaction.access.of(object_def.key).readable]
    return transaction.get(request.object, request.record_id, fields=seen) if seen else None


def _people(request: Request, seats: Iterable[Seat], events: Iterable[Event]) -> list[str]:
    found = [request.submitter]
    for seat in seats:
        found += [seat.user_id, seat.decided_by]
    for event in events:
        found += [event.actor, event.for_user, *event.people]
    return [each for each in dict.fromkeys(found) if each is not None]


def _visit(
    transaction: Transaction,
    visit: Visit,
    labels: Mapping[str, str],
    seats: Sequence[Seat],
    stand_ins: StandIns,
    readable: frozenset[str],
) -> VisitView:
    here = (seat for seat in seats if seat.visit == visit.number)
    return VisitView(
        visit=visit,
        label=labels.get(visit.step, visit.step),
        seats=tuple(_seat(transaction, seat, stand_ins) for seat in here),
        condition=part_of(visit.explained, readable),
    )


def _seat(transaction: Transaction, seat: Seat, stand_ins: StandIns) -> SeatView:
    acting = stand_ins.acting(seat.user_id) if seat.state is SeatState.WAITING else seat.user_id
    other = seat.decided_by if seat.decided_by not in (None, seat.user_id) else None
    return SeatView(
        user_id=seat.user_id,
        name=name_of(transaction, seat.user_id),
        state=seat.state,
        came_by=seat.came_by,
        stand_in=name_of(transaction, acting) if acting != seat.user_id else "",
        decided_by=name_of(transaction, other),
        decided_at=seat.decided_at,
    )


def _event(transaction: Transaction, event: Event, labels: Mapping[str, str]) -> EventView:
    return EventView(
        kind=event.kind,
        at=event.at,
        step=labels.get(event.step or "", event.step or ""),
        actor=name_of(transaction, event.actor),
        for_user=name_of(transaction, event.for_user),
        people=tuple(name_of(transaction, each) for each in event.people),
        comment=event.comment or "",
    )


def _acts(
    transaction: Transaction, request: Request, visit: Visit | None, seats: Sequence[Seat], stand_ins: StandIns
) -> frozenset[str]:
    user = transaction.actor.user_id
    if user is None:
        return frozenset()
    acts = {"comment"}
    if not request.state.is_open:
        return frozenset(acts)
    acts_for = stand_ins.acts_for(user)
    is_submitter = request.submitter is not None and user in (request.submitter, stand_ins.acting(request.submitter))
    parked = request.state is RequestState.PARKED and transaction.access.has_right("retry_runs")
    if is_submitter:
        acts.add("recall")
    if (is_submitter and request.state is not RequestState.OPEN) or parked:
        acts.add("submit")
    if request.state is RequestState.OPEN and visit is not None and visit.state is VisitState.OPEN:
        own = [seat for seat in seats if seat.user_id in acts_for and seat.visit == visit.number]
        if any(seat.state is SeatState.WAITING for seat in own):
            acts |= {"approve", "reject", "return", "delegate", "add"}
        asked = any(seat.user_id in acts_for | {user} and seat.state is not SeatState.COPY for seat in seats)
        if is_submitter or asked:
            acts.add("copy")
    return frozenset(acts)


def _earlier(program: ApprovalProgram | None, visit: Visit | None, language: str) -> tuple[tuple[str, str], ...]:
    if program is None or visit is None:
        return ()
    return tuple((step.name, step.called(language)) for step in program.steps if step.place < visit.place)
