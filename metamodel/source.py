"""Places in an author's files, texts that know where they came from, and the problems found in them.

This module knows nothing of what a file means; it only answers "where is this?" and collects findings, so that every
later layer (schema, links, expressions, rules) reports in one form: `file:line:col CODE message`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from metamodel.quick_making import quickly_made


class Location(NamedTuple):
    """A place in a file; lines and columns count from 1, `file` is the path as shown to the author.

    A tuple, since there are some for each word of an app.
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Location(file="<none>")


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Anchor:
    """Says that the character at `offset` of a text stands at `line`, `column` of the file; those after it follow."""

    offset: int
    line: int
    column: int


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedText:
    """A text of an author (expression, message, rule file) that can say where each of its characters stands.

    `anchors` are ascending by offset; the first one has offset 0. Between two anchors columns count on by one a
    character and a line feed in the text starts the next line at column 1.
    """

    text: str
    at: Location
    anchors: tuple[Anchor, ...] = field(default=(), compare=False, repr=False)

    @staticmethod
    def plain(text: str, file: str = "<expression>") -> LocatedText:
        """Make a located text of something that has no file, such as a filter typed by a user."""
        return LocatedText(text=text, at=Location(file=file))

    def locate(self, offset: int) -> Location:
        """Give the place of the character at `offset` (0 … len(text))."""
        if not self.anchors and "\n" not in self.text:
            return Location(file=self.at.file, line=self.at.line, column=self.at.column + min(offset, len(self.text)))
        anchor = Anchor(offset=0, line=self.at.line, column=self.at.column)
        if self.anchors:
            index = bisect_right(self.anchors, offset, key=lambda item: item.offset) - 1
            if index >= 0:
                anchor = self.anchors[index]
        between = self.text[anchor.offset : offset]
        line_feeds = between.count("\n")
        if line_feeds:
            return Location(file=self.at.file, line=anchor.line + line_feeds, column=len(between) - between.rfind("\n"))
        return Location(file=self.at.file, line=anchor.line, column=anchor.column + len(between))

    def part(self, start: int, end: int) -> LocatedText:
        """Cut out characters `start` to `end` (exclusive) with their places kept."""
        at = self.locate(start)
        inner = [Anchor(offset=0, line=at.line, column=at.column)]
        inner += [
            Anchor(offset=anchor.offset - start, line=anchor.line, column=anchor.column)
            for anchor in self.anchors
            if start < anchor.offset < end
        ]
        return LocatedText(text=self.text[start:end], at=at, anchors=tuple(inner))


class Severity(StrEnum):
    """How much a problem matters: an error keeps a folder from becoming a release."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A located finding on a definition.

    `code` is APPnnn, OBJnnn, EXPnnn, RULnnn or PLGnnn and has a line in docs/errors.md; `length` is how many characters
    the caret underlines; `hint` is a further sentence ("did you mean 'amount'?").
    """

    code: str
    message: str
    at: Location
    hint: str = ""
    severity: Severity = Severity.ERROR
    length: int = 1

    @property
    def sentence(self) -> str:
        """The message with its hint, as one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        return f"{self.at} {self.code} {self.sentence}"


class Problems:
    """Collects the problems of one pass over a folder; iterating gives them sorted by place, without doubles."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self._found: dict[Problem, None] = dict.fromkeys(found)

    def add(self, problem: Problem) -> None:
        """Remember a problem; the same one twice counts once."""
        self._found[problem] = None

    def report(
        self,
        code: str,
        message: str,
        at: Location,
        *,
        hint: str = "",
        severity: Severity = Severity.ERROR,
        length: int = 1,
    ) -> None:
        """Add a problem made of its parts."""
        self.add(Problem(code=code, message=message, at=at, hint=hint, severity=severity, length=length))

    def extend(self, found: Iterable[Problem]) -> None:
        """Add several problems."""
        for problem in found:
            self.add(problem)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found, key=lambda p: (p.at, p.code, p.message)))

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that keep the folder from becoming a release."""
        return tuple(p for p in self if p.severity is Severity.ERROR) if self._found else ()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those an author should look at."""
        return tuple(p for p in self if p.severity is Severity.WARNING)


def render_problem(problem: Problem, sources: Mapping[str, str]) -> str:
    """Render `file:line:col CODE message`, the source line and a caret under the offending characters.

    sources: file as in `Location.file` → its whole text; a file that is absent gives the first line only.
    """
    first = str(problem)
    if problem.severity is not Severity.ERROR:
        first = f"{problem.at} {problem.code} {problem.severity.value}: {problem.sentence}"
    text = sources.get(problem.at.file)
    lines = text.splitlines() if text is not None else []
    if not 1 <= problem.at.line <= len(lines):
        return first
    line = lines[problem.at.line - 1]
    stripped = line.lstrip()
    column = max(problem.at.column - 1 - (len(line) - len(stripped)), 0)
    carets = "^" * max(1, min(problem.length, len(stripped) - column))
    pad = "".join(" " * _cells(character) for character in stripped[:column])
    return f"{first}\n   {stripped}\n   {pad}{carets}"


def _cells(character: str) -> int:
    # East Asian wide characters take two cells of a terminal; the caret must stand below its character.
    return 2 if ord(character) > 0x2E7F else 1
