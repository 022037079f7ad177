"""What every syntax node has: its place; and the bases that the topics of the tree build on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from metamodel.source import NOWHERE, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters `start` to `end` (exclusive) of the parsed text, and where the first of them stands in its file."""

    start: int
    end: int
    location: Location

    @property
    def length(self) -> int:
        """How many characters it covers, at least one."""
        return max(1, self.end - self.start)


NO_SPAN = Span(start=0, end=0, location=NOWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxNode:
    """Anything an author wrote; `at` says where and is left out of comparison."""

    at: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(SyntaxNode):
    """One word: a field, a segment of a path, the name of a rule."""

    text: str


class Expr(SyntaxNode):
    """Base of everything that has a value."""

    __slots__ = ()


class DurationUnit(StrEnum):
    """Units that durations and periods are written in."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
