"""Formats a rules file: each item in the canonical form, each comment at the word it stood at.

A comment on a line of its own belongs to the word after it, one at the end of a line to the word before it. Empty lines
that set comments between the items apart stay, one each. The words of the old and the new text are laid side by side to
find those again; a file that does not parse stays as it is.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from metamodel.source import LocatedText
from workflow_dsl.parser import parse_rules
from workflow_dsl.printer_rules import print_rules

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<word>\w+)|(?P<sign>[^\s\w])""",
    re.VERBOSE,
)

_BLANK_BELOW = re.compile(r"[ \t]*\n[ \t]*\n")


class _Comment(NamedTuple):
    """A comment and the number of the word that it belongs to; after: whether it ends a line.

    blank_above, blank_below: whether an empty line stands next to it.
    """

    text: str
    word: int
    after: bool
    blank_above: bool
    blank_below: bool


class _Words(NamedTuple):
    words: tuple[str, ...]
    lines: tuple[int, ...]
    comments: tuple[_Comment, ...]


def format_rules(text: str) -> str:
    """Give the canonical form of a rules file; a text with a mistake is given back unchanged."""
    if not _TOKEN.search(text):
        return ""
    parsed = parse_rules(LocatedText.plain(text, "format.rules"))
    if parsed.problems.errors:
        return text
    if not parsed.items:
        return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
    printed = print_rules(parsed.items)
    again = parse_rules(LocatedText.plain(printed, "format.rules"))
    if again.problems.errors or again.items != parsed.items:
        return text
    old, new = _words(text), _words(printed)
    return _with_comments(printed, old, new) if old.comments else printed


def _words(text: str) -> _Words:
    words: list[str] = []
    lines: list[int] = []
    comments: list[_Comment] = []
    for found in _TOKEN.finditer(text):
        line = text.count("\n", 0, found.start())
        if found.lastgroup != "comment":
            words.append(found.group())
            lines.append(line)
            continue
        line_start = text.rfind("\n", 0, found.start()) + 1
        is_after = bool(lines) and text[line_start : found.start()].strip() != ""
        above = text[text.rfind("\n", 0, max(0, line_start - 1)) + 1 : max(0, line_start - 1)]
        blank_above = line_start > 1 and not above.strip()
        blank_below = _BLANK_BELOW.match(text, found.end()) is not None
        word = len(words) - (1 if is_after else 0)
        comments.append(_Comment(found.group().rstrip(), word, is_after, blank_above, blank_below))
    return _Words(tuple(words), tuple(lines), tuple(comments))


def _with_comments(printed: str, old: _Words, new: _Words) -> str:
    places = _places(old.words, new.words)
    lines = printed.rstrip("\n").split("\n")
    before: dict[int, list[_Comment]] = {}
    after: dict[int, list[str]] = {}
    for comment in old.comments:
        word = places[min(comment.word, len(old.words))]
        at_line = new.lines[word] if word < len(new.lines) else len(lines)
        if comment.after:
            after.setdefault(at_line, []).append(comment.text)
        else:
            before.setdefault(at_line, []).append(comment)
    made: list[str] = []
    for number, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip())]
        for comment in before.get(number, ()):
            made.append(indent + comment.text)
            if comment.blank_below and not indent:
                made.append("")
        made.append("  ".join([line, *after.get(number, ())]))
    for comment in before.get(len(lines), ()):
        made += ["", comment.text] if comment.blank_above else [comment.text]
    return "\n".join(made) + "\n"


def _places(old: tuple[str, ...], new: tuple[str, ...]) -> list[int]:
    """Give for each word of the old text the number of the same word in the new one, or of the next that is there."""
    places = [-1] * (len(old) + 1)
    places[len(old)] = len(new)
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            places[block.a + offset] = block.b + offset
    following = len(new)
    for number in range(len(old), -1, -1):
        following = places[number] if places[number] >= 0 else following
        places[number] = following
    return places
