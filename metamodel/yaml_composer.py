"""Builds the tree of a YAML text from the events of PyYAML's C parser, and refuses what a file may not hold.

Duplicate keys, tags, recursive or exploding aliases and several documents in one file are problems with a place. Dates
stay texts, since what a text means is the business of the field that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import repeat
from typing import Any

import yaml

from metamodel.source import Location, Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, SourceText

MAX_DEPTH = 50
MAX_NODES = 100_000
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")

ScalarValue = str | int | Decimal | bool | None
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}\Z", re.ASCII)
_OCTAL_OR_HEX = re.compile(r"0o[0-7]{1,30}\Z|0x[0-9a-fA-F]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,60}|[0-9]{1,60}(?:\.[0-9]{0,60})?)(?:[eE][-+]?[0-9]{1,3})?\Z", re.ASCII)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CORE_TAGS = frozenset(("!",))
_Mark = Any  # yaml's stubs know two kinds of mark, and None


def resolve_scalar(text: str) -> ScalarValue:
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


class Refused(Exception):
    """Ends the reading of a file whose problem has been reported."""


class Words(dict[str, ScalarValue]):
    """What plain words mean. Most words of an app stand in it many times; each is looked at when it is first met."""

    def __missing__(self, word: str) -> ScalarValue:
        value = self[word] = resolve_scalar(word)
        return value


class Composer:
    """Builds the tree without recursion, counting what aliases stand for."""

    def __init__(self, source: SourceText, problems: Problems, line_offset: int, words: Words) -> None:
        self._source = source
        self._problems = problems
        self._lines = 1 + line_offset
        self._words = words
        self._anchored: dict[str, tuple[Node, int]] = {}
        # Collections that have not ended: where each starts, what stands in the one around it, the count before it.
        self._stack: list[tuple[Any, list[Node], int]] = []
        # What stands in the innermost of them, first of all the document.
        self._items: list[Node] = []
        # Values in collections that have ended, and those that aliases stand for.
        self._count = 0
        self._documents = 0

    def compose(self) -> Node | None:
        """Read all events; None for an empty file.

        Raises: Refused; yaml.YAMLError.
        """
        steps: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close_mapping,
            yaml.SequenceEndEvent: self._close_sequence,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        next_event: Callable[[], Any] = yaml.CSafeLoader(self._source.text).get_event
        source, words, lines, new = self._source, self._words, self._lines, tuple.__new__
        scalar_event: type[Any] = yaml.ScalarEvent
        append = self._items.append
        while (event := next_event()) is not None:
            if type(event) is scalar_event and not event.style and event.anchor is None and event.tag is None:
                # What `_scalar` would do, without the calls: most of a file are plain words.
                # `tuple.__new__` is what Scalar(...) comes down to.
                text = event.value
                mark: _Mark = event.start_mark
                append(new(Scalar, (
                    source, words[text], text, mark.line + lines, mark.column + 1, mark.index, event.end_mark.index, "",
                )))  # fmt: skip
            elif (step := steps.get(type(event))) is not None:
                step(event)
                append = self._items.append
        return self._items[0] if self._items else None

    def _place(self, mark: _Mark) -> Location:
        return Location(file=self._source.file, line=mark.line + self._lines, column=mark.column + 1)

    def _refuse(self, code: str, message: str, at: Location, hint: str = "") -> Refused:
        self._problems.report(code, message, at, hint=hint)
        return Refused()

    def _refuse_count(self, at: Location) -> Refused:
        message = f"this file holds more than {MAX_NODES:,} values, those that aliases stand for included"
        return self._refuse("APP106", message, at)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            at = self._place(event.start_mark)
            raise self._refuse("APP107", "a file holds one document; here a second one starts", at)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        plain = not event.style
        if event.tag is not None and (event.tag not in _CORE_TAGS):
            self._report_tag(event)
        mark: _Mark = event.start_mark
        end: _Mark = event.end_mark
        text = event.value
        if event.style == '"' and (found := FORBIDDEN.search(text)) is not None:
            message = f"the character U+{ord(found.group()):04X} is not allowed here"
            raise self._refuse("APP102", message, self._place(mark), "remove it")
        value = resolve_scalar(text) if plain and event.tag is None else text
        node = Scalar(
            self._source, value, text, mark.line + self._lines, mark.column + 1, mark.index, end.index,
            event.style or "",
        )  # fmt: skip
        self._items.append(node)
        if event.anchor is not None:
            self._anchored[event.anchor] = (node, 1)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag is not None and event.tag not in _CORE_TAGS:
            self._report_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            at = self._place(event.start_mark)
            raise self._refuse("APP106", f"this is nested deeper than {MAX_DEPTH} levels", at)
        self._stack.append((event, self._items, self._count))
        self._items = []

    def _close_mapping(self, event: yaml.MappingEndEvent) -> None:
        started, items = self._stack[-1][0], self._items
        at = started.start_mark
        keys, values = items[::2], items[1::2]
        names = {key.text for key in keys if type(key) is Scalar}
        if len(names) == len(keys):
            # What Entry(key, value) comes down to; there is one for each key of an app.
            entries = tuple(map(tuple.__new__, repeat(Entry), zip(keys, values, strict=True)))
        else:
            entries = self._sound_entries(keys, values)
        self._close(tuple.__new__(Mapping, (
            self._source, entries, at.line + self._lines, at.column + 1, started.flow_style is True,
        )))  # fmt: skip

    def _close_sequence(self, event: yaml.SequenceEndEvent) -> None:
        started, items = self._stack[-1][0], self._items
        at = started.start_mark
        self._close(tuple.__new__(Sequence, (
            self._source, tuple(items), at.line + self._lines, at.column + 1, started.flow_style is True,
        )))  # fmt: skip

    def _close(self, node: Node) -> None:
        started, above, before = self._stack.pop()
        items = self._items
        self._count += len(items)
        if self._count > MAX_NODES:
            raise self._refuse_count(items[max(0, len(items) - (self._count - MAX_NODES))].at)
        above.append(node)
        self._items = above
        if started.anchor is not None:
            self._anchored[started.anchor] = (node, self._count - before + 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        found = self._anchored.get(event.anchor or "")
        if found is None:
            inside = any(started.anchor == event.anchor for started, _, _ in self._stack)
            what = "stands for something it is part of" if inside else "has no anchor above it"
            raise self._refuse("APP105", f"the alias '*{event.anchor}' {what}", self._place(event.start_mark))
        node, size = found
        self._items.append(node)
        self._count += size - 1
        if self._count + len(self._items) > MAX_NODES:
            raise self._refuse_count(self._place(event.start_mark))

    def _sound_entries(self, keys: list[Node], values: list[Node]) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, Scalar):
                self._problems.report("APP103", "a key must be a name, not a list or a mapping", key.at)
            elif key.text in entries:
                first = entries[key.text].key
                message = f"'{key.text}' is written twice in one mapping"
                hint = f"it stands in line {first.line} already"
                self._problems.report("APP103", message, key.at, hint=hint, length=key.length)
            else:
                entries[key.text] = Entry(key, value)
        return tuple(entries.values())

    def _report_tag(self, event: yaml.NodeEvent) -> None:
        tag = getattr(event, "tag", "")
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._problems.report("APP104", f"the tag '{shown}' is not known; files here have no tags",
                             self._place(event.start_mark))  # fmt: skip
