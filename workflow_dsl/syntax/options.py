"""Syntax nodes of the options at the end of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow_dsl.syntax.actions import Action
from workflow_dsl.syntax.base import Name, SyntaxNode


class Option(SyntaxNode):
    """Base of the options at the end of a rule."""

    __slots__ = ()


class RunAs(StrEnum):
    """Whose rights a rule's actions have."""

    USER = "user"
    OWNER = "owner"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority(Option):
    """`priority 10`."""

    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsAs(Option):
    """`as user | owner | system`."""

    who: RunAs


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode(Option):
    """`mode single | restart | queued | parallel`."""

    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk(Option):
    """`bulk each | once | skip`."""

    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncePerRecord(Option):
    """`once per record [per day | ever]`; `period` is hour, day, week, month, ever or None."""

    period: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Option):
    """`limit 100 per hour`."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Option):
    """`retry 5 times`."""

    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFailure(Option):
    """`on failure …`."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed(Option):
    """`missed skip | once | all`."""

    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCalendar(Option):
    """`calendar business_cn`."""

    calendar: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Inactive(Option):
    """`inactive`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowLoop(Option):
    """`allow loop at most 3`."""

    times: int
