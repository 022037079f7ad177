"""Approvals in words: states, decisions and paths as cards, lists and timelines show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from engine.approvals.previewing import PathPerson, PathStep, Preview
from engine.approvals.requests import Mode, RequestState, SeatState, VisitState
from engine.approvals.sight import EventView, RequestView, SeatView, VisitView
from engine.automation.run_views import ConditionPart
from ui.formats import Formats
from ui.page_parts import TimelineEntry

STATE_COLORS = {
    RequestState.OPEN: "blue",
    RequestState.PARKED: "amber",
    RequestState.RETURNED: "orange",
    RequestState.APPROVED: "green",
    RequestState.REJECTED: "red",
    RequestState.RECALLED: "gray",
}
_VISIT_COLORS = {
    VisitState.OPEN: "blue",
    VisitState.PARKED: "amber",
    VisitState.APPROVED: "green",
    VisitState.REJECTED: "red",
    VisitState.SKIPPED: "gray",
    VisitState.RETURNED: "orange",
    VisitState.RECALLED: "gray",
}
_LOOKS = {
    "submitted": ("upload", "blue"),
    "submitted_again": ("upload", "blue"),
    "approved": ("check", "green"),
    "rejected": ("x", "red"),
    "returned": ("arrow-back-up", "orange"),
    "delegated": ("arrow-right", "purple"),
    "added": ("plus", "purple"),
    "copied": ("copy", "gray"),
    "commented": ("message", "gray"),
    "escalated": ("arrow-up", "amber"),
    "timed_out": ("clock", "amber"),
    "reminded": ("bell", "gray"),
    "parked": ("player-pause", "amber"),
    "request_approved": ("circle-check", "green"),
    "request_rejected": ("circle-x", "red"),
    "request_recalled": ("arrow-back-up", "gray"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRow:
    """A step, taken or to come. people: names with how they stand. notes: of conditions, times, what was cut."""

    label: str
    state: str
    color: str
    people: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def request_url(request_id: str) -> str:
    """Give the address of a request's page."""
    return f"/approvals/{quote(request_id)}"


def state_words(state: RequestState) -> str:
    """Say where a request stands."""
    words = {
        RequestState.OPEN: _("Waiting"),
        RequestState.PARKED: _("On hold"),
        RequestState.RETURNED: _("Returned for change"),
        RequestState.APPROVED: _("Approved"),
        RequestState.REJECTED: _("Rejected"),
        RequestState.RECALLED: _("Withdrawn"),
    }
    return str(words[state])


def outcome_words(outcome: str) -> str:
    """Say what somebody decided."""
    words = {"approved": _("Approved"), "rejected": _("Rejected"), "returned": _("Returned for change")}
    return str(words.get(outcome, outcome))


def event_words(kind: str) -> str:
    """Say what happened to a request."""
    words = {
        "submitted": _("Submitted for approval"),
        "submitted_again": _("Submitted again"),
        "opened": _("Asked to decide"),
        "approved": _("Approved"),
        "rejected": _("Rejected"),
        "returned": _("Returned for change"),
        "delegated": _("Delegated"),
        "added": _("Approver added"),
        "copied": _("Put on copy"),
        "commented": _("Comment on the approval"),
        "stands_in": _("Stand-in asked"),
        "escalated": _("Escalated"),
        "timed_out": _("Time is up"),
        "reminded": _("Reminded"),
        "parked": _("On hold: nobody can decide"),
        "no_deadline": _("No deadline could be set"),
        "act_failed": _("What the time's end sets off was refused"),
        "skipped_by_condition": _("Left out by its condition"),
        "approved_by_condition": _("Approved by its condition"),
        "rejected_by_condition": _("Rejected by its condition"),
        "request_approved": _("Approval granted"),
        "request_rejected": _("Approval refused"),
        "request_recalled": _("Withdrawn"),
    }
    return str(words.get(kind, kind))


def event_look(kind: str) -> tuple[str, str]:
    """Give the icon and color of what happened."""
    return _LOOKS.get(kind, ("clipboard-list", "gray"))


def path_of(view: RequestView, formats: Formats) -> tuple[PathRow, ...]:
    """Give the steps that a request came to, and those to come."""
    taken = [_taken(each, formats) for each in view.visits]
    return (*taken, *(PathRow(label=label, state=str(_("To come")), color="gray") for label in view.later))


def path_of_preview(path: Preview, formats: Formats) -> tuple[PathRow, ...]:
    """Give the steps that a record would take."""
    return tuple(_expected(step, formats) for step in path.steps)


