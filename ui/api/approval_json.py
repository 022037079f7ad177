"""Requests, their steps and events, and the path a record would take, as JSON data."""

from __future__ import annotations

from typing import Any

from engine.approvals.listing import RequestLine
from engine.approvals.previewing import PathStep, Preview
from engine.approvals.requests import Request
from engine.approvals.sight import EventView, RequestView, SeatView, VisitView
from engine.automation.run_views import ConditionPart


def line_json(line: RequestLine) -> dict[str, Any]:
    """Give a request of a list."""
    return {
        **_head(line.request, line.label, line.submitter, line.is_readable),
        "step": line.step,
        "step_number": line.request.visit,
        "entered_at": line.entered_at,
        "due_at": line.due_at,
        "in_place_of": line.for_user or None,
    }


def view_json(view: RequestView) -> dict[str, Any]:
    """Give a request as a whole."""
    return {
        **_head(view.request, view.label, view.submitter, view.is_readable),
        "step_number": view.request.visit,
        "reason": view.request.reason,
        "locked": view.request.locks and view.request.state in ("open", "parked"),
        "may_edit": list(view.request.may_edit),
        "finished_at": view.request.finished_at,
        "steps": [_visit(each) for each in view.visits],
        "later": list(view.later),
        "figures": None if view.record is None else dict(view.record.values),
        "may": sorted(view.acts),
        "events": [_event(each) for each in view.events],
    }


def _head(found: Request, label: str, submitter: str, is_readable: bool) -> dict[str, Any]:
    # Who is asked sees what it is about, not where a record lies that they may not read.
    record_id = found.record_id if is_readable else None
    return {
        "id": found.id,
        "approval": found.approval,
        "label": label,
        "state": found.state.value,
        "record": {"object": found.object, "id": record_id, "title": found.record_title},
        "submitter": {"id": found.submitter, "title": submitter} if found.submitter else None,
        "submitted_at": found.submitted_at,
    }


def _visit(each: VisitView) -> dict[str, Any]:
    visit = each.visit
    return {
        "number": visit.number,
        "step": visit.step,
        "label": each.label,
        "state": visit.state.value,
        "mode": visit.mode.value if each.seats else None,
        "needed": visit.needed if each.seats else None,
        "people": [_seat(seat) for seat in each.seats],
        "condition": _condition(each.condition),
        "note": visit.note,
        "entered_at": visit.entered_at,
        "due_at": visit.due_at,
        "finished_at": visit.finished_at,
        "business_seconds": visit.worked_s,
    }


def _seat(seat: SeatView) -> dict[str, Any]:
    return {
        "id": seat.user_id,
        "title": seat.name,
        "state": seat.state.value,
        "came_by": seat.came_by,
        "stand_in": seat.stand_in or None,
        "decided_by": seat.decided_by or None,
        "decided_at": seat.decided_at,
    }


def _condition(part: ConditionPart | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        "text": part.text,
        "value": part.value,
        "masked": part.masked,
        "parts": [_condition(each) for each in part.parts],
    }


def _event(event: EventView) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "at": event.at,
        "step": event.step or None,
        "by": event.actor or None,
        "in_place_of": event.for_user or None,
        "people": list(event.people),
        "comment": event.comment or None,
    }


def preview_json(path: Preview) -> dict[str, Any]:
    """Give the path that a record would take."""
    return {
        "approval": path.approval,
        "label": path.label,
        "ends_at": path.ends_at,
        "others": [{"approval": key, "label": label} for key, label in path.others],
        "steps": [_path_step(each) for each in path.steps],
    }


def _path_step(step: PathStep) -> dict[str, Any]:
    return {
        "step": step.name,
        "label": step.label,
        "state": step.state,
        "mode": step.mode.value if step.people else None,
        "needed": step.needed or None,
        "people": [{"id": each.id, "title": each.name, "stand_in": each.stand_in or None} for each in step.people],
        "due_at": step.due_at,
        "condition": _condition(step.condition),
        "note": step.note or None,
    }
