"""Syntax nodes of what may follow `every`."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.syntax.base import SyntaxNode
from workflow_dsl.syntax.literals import DurationLiteral, TimeLiteral


class Schedule(SyntaxNode):
    """Base of what may follow `every`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Schedule):
    """`every 15 minutes`."""

    duration: DurationLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron(Schedule):
    """`every cron "0 9 * * 1" in "Asia/Shanghai"`."""

    expression: str
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNumber(SyntaxNode):
    """`day 15`, or `last day` where `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTimes(Schedule):
    """`every monday, friday at 09:00, 17:00`, `every month on day 1, last day at 08:00`."""

    days: tuple[str, ...]
    times: tuple[TimeLiteral, ...]
    day_numbers: tuple[DayNumber, ...] = ()
    zone: str | None = None
