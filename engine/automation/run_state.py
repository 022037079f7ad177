"""What a run is while it is worked on: who it acts for, what happened, where it stands. Plain values, no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class RunState(StrEnum):
    """Where a run is in its life; the last five are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    DISMISSED = "dismissed"
    CANCELLED = "cancelled"


OPEN_STATES = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was true when the rule matched.

    old: stored values before the save, empty on creation. changed: fields the save changed. this: the record's last
    values where it is gone (deletion). explained: the condition with the values of its parts. matched: likewise what
    the record came to match, where its trigger is one. holds: what the condition gave, None where it is judged when the
    run begins. facts: of a timer or schedule (`due`, `field`).
    """

    old: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    changed: tuple[str, ...] = ()
    this: Mapping[str, Any] | None = None
    explained: Any = None
    matched: Any = None
    holds: bool | None = None
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as its row has it.

    actor: user id, origin and language of who caused it. segment: number of the piece that may work on it.
    begun: how often a piece began without getting a step further. tries: of the outside step at hand. turn: it was let
    in beside the other runs of its rule and record. beside: there were others when it was taken. failing: the error
    that `on failure` is about, while its actions are done. failures: how often it has come to that.
    """

    id: str
    rule: str
    rule_text: str
    release: int
    object: str | None
    record_id: str | None
    event: str
    snapshot: Snapshot
    actor: Mapping[str, Any]
    root: str
    state: RunState
    created_at: dt.datetime
    record_title: str | None = None
    cause_run: str | None = None
    cause_step: str | None = None
    chain: tuple[str, ...] = ()
    depth: int = 0
    segment: int = 0
    begun: int = 0
    tries: int = 0
    lease: int = 0
    actions: int = 0
    rows: int = 0
    error: str | None = None
    outcome: str | None = None
    turn: bool = False
    beside: bool = False
    failing: Mapping[str, Any] | None = None
    failures: int = 0

    @property
    def link(self) -> str:
        """This run as a link of the chains of what it causes: its rule and record."""
        return link_text(self.rule, self.object, self.record_id)

    def key(self, path: str) -> str:
        """Give the idempotency key of a step: the same over all tries and restarts."""
        return f"{self.id}:{path}"


def link_text(rule: str, object_key: str | None, record_id: str | None) -> str:
    """Name a rule and its record in a chain."""
    return f"{rule} ({object_key} {record_id})" if record_id else rule


class LeaseLost(Exception):
    """Another worker has taken the run over; whatever this one still holds must not be committed."""


class StepFailed(Exception):
    """A step did not work.

    permanent: trying again changes nothing. retry_after_s: what the other side asked for. path, action: of the step,
    if known.
    """

    def __init__(self, reason: str, *, permanent: bool = True, retry_after_s: float | None = None) -> None:
        self.reason = reason
        self.path: str | None = None
        self.action = ""
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class TargetPaused(StepFailed):
    """What the step calls is paused since it keeps failing: the step was not tried and waits until then."""

    def __init__(self, target: str, until: dt.datetime, reason: str) -> None:
        self.target = target
        self.until = until
        super().__init__(reason, permanent=False)
