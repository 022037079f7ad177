"""The tree a YAML file is read into: values that know where they stand, and can be cut into located texts.

Nodes are immutable and shared where an alias stands for them. What a file means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from metamodel.source import Anchor, LocatedText, Location
from metamodel.yaml_anchors import find_anchors

_QUOTES = ("'", '"')
PlainData = str | int | Decimal | bool | None | list["PlainData"] | dict[str, "PlainData"]


class SourceText(NamedTuple):
    """A file: its path as shown to authors and its whole text, without a byte order mark."""

    file: str
    text: str


class Scalar(NamedTuple):
    """A single value: `value` by the YAML 1.2 core rules, `text` as written (escapes resolved); style '' is plain."""

    source: SourceText
    value: str | int | Decimal | bool | None
    text: str
    line: int
    column: int
    start: int
    end: int
    style: str = ""

    @property
    def at(self) -> Location:
        """Where it starts; for a quoted value that is its quote."""
        # What Location(…) comes down to; there are some for each field of an app.
        return tuple.__new__(Location, (self[0][0], self[3], self[4]))

    @property
    def located(self) -> LocatedText:
        """The text with the place of each of its characters."""
        source, _, text, line, column, start, end, style = self
        width = len(style) if style in _QUOTES else 0
        # A text without escapes or folds needs no anchors: it stands in the file as it is, after its quote.
        if end - start == len(text) + 2 * width and (not style or source.text[start + 1 : end - 1] == text):
            return LocatedText(text=text, at=tuple.__new__(Location, (source[0], line, column + width)))
        place = Anchor(offset=0, line=self.line, column=self.column)
        written = self.source.text[self.start : self.end]
        anchors = find_anchors(self.text, written, self.style, place)
        first = anchors[0]
        at = Location(file=self.source.file, line=first.line, column=first.column)
        return LocatedText(text=self.text, at=at, anchors=anchors)

    @property
    def plain(self) -> PlainData:
        """The value alone."""
        return self.value

    @property
    def length(self) -> int:
        """How many characters it takes on its first line."""
        return max(1, len(self.source.text[self.start : self.end].split("\n", 1)[0].rstrip()))


class Sequence(NamedTuple):
    """A list of values."""

    source: SourceText
    items: tuple[Node, ...]
    line: int
    column: int
    flow: bool = False

    @property
    def at(self) -> Location:
        """Where it starts."""
        return Location(file=self.source.file, line=self.line, column=self.column)

    @property
    def plain(self) -> PlainData:
        """The values alone."""
        return [item.plain for item in self.items]

    @property
    def length(self) -> int:
        """How many characters a caret underlines."""
        return 1


class Entry(NamedTuple):
    """A key of a mapping with its value."""

    key: Scalar
    value: Node


class Mapping(NamedTuple):
    """Keys and values in the order they were written; keys are texts, each one once."""

    source: SourceText
    entries: tuple[Entry, ...]
    line: int
    column: int
    flow: bool = False

    @property
    def at(self) -> Location:
        """Where it starts: its first key, or its brace."""
        return Location(file=self.source.file, line=self.line, column=self.column)

    @property
    def plain(self) -> PlainData:
        """Keys and values alone."""
        return {entry.key.text: entry.value.plain for entry in self.entries}

    @property
    def length(self) -> int:
        """How many characters a caret underlines."""
        return 1

    def get(self, key: str) -> Node | None:
        """Give the value of a key, or None where it is not written."""
        for written, value in self.entries:
            if written.text == key:
                return value
        return None

    def key(self, key: str) -> Scalar | None:
        """Give the key itself, for its place."""
        for entry in self.entries:
            if entry[0].text == key:
                return entry[0]
        return None

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Go through keys and values."""
        return iter(self.entries)


Node = Scalar | Sequence | Mapping
