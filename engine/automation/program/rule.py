"""A rule as a whole, as it is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.automation.program.approvals import OnApproval
from engine.automation.program.base import Action, Rows, Value
from engine.automation.program.calls import OnCall
from engine.automation.program.triggers import OnHeld, OnMoment, OnRecord, OnSchedule
from workflow_dsl.workdays import BusinessCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One rule.

    object: key of its record's object, None where it has none. condition: its `if`. otherwise: its `else`.
    runs_as: user, owner or system. text, at: the rule as written and where. each, each_name: the records that a
    schedule runs for, and the name they were given beside `this`. label: as its text gives it; labels: in further
    languages. calendar: by which business time counts, None = the one in force. mode: how runs of one record
    meet. once: the period in which it runs once a record (`ever` too). limit, limit_unit: how often it runs at most.
    on_failure: what is done when it has failed; it sees no names that the actions before gave.
    """

    name: str
    label: str | None
    text: str
    at: str
    app: str
    is_before: bool
    object: str | None
    actions: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()
    condition: Value | None = None
    on_record: tuple[OnRecord, ...] = ()
    on_moment: tuple[OnMoment, ...] = ()
    on_held: tuple[OnHeld, ...] = ()
    on_schedule: tuple[OnSchedule, ...] = ()
    on_call: tuple[OnCall, ...] = ()
    on_approval: tuple[OnApproval, ...] = ()
    priority: int = 0
    runs_as: str = "user"
    retries: int | None = None
    loop_limit: int = 1
    bulk: str = "each"
    missed: str = "once"
    calendar: BusinessCalendar | None = None
    mode: str = "queued"
    once: str | None = None
    limit: int | None = None
    limit_unit: str = ""
    on_failure: tuple[Action, ...] = ()
    active: bool = True
    each: Rows | None = None
    each_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def called(self, language: str) -> str:
        """Give its label in a language, else as its text gives it, else its name."""
        return self.labels.get(language) or self.label or self.name

    @property
    def order(self) -> tuple[int, str]:
        """Its place among rules of one event."""
        return (self.priority, self.name)
