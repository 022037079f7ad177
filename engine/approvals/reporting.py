"""How long steps take and what comes of them: by approval, step, approver and outcome, in business hours.

Counted over the requests whose records the reader may read; business time by the calendar in force.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from engine.approvals.approvers import name_of
from engine.approvals.program import ApprovalProgram
from engine.approvals.requests import Request, SeatState, Visit, VisitState
from engine.approvals.rows import ApprovalRows, request_of
from engine.records.clocks.worked_time import worked_seconds
from engine.records.transaction import Transaction

MOST_REQUESTS = 5_000
_HOUR = Decimal(3_600)
_ENDS = (VisitState.APPROVED, VisitState.REJECTED, VisitState.RETURNED)
_DECIDED = (SeatState.APPROVED, SeatState.REJECTED, SeatState.RETURNED)
_BATCH = 500
ProgramOf = Callable[[Request], ApprovalProgram | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAsked:
    """Which requests: submitted from a moment on, before another, of one approval. None = any."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    approval: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step. hours: of business, on average. turned_down: share of its requests that it rejected or returned."""

    approval: str
    label: str
    step: str
    step_label: str
    count: int
    hours: Decimal
    turned_down: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What one person did at a step: outcome (approved, rejected, returned), how often, and after how many hours."""

    approval: str
    step: str
    step_label: str
    user_id: str
    name: str
    outcome: str
    count: int
    hours: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report. is_cut: there are more requests than were counted."""

    steps: tuple[StepRow, ...]
    decisions: tuple[DecisionRow, ...]
    requests: int
    is_cut: bool = False


def read_report(transaction: Transaction, rows: ApprovalRows, program_of: ProgramOf, asked: ReportAsked) -> Report:
    """Read the report."""
    found = _requests(transaction, rows, asked)
    readable = transaction.reader.titles((each.object, each.record_id) for each in found[:MOST_REQUESTS])
    requests = {each.id: each for each in found[:MOST_REQUESTS] if (each.object, each.record_id) in readable}
    programs = {each.approval: program_of(each) for each in requests.values()}
    visits = {
        (visit.request_id, visit.number): visit
        for ids in _batches(list(requests))
        for visit in rows.visits(transaction.connection, ids)
        # A step that its condition left out took nobody's time.
        if visit.worked_s is not None and visit.state in _ENDS
    }
    return Report(
        steps=tuple(_steps(visits.values(), requests, programs, transaction.actor.language)),
        decisions=tuple(_decisions(transaction, rows, visits, requests, programs)),
        requests=len(requests),
        is_cut=len(found) > MOST_REQUESTS,
    )


def _requests(transaction: Transaction, rows: ApprovalRows, asked: ReportAsked) -> list[Request]:
    table = rows.request
    query = select(table).order_by(table.c.submitted_at.desc()).limit(MOST_REQUESTS + 1)
    if asked.since is not None:
        query = query.where(table.c.submitted_at >= asked.since)
    if asked.until is not None:
        query = query.where(table.c.submitted_at < asked.until)
    if asked.approval is not None:
        query = query.where(table.c.approval == asked.approval)
    return [request_of(row) for row in transaction.connection.execute(query).mappings()]


def _batches(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _steps(
    visits: Iterable[Visit],
    requests: dict[str, Request],
    programs: dict[str, ApprovalProgram | None],
    language: str,
) -> Iterable[StepRow]:
    grouped: dict[tuple[str, int, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        grouped[requests[visit.request_id].approval, visit.place, visit.step].append(visit)
    for (approval, _, step), each in sorted(grouped.items()):
        program = programs[approval]
        down = {visit.request_id for visit in each if visit.state is not VisitState.APPROVED}
        asked = {visit.request_id for visit in each}
        yield StepRow(
            approval=approval,
            label=program.called(language) if program is not None else approval,
            step=step,
            step_label=_step_label(program, step, language),
            count=len(each),
            hours=_hours([Decimal(visit.worked_s or 0) for visit in each]),
            turned_down=Decimal(len(down)) / Decimal(len(asked)),
        )


def _decisions(
    transaction: Transaction,
    rows: ApprovalRows,
    visits: dict[tuple[str, int], Visit],
    requests: dict[str, Request],
    programs: dict[str, ApprovalProgram | None],
) -> Iterable[DecisionRow]:
    around = transaction.around
    grouped: dict[tuple[str, int, str, str, str], list[Decimal]] = defaultdict(list)
    for ids in _batches(list(requests)):
        for seat in rows.seats(transaction.connection, ids):
            visit = visits.get((seat.request_id, seat.visit))
            if visit is None or seat.state not in _DECIDED or seat.decided_at is None:
                continue
            took = worked_seconds(visit.entered_at, seat.decided_at, around.calendar, around.zone)
            approval, who = requests[seat.request_id].approval, seat.decided_by or seat.user_id
            grouped[approval, visit.place, visit.step, who, seat.state.value].append(took)
    transaction.cache.prefetch("user", [key[3] for key in grouped])
    for (approval, _, step, who, outcome), took_all in sorted(grouped.items()):
        yield DecisionRow(
            approval=approval,
            step=step,
            step_label=_step_label(programs[approval], step, transaction.actor.language),
            user_id=who,
            name=name_of(transaction, who),
            outcome=outcome,
            count=len(took_all),
            hours=_hours(took_all),
        )


def _step_label(program: ApprovalProgram | None, name: str, language: str) -> str:
    step = program.step(name) if program is not None else None
    return step.called(language) if step is not None else name


def _hours(seconds: list[Decimal]) -> Decimal:
    return (sum(seconds, Decimal(0)) / len(seconds) / _HOUR).quantize(Decimal("0.01"))
