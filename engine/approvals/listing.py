"""Lists of requests: those that wait for a person, and those that a person has submitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from engine.approvals.approvers import StandIns, name_of
from engine.approvals.program import ApprovalProgram
from engine.approvals.requests import Request, RequestState, SeatState
from engine.approvals.rows import ApprovalRows, request_of
from engine.records.transaction import Transaction

MOST_LISTED = 200
ProgramOf = Callable[[Request], ApprovalProgram | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request in a list. for_user: in whose place the reader would decide. is_readable: whether the record is."""

    request: Request
    label: str
    step: str
    submitter: str
    entered_at: dt.datetime | None
    due_at: dt.datetime | None
    for_user: str = ""
    is_readable: bool = False


class RequestLists:
    """Reads lists of requests for people."""

    def __init__(self, rows: ApprovalRows, program_of: ProgramOf) -> None:
        self._rows = rows
        self._program_of = program_of

    def waiting(self, transaction: Transaction, stand_ins: StandIns) -> list[RequestLine]:
        """Give the requests that wait for who acts, the longest waiting first."""
        user = transaction.actor.user_id
        if user is None:
            return []
        request, seat, visit = self._rows.request, self._rows.seat, self._rows.visit
        here = and_(seat.c.request_id == request.c.id, seat.c.visit == request.c.visit)
        at = and_(visit.c.request_id == request.c.id, visit.c.number == request.c.visit)
        query = (
            select(request, seat.c.user_id, visit.c.step, visit.c.entered_at, visit.c.due_at)
            .select_from(seat.join(request, here).join(visit, at))
            .where(
                seat.c.user_id.in_(sorted(stand_ins.acts_for(user))),
                seat.c.state == SeatState.WAITING.value,
                request.c.state == RequestState.OPEN.value,
            )
            .order_by(visit.c.entered_at, request.c.id)
            .limit(MOST_LISTED)
        )
        rows = {row["id"]: row for row in reversed(transaction.connection.execute(query).mappings().all())}
        return self._lines(transaction, list(reversed(rows.values())))

    def submitted(self, transaction: Transaction) -> list[RequestLine]:
        """Give the requests that who acts has submitted, the newest first."""
        request, visit = self._rows.request, self._rows.visit
        at = and_(visit.c.request_id == request.c.id, visit.c.number == request.c.visit)
        query = (
            select(request, visit.c.step, visit.c.entered_at, visit.c.due_at)
            .select_from(request.outerjoin(visit, at))
            .where(request.c.submitter == transaction.actor.user_id)
            .order_by(request.c.submitted_at.desc(), request.c.id.desc())
            .limit(MOST_LISTED)
        )
        return self._lines(transaction, transaction.connection.execute(query).mappings().all())

    def _lines(self, transaction: Transaction, rows: Sequence[Mapping[Any, Any]]) -> list[RequestLine]:
        extra = ("user_id", "step", "entered_at", "due_at")
        requests = [request_of({name: value for name, value in row.items() if name not in extra}) for row in rows]
        readable = transaction.reader.titles((each.object, each.record_id) for each in requests)
        users = [each.submitter for each in requests if each.submitter]
        transaction.cache.prefetch("user", [*users, *(row["user_id"] for row in rows if "user_id" in row)])
        user, language = transaction.actor.user_id, transaction.actor.language
        found = []
        for row, request in zip(rows, requests, strict=True):
            program, asked = self._program_of(request), row.get("user_id")
            step = program.step(row["step"]) if program is not None and row["step"] else None
            found.append(
                RequestLine(
                    request=request,
                    label=program.called(language) if program is not None else request.approval,
                    step=step.called(language) if step is not None else row["step"] or "",
                    submitter=name_of(transaction, request.submitter),
                    entered_at=row["entered_at"],
                    due_at=row["due_at"],
                    for_user=name_of(transaction, asked) if asked is not None and asked != user else "",
                    is_readable=(request.object, request.record_id) in readable,
                )
            )
        return found
