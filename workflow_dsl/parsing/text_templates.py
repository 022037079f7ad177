"""Texts with `{expression}` in them: resolve escapes and doubled braces, find the expressions and parse each.

Used for texts in quotes inside the language and for messages and titles of YAML files, which have no escapes of their
own left. What an expression in a text may name is checked later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from metamodel.source import Problems
from workflow_dsl.parsing.source import Source
from workflow_dsl.syntax import Expr, TextLiteral, TextTemplate

_BRACE = re.compile("[{}]")
_ESCAPES = {"n": "\n", '"': '"', "'": "'", "\\": "\\"}


def decode_quoted(source: Source, start: int, end: int, problems: Problems) -> Source:
    """Resolve the escapes of the quoted text that stands at `start` … `end` (quotes included)."""
    if source.text.find("\\", start + 1, end - 1) < 0:
        return source.part(start + 1, max(start + 1, end - 1))
    characters: list[str] = []
    offsets: list[int] = []
    position = start + 1
    while position < end - 1:
        offsets.append(source.outer_offset(position))
        character = source.text[position]
        if character == "\\":
            escaped = source.text[position + 1]
            if escaped not in _ESCAPES:
                _report_escape(source, position, problems)
            characters.append(_ESCAPES.get(escaped, escaped))
            position += 2
        else:
            characters.append(character)
            position += 1
    offsets.append(source.outer_offset(position))
    return Source(text="".join(characters), outer=source.outer, base=offsets[0], offsets=offsets)


def _report_escape(source: Source, position: int, problems: Problems) -> None:
    written = source.text[position : position + 2]
    problems.report(
        "EXP108",
        f"'{written}' is not an escape of a text",
        source.span(position, position + 2).location,
        hint="the escapes are \\n \\\" \\' \\\\; patterns stand right of `matches`",
        length=2,
    )


def parse_text(source: Source, problems: Problems, parse_part: Callable[[Source], Expr | None]) -> Expr:
    """Build the `TextLiteral` or `TextTemplate` of a decoded text; `parse_part` parses one expression in braces."""
    parts: list[str | Expr] = []
    literal: list[str] = []
    text, position = source.text, 0
    while (brace := _BRACE.search(text, position)) is not None:
        if brace.start() > position:
            literal.append(text[position : brace.start()])
            position = brace.start()
        character = text[position]
        if text[position : position + 2] in ("{{", "}}"):
            literal.append(character)
            position += 2
        elif character == "{":
            end = _closing_brace(text, position + 1)
            expression = _parse_braces(source, position, end, problems, parse_part)
            if expression is not None:
                parts += ["".join(literal), expression] if literal else [expression]
                literal = []
            position = len(text) if end is None else end + 1
        else:
            _report_brace(source, position, "'}' closes nothing", "write }} for a brace", problems)
            literal.append(character)
            position += 1
    if position < len(text):
        literal.append(text[position:])
    return _text_node(source, parts, literal)


def _text_node(source: Source, parts: Sequence[str | Expr], literal: Sequence[str]) -> Expr:
    at = source.span(0, len(source.text))
    if not parts:
        return TextLiteral(value="".join(literal), at=at)
    tail = ("".join(literal),) if literal else ()
    return TextTemplate(parts=(*parts, *tail), at=at)


def _parse_braces(
    source: Source, start: int, end: int | None, problems: Problems, parse_part: Callable[[Source], Expr | None]
) -> Expr | None:
    if end is None:
        _report_brace(source, start, "'{' is not closed", "close it with '}', or write {{ for a brace", problems)
        return None
    inner = source.part(start + 1, end)
    if not inner.text.strip():
        _report_brace(source, start, "there is no expression between '{' and '}'", "write {{}} for braces", problems)
        return None
    return parse_part(inner)


def _report_brace(source: Source, position: int, message: str, hint: str, problems: Problems) -> None:
    problems.report("EXP109", message, source.span(position, position + 1).location, hint=hint)


def _closing_brace(text: str, position: int) -> int | None:
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == "}":
            return position
        position += 1
    return None
