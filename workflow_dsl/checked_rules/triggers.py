"""Checked triggers: what the engine's index finds a rule by."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedValue
from workflow_dsl.syntax import CalendarTimes, Cron, EventKind, Interval, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTrigger:
    """A trigger on saves or deletions of an object's records: the key that the index finds the rule by.

    kinds: created, updated, deleted (`saved` is the first two). field: it must have changed (be filled, on creation).
    before, after: what it changes from and to. match: what holds after the save and not before; watched: what turns it.
    """

    object: str
    kinds: frozenset[EventKind]
    text: str
    field: str | None = None
    before: CheckedValue | None = None
    after: CheckedValue | None = None
    match: CheckedValue | None = None
    watched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentTrigger:
    """A trigger at a moment relative to a date or datetime field."""

    object: str
    field: str
    moment: Moment
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTrigger:
    """A trigger that fires when a condition has held of a record for a time.

    watched: the fields whose change may turn the condition or the time.
    """

    object: str
    match: CheckedValue
    duration: CheckedValue
    text: str
    watched: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTrigger:
    """A trigger by the calendar."""

    schedule: Interval | Cron | CalendarTimes
    text: str
