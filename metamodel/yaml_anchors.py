"""Where each character of a YAML scalar stands in the file: quotes, escapes, folded lines and blocks shift them.

The parser only tells where a scalar starts and ends; these functions walk the written form beside the resulting text.
"""

from __future__ import annotations

import re

from metamodel.source import Anchor

_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r?\n[ \t]*|.)", re.DOTALL)
_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)+[ \t]*")


def find_anchors(text: str, written: str, style: str, start: Anchor) -> tuple[Anchor, ...]:
    """Give the anchors of `text`, which stands in the file as `written`, starting at `start`.

    style: the character the scalar starts with (`'`, `"`, `|`, `>`), '' for a plain one.
    """
    if style in ("|", ">"):
        return _block_anchors(text, written, style, start)
    return _flow_anchors(text, written, style, start)


def _flow_anchors(text: str, written: str, style: str, start: Anchor) -> tuple[Anchor, ...]:
    position = len(style)
    line, line_start = start.line, -(start.column - 1)
    anchors = [Anchor(offset=0, line=line, column=position - line_start + 1)]
    offset = 0
    end = len(written) - len(style)
    while position < end and offset < len(text):
        folded = _BLANK_LINES.match(written, position)
        if folded is not None:
            breaks = folded.group().count("\n")
            offset += max(1, breaks - 1)
            line += breaks
            line_start = folded.start() + folded.group().rfind("\n") + 1
            position = folded.end()
        else:
            used, made = _one_character(written, position, style)
            if used == made == 1:
                position, offset = position + 1, offset + 1
                continue
            position, offset = position + used, offset + made
            breaks = written.count("\n", position - used, position)
            if breaks:
                line += breaks
                line_start = written.rfind("\n", 0, position) + 1
        anchors.append(Anchor(offset=offset, line=line, column=position - line_start + 1))
    return tuple(anchors)


def _one_character(written: str, position: int, style: str) -> tuple[int, int]:
    """Give how many written characters make how many characters of the text, at a position."""
    if style == '"' and written[position] == "\\":
        escape = _ESCAPE.match(written, position)
        length = len(escape.group()) if escape is not None else 1
        return length, 0 if "\n" in written[position : position + length] else 1
    if style == "'" and written[position] == "'":
        return 2, 1
    return 1, 1


def _block_anchors(text: str, written: str, style: str, start: Anchor) -> tuple[Anchor, ...]:
    lines = written.split("\n")
    if style == "|":
        return _literal_anchors(text, lines, start)
    anchors: list[Anchor] = []
    offset = 0
    indent = _indent_of_block(text, lines)
    for number, source_line in enumerate(lines[1:], start=1):
        content = source_line.rstrip("\r")[indent:]
        if not content.strip():
            continue
        while offset < len(text) and not text.startswith(content, offset):
            offset += 1
        if offset == len(text):
            break
        anchors.append(Anchor(offset=offset, line=start.line + number, column=indent + 1))
        offset += len(content)
    return _from_zero(anchors, start)


def _literal_anchors(text: str, lines: list[str], start: Anchor) -> tuple[Anchor, ...]:
    anchors = []
    offset = 0
    for number, text_line in enumerate(text.split("\n"), start=1):
        if number >= len(lines):
            break
        column = max(0, len(lines[number].rstrip("\r")) - len(text_line)) + 1
        anchors.append(Anchor(offset=offset, line=start.line + number, column=column))
        offset += len(text_line) + 1
    return _from_zero(anchors, start)


def _indent_of_block(text: str, lines: list[str]) -> int:
    """Give the indentation of a folded block: that of its first line, less the spaces which are part of the text."""
    first = next((line for line in lines[1:] if line.strip()), "")
    leading = len(first) - len(first.lstrip(" "))
    body = text.lstrip("\n")
    return leading - (len(body) - len(body.lstrip(" ")))


def _from_zero(anchors: list[Anchor], start: Anchor) -> tuple[Anchor, ...]:
    if not anchors or anchors[0].offset != 0:
        return (Anchor(offset=0, line=start.line, column=start.column), *anchors)
    return tuple(anchors)
