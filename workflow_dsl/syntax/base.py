"""What every syntax node has: its place; and the bases that the topics of the tree build on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from metamodel.quick_making import quickly_made
from metamodel.source import NOWHERE, LocatedText, Location


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text of the author's; where that is in its file is told when asked.

    A tuple, since each node of each expression has one and few are ever asked.
    """

    start: int
    end: int
    text: LocatedText

    @property
    def location(self) -> Location:
        """Where the first of the characters stands."""
        return self.text.locate(self.start)

    @property
    def length(self) -> int:
        """How many characters it covers, at least one."""
        return max(1, self.end - self.start)


NO_SPAN = Span(0, 0, LocatedText(text="", at=NOWHERE))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxNode:
    """Anything an author wrote; `at` says where and is left out of comparison."""

    at: Span = field(default=NO_SPAN, compare=False, repr=False)


@quickly_made
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
