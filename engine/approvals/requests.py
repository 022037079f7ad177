"""What there is of a request: where it stands, its steps, who was asked, what everybody did. Plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class RequestState(StrEnum):
    """Where a request stands; the last three are its end."""

    OPEN = "open"
    PARKED = "parked"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    RECALLED = "recalled"

    @property
    def is_open(self) -> bool:
        """Whether it may still be decided."""
        return self in (RequestState.OPEN, RequestState.PARKED, RequestState.RETURNED)


class VisitState(StrEnum):
    """How a step stands or went."""

    OPEN = "open"
    PARKED = "parked"
    APPROVED = "approved"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    RETURNED = "returned"
    RECALLED = "recalled"


class SeatState(StrEnum):
    """How a person stands to a step: asked, decided, no longer asked (passed on or over), or only told of it."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    PASSED = "passed"
    CLOSED = "closed"
    COPY = "copy"


class Mode(StrEnum):
    """How many of those asked must agree."""

    ANY = "any"
    ALL = "all"
    QUORUM = "quorum"
    LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. release: whose approval it follows. visit: number of the step it came to last, 0 before the first.

    chosen: step → people chosen at submit. may_edit: fields that may be changed though the record is locked.
    """

    id: str
    approval: str
    release: int
    object: str
    record_id: str
    record_title: str | None
    state: RequestState
    locks: bool
    visit: int
    submitter: str | None
    submitted_at: dt.datetime
    chosen: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    may_edit: tuple[str, ...] = ()
    reason: str | None = None
    finished_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request at a step. place: the step's number. needed: so many must agree. explained: its condition, in parts."""

    request_id: str
    number: int
    step: str
    place: int
    state: VisitState
    entered_at: dt.datetime
    mode: Mode = Mode.ANY
    needed: int = 1
    explained: Any = None
    note: str | None = None
    due_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    worked_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person asked in a visit. part: which of the step's listed people the person stands for."""

    id: str
    request_id: str
    visit: int
    user_id: str
    part: int
    came_by: str
    state: SeatState
    from_user: str | None = None
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    link_used_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a request. actor: None = the product. for_user: for whom a stand-in acted."""

    request_id: str
    at: dt.datetime
    kind: str
    visit: int | None = None
    step: str | None = None
    actor: str | None = None
    for_user: str | None = None
    people: tuple[str, ...] = ()
    comment: str | None = None
