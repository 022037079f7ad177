"""What starts a rule."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Value
from workflow_dsl.syntax import CalendarTimes, Cron, Interval, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """A trigger on records.

    kinds: created, updated, deleted, restored. field: it must have changed. before, after: values it changes from, to.
    match: what must hold now and not before, an edge; watched: the fields that may turn it.
    """

    object: str
    kinds: frozenset[str]
    text: str
    field: str | None = None
    before: Value | None = None
    after: Value | None = None
    match: Value | None = None
    watched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMoment:
    """A trigger at a time relative to a field's value."""

    object: str
    field: str
    moment: Moment
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHeld:
    """A trigger that fires when a condition has held of a record for a time.

    watched: the fields that may turn the condition or the time. business: whether the time may be business time.
    """

    object: str
    match: Value
    duration: Value
    text: str
    watched: frozenset[str]
    business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSchedule:
    """A trigger by the calendar."""

    schedule: Interval | Cron | CalendarTimes
    text: str
