"""Reads YAML text into nodes with places: PyYAML's C parser, YAML 1.2 core scalars, and limits on what a file may hold.

Duplicate keys, tags, recursive or exploding aliases, control characters and several documents in one file are
problems with a place. Dates stay texts, since what a text means is the business of the field that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from typing import Any

import yaml

from metamodel.source import Location, Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, SourceText

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 100_000

_INTEGER = re.compile(r"[-+]?[0-9]{1,100}\Z", re.ASCII)
_OCTAL_OR_HEX = re.compile(r"0o[0-7]{1,30}\Z|0x[0-9a-fA-F]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,60}|[0-9]{1,60}(?:\.[0-9]{0,60})?)(?:[eE][-+]?[0-9]{1,3})?\Z", re.ASCII)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_CORE_TAGS = frozenset(("!",))
_Mark = Any  # yaml's stubs know two kinds of mark, and None
QUOTE_HINT = "text or a condition that holds , [ ] { } must be quoted inside { }"


def read_yaml(source: SourceText, problems: Problems, *, line_offset: int = 0) -> Node | None:
    """Read a file's text; None where it is empty or can't be read at all.

    line_offset: lines of the file that stand above the text (front matter of a template).
    Problems: APP101 – APP109.
    """
    if not _is_within_limits(source, problems):
        return None
    composer = _Composer(source=source, problems=problems, line_offset=line_offset)
    try:
        return composer.compose()
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, source, problems, line_offset)
    except yaml.YAMLError as error:
        problems.report("APP101", f"this is not YAML: {error}", Location(file=source.file))
    except _Refused:
        pass
    return None


def resolve_scalar(text: str) -> str | int | Decimal | bool | None:
    """Give the value of a plain scalar by the YAML 1.2 core schema; numbers are exact, `.inf` and `.nan` stay texts."""
    if text in _WORDS:
        return _WORDS[text]
    if not (text[0].isdigit() or text[0] in "-+."):
        return text
    if _INTEGER.match(text):
        return int(text)
    if _OCTAL_OR_HEX.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return Decimal(text)
    return text


class _Refused(Exception):
    """Ends the reading of a file whose problem has been reported."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been reached."""

    at: _Mark
    flow: bool
    anchor: str | None
    is_mapping: bool
    items: list[Node]
    size: int