def timeline_of(view: RequestView, formats: Formats) -> tuple[TimelineEntry, ...]:
    """Give what happened to a request, the newest first."""
    entries = [_entry(number, each, formats) for number, each in enumerate(view.events)]
    return tuple(reversed(entries))


def _taken(each: VisitView, formats: Formats) -> PathRow:
    visit = each.visit
    words = {
        VisitState.OPEN: _("Waiting"),
        VisitState.PARKED: _("On hold"),
        VisitState.APPROVED: _("Approved"),
        VisitState.REJECTED: _("Rejected"),
        VisitState.SKIPPED: _("Left out"),
        VisitState.RETURNED: _("Returned for change"),
        VisitState.RECALLED: _("Withdrawn"),
    }
    notes = [*_mode_note(visit.mode, visit.needed, len(each.seats)), *_condition_notes(each.condition)]
    if visit.state is VisitState.OPEN:
        notes += _due_note(visit.due_at, formats)
    if visit.note:
        notes.append(visit.note)
    people = tuple(_seat_words(seat) for seat in each.seats if seat.state is not SeatState.COPY)
    return PathRow(
        label=each.label,
        state=str(words[visit.state]),
        color=_VISIT_COLORS[visit.state],
        people=people,
        notes=tuple(notes),
    )


def _seat_words(seat: SeatView) -> str:
    words = {
        SeatState.APPROVED: _("approved"),
        SeatState.REJECTED: _("rejected"),
        SeatState.RETURNED: _("returned it"),
        SeatState.PASSED: _("passed it on"),
        SeatState.CLOSED: _("no longer asked"),
    }
    name = seat.name
    if seat.stand_in:
        name = str(_("%(name)s (away, %(other)s stands in)", name=seat.name, other=seat.stand_in))
    elif seat.decided_by:
        name = str(_("%(other)s for %(name)s", name=seat.name, other=seat.decided_by))
    said = words.get(seat.state)
    return f"{name} · {said}" if said is not None else name


def _expected(step: PathStep, formats: Formats) -> PathRow:
    words = {
        "asked": (_("Will be asked"), "blue"),
        "choose": (_("You choose"), "purple"),
        "nobody": (_("Nobody is found"), "amber"),
        "stuck": (_("Can't be told"), "amber"),
        "skip": (_("Left out"), "gray"),
        "approve": (_("Approved by its condition"), "green"),
        "reject": (_("Rejected by its condition"), "red"),
    }
    said, color = words[step.state]
    notes = [
        *_mode_note(step.mode, step.needed, len(step.people)),
        *_condition_notes(step.condition),
        *_due_note(step.due_at, formats),
    ]
    if step.note:
        notes.append(step.note)
    people = tuple(_person_words(each) for each in step.people)
    return PathRow(label=step.label, state=str(said), color=color, people=people, notes=tuple(notes))


def _person_words(person: PathPerson) -> str:
    if not person.stand_in:
        return person.name
    return str(_("%(name)s (away, %(other)s stands in)", name=person.name, other=person.stand_in))


def _mode_note(mode: Mode, needed: int, people: int) -> Iterable[str]:
    if people < 2:
        return
    match mode:
        case Mode.ANY:
            yield str(_("Any one decides"))
        case Mode.ALL:
            yield str(_("All must agree"))
        case Mode.QUORUM:
            yield str(_("%(count)s must agree", count=needed))
        case Mode.LISTED:
            if needed > 1:
                yield str(_("One of each listed must agree"))


def _due_note(due_at: dt.datetime | None, formats: Formats) -> list[str]:
    return [] if due_at is None else [str(_("Due %(day)s", day=formats.datetime(due_at)))]


def _condition_notes(condition: ConditionPart | None) -> Iterable[str]:
    if condition is None:
        return
    verdict = _("holds") if condition.value is True else _("does not hold")
    yield str(verdict) if condition.masked else f"{condition.text}: {verdict}"


def _entry(number: int, event: EventView, formats: Formats) -> TimelineEntry:
    icon, color = event_look(event.kind)
    who = event.actor
    if event.for_user and event.actor:
        who = str(_("%(other)s for %(name)s", name=event.for_user, other=event.actor))
    title = event_words(event.kind)
    told = [*([", ".join(event.people)] if event.people else []), *([event.comment] if event.comment else [])]
    return TimelineEntry(
        id=f"approval-event-{number}",
        icon=icon,
        color=color,
        title=f"{title} · {event.step}" if event.step else title,
        who=who,
        iso=event.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(event.at),
        body="\n".join(told),
    )
