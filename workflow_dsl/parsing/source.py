"""The text being parsed and how its characters map to the author's file, also inside a text inside a rule.

A text in quotes is decoded before its `{expression}` parts are parsed; the map keeps every place true despite escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metamodel.quick_making import quickly_made
from metamodel.source import LocatedText
from workflow_dsl.syntax import Span


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text to parse.

    outer: the author's text that spans count in. base: offset in `outer` of the first character. offsets: for each
    character of `text` and its end, the offset in `outer`; None when they follow each other from `base`.
    """

    text: str
    outer: LocatedText
    base: int = 0
    offsets: Sequence[int] | None = None

    @staticmethod
    def of(text: LocatedText) -> Source:
        """Take a whole located text."""
        return Source(text=text.text, outer=text)

    def outer_offset(self, offset: int) -> int:
        """Give the offset in the author's text of a character of this one."""
        if self.offsets is None:
            return self.base + offset
        return self.offsets[min(offset, len(self.offsets) - 1)]

    def span(self, start: int, end: int) -> Span:
        """Give the place of characters `start` to `end`."""
        if self.offsets is None:
            base = self.base
            # What Span(…) comes down to; each node of each expression has one.
            return tuple.__new__(Span, (base + start, base + (end if end > start else start), self.outer))
        first = self.outer_offset(start)
        return Span(first, max(first, self.outer_offset(end)), self.outer)

    def part(self, start: int, end: int) -> Source:
        """Cut out a part that is parsed by itself."""
        offsets = None if self.offsets is None else self.offsets[start : end + 1]
        return Source(text=self.text[start:end], outer=self.outer, base=self.base + start, offsets=offsets)