@dataclass(slots=True)
class _Composer:
    """Builds the tree from the parser's events without recursion, counting what aliases stand for."""

    source: SourceText
    problems: Problems
    line_offset: int
    anchored: dict[str, tuple[Node, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    count: int = 0
    documents: int = 0
    root: Node | None = None

    def compose(self) -> Node | None:
        """Read all events."""
        steps: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        next_event: Callable[[], Any] = yaml.CSafeLoader(self.source.text).get_event
        source, stack, lines, new = self.source, self.stack, 1 + self.line_offset, tuple.__new__
        scalar_event: type[Any] = yaml.ScalarEvent
        none_open = _Open(None, False, None, False, [], 0)
        words: dict[str, str | int | Decimal | bool | None] = {}
        above = none_open
        while (event := next_event()) is not None:
            if (
                type(event) is scalar_event and not event.style and event.anchor is None and event.tag is None
                and above is not none_open and self.count < MAX_NODES
            ):  # fmt: skip
                # What `_scalar` and `_add` would do, without the calls: most of a file are plain words, many of them
                # the same. `tuple.__new__` is what Scalar(...) comes down to.
                text = event.value
                if text not in words:
                    words[text] = resolve_scalar(text)
                mark: _Mark = event.start_mark
                end: _Mark = event.end_mark
                above.items.append(new(Scalar, (
                    source, words[text], text, mark.line + lines, mark.column + 1, mark.index, end.index, "",
                )))  # fmt: skip
                above.size += 1
                self.count += 1
            elif (step := steps.get(type(event))) is not None:
                step(event)
                above = stack[-1] if stack else none_open
        return self.root

    def _place(self, mark: _Mark) -> Location:
        return Location(file=self.source.file, line=mark.line + 1 + self.line_offset, column=mark.column + 1)

    def _refuse(self, code: str, message: str, mark: _Mark, hint: str = "") -> _Refused:
        self.problems.report(code, message, self._place(mark), hint=hint)
        return _Refused()

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._refuse("APP107", "a file holds one document; here a second one starts", event.start_mark)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        plain = not event.style
        if event.tag is not None and (event.tag not in _CORE_TAGS):
            self._report_tag(event)
        mark: _Mark = event.start_mark
        end: _Mark = event.end_mark
        text = event.value
        if event.style == '"' and (found := _FORBIDDEN.search(text)) is not None:
            message = f"the character U+{ord(found.group()):04X} is not allowed here"
            raise self._refuse("APP102", message, mark, "remove it")
        value = resolve_scalar(text) if plain and event.tag is None else text
        node = Scalar(
            self.source, value, text, mark.line + 1 + self.line_offset, mark.column + 1,
            mark.index, end.index, event.style or "",
        )  # fmt: skip
        self._add(node, 1, event.anchor, mark)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag is not None and event.tag not in _CORE_TAGS:
            self._report_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            raise self._refuse("APP106", f"this is nested deeper than {MAX_DEPTH} levels", event.start_mark)
        is_mapping = type(event) is yaml.MappingStartEvent
        self.stack.append(_Open(event.start_mark, bool(event.flow_style), event.anchor, is_mapping, [], 1))

    def _close(self, event: yaml.MappingEndEvent | yaml.SequenceEndEvent) -> None:
        closed = self.stack.pop()
        at = closed.at
        line, column = at.line + 1 + self.line_offset, at.column + 1
        node: Node
        if closed.is_mapping:
            node = tuple.__new__(Mapping, (self.source, self._entries(closed.items), line, column, closed.flow))
        else:
            node = tuple.__new__(Sequence, (self.source, tuple(closed.items), line, column, closed.flow))
        self._add(node, closed.size, closed.anchor, at)

    def _alias(self, event: yaml.AliasEvent) -> None:
        found = self.anchored.get(event.anchor or "")
        if found is None:
            inside = any(item.anchor == event.anchor for item in self.stack)
            what = "stands for something it is part of" if inside else "has no anchor above it"
            raise self._refuse("APP105", f"the alias '*{event.anchor}' {what}", event.start_mark)
        self._add(found[0], found[1], None, event.start_mark, counted=found[1])

    def _add(self, node: Node, size: int, anchor: str | None, mark: _Mark, *, counted: int = 1) -> None:
        self.count += counted
        if self.count > MAX_NODES:
            message = f"this file holds more than {MAX_NODES:,} values, those that aliases stand for included"
            raise self._refuse("APP106", message, mark)
        if anchor is not None:
            self.anchored[anchor] = (node, size)
        if self.stack:
            above = self.stack[-1]
            above.items.append(node)
            above.size += size
        else:
            self.root = node

    def _entries(self, items: list[Node]) -> tuple[Entry, ...]:
        keys, values = items[::2], items[1::2]
        names = {key.text for key in keys if type(key) is Scalar}
        if len(names) == len(keys):
            # What Entry(key, value) comes down to; there is one for each key of an app.
            return tuple(map(tuple.__new__, repeat(Entry), zip(keys, values, strict=True)))
        return self._sound_entries(keys, values)

    def _sound_entries(self, keys: list[Node], values: list[Node]) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, Scalar):
                self.problems.report("APP103", "a key must be a name, not a list or a mapping", key.at)
            elif key.text in entries:
                first = entries[key.text].key
                message = f"'{key.text}' is written twice in one mapping"
                hint = f"it stands in line {first.line} already"
                self.problems.report("APP103", message, key.at, hint=hint, length=key.length)
            else:
                entries[key.text] = Entry(key, value)
        return tuple(entries.values())

    def _report_tag(self, event: yaml.NodeEvent) -> None:
        tag = getattr(event, "tag", "")
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self.problems.report("APP104", f"the tag '{shown}' is not known; files here have no tags",
                             self._place(event.start_mark))  # fmt: skip


def _is_within_limits(source: SourceText, problems: Problems) -> bool:
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > MAX_FILE_BYTES:
        message = f"this file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are allowed"
        problems.report("APP106", message, Location(file=source.file))
        return False
    # What is printable holds none of them; that is told several times as fast as they are looked for.
    found = None if source.text.replace("\n", "").isprintable() else _FORBIDDEN.search(source.text)
    if found is None:
        return True
    line = source.text.count("\n", 0, found.start()) + 1
    column = found.start() - source.text.rfind("\n", 0, found.start())
    message = f"the character U+{ord(found.group()):04X} is not allowed here"
    problems.report("APP102", message, Location(file=source.file, line=line, column=column), hint="remove it")
    return False


_PLAIN_WORDS = (
    ("left open", "this bracket is never closed", "close it; in a text, put the text in quotes"),
    ("did not find expected ',' or '}'", "expected ',' or '}' here", QUOTE_HINT),
    ("did not find expected ',' or ']'", "expected ',' or ']' here", QUOTE_HINT),
    ("mapping values are not allowed in this context", "': ' can't stand here",
     "put a text that holds ': ' in quotes, and check the indentation"),
    ("found character that cannot start any token", "no value can start with this character",
     "put the text in quotes; indent with spaces, not tabs"),
    ("found unexpected end of stream", "this quote is never closed", ""),
    ("did not find expected key", "expected a key here", "check the indentation"),
    ("did not find expected '-' indicator", "expected '-' here", "check the indentation"),
    ("could not find expected ':'", "expected ':' after the key", "check the line above too"),
    ("did not find expected node content", "expected a value here", QUOTE_HINT),
    ("found unknown escape character", "this escape is not known", "in single quotes a \\ stands for itself"),
)  # fmt: skip


def _is_left_open(error: yaml.MarkedYAMLError) -> bool:
    """Tell whether a bracket was opened in an earlier line than the one where the parser gave up."""
    context, found = error.context_mark, error.problem_mark
    if context is None or found is None or "flow" not in (error.context or ""):
        return False
    return context.line != found.line


def _report_syntax(error: yaml.MarkedYAMLError, source: SourceText, problems: Problems, line_offset: int) -> None:
    mark = error.problem_mark or error.context_mark
    text = error.problem or "this is not YAML"
    if text == "found unexpected end of stream" and error.context_mark is not None:
        # What helps is where the quote was opened, not where the file ends.
        mark = error.context_mark
    elif _is_left_open(error):
        mark, text = error.context_mark, "left open"
    at = Location(file=source.file)
    if mark is not None:
        at = Location(file=source.file, line=mark.line + 1 + line_offset, column=mark.column + 1)
    message, hint = next(((m, h) for start, m, h in _PLAIN_WORDS if text.startswith(start)), (text, ""))
    problems.report("APP101", message, at, hint=hint)
