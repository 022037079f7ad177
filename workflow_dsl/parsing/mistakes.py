"""Sentences for the mistakes people make: `==`, `&&`, Chinese quotes, `当`, capitals, chained comparisons, open texts.

Each finding is a code, a message, a hint and how many characters it covers; the place is where the parser stopped, or
one character before it. What was merely not expected is phrased by `expectations`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake recognised by its spelling, at `start` of the parsed text."""

    code: str
    message: str
    hint: str
    start: int
    length: int = 1


_FOREIGN_OPERATORS = {
    "===": "=",
    "==": "=",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "!==": "!=",
    "&&": "and",
    "||": "or",
    "**": "power(a, b)",
    "//": "floor(a / b)",
    "!": "not",
    ";": "",
    "%": "mod(a, b)",
    "^": "power(a, b)",
    "|": "or",
    "?": "if(condition, a, b)",
    "`": '"…" for a text',
    "$": "the code of the currency after the amount: 100 USD",
    "¥": "the code of the currency after the amount: 100 CNY",
    "￥": "the code of the currency after the amount: 100 CNY",
    "€": "the code of the currency after the amount: 100 EUR",
}  # fmt: skip
_BY_LENGTH = sorted(_FOREIGN_OPERATORS, key=len, reverse=True)

_CHINESE = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "『": '"', "』": '"', "＂": '"', "＇": "'",
    "（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "｛": "{", "｝": "}",
    "，": ",", "、": ",", "：": ":", "；": "", "。": ".", "．": ".", "＝": "=", "＞": ">", "＜": "<",
    "＋": "+", "－": "-", "×": "*", "÷": "/", "％": "%", "！": "not", "≥": ">=", "≤": "<=", "≠": "!=", "—": "-",
}  # fmt: skip

_CHINESE_WORDS = {
    "当": "when", "如果": "if", "若": "if", "那么": "then", "则": "then", "否则": "else", "并且": "and", "而且": "and",
    "且": "and", "或者": "or", "或": "or", "不是": "not", "非": "not", "每天": "every day", "每": "every",
    "之前": "before", "包含": "contains", "等于": "=", "大于": ">", "小于": "<", "设置": "set", "通知": "notify",
    "等待": "wait", "规则": "rule", "结束": "end", "真": "true", "假": "false", "空": "empty", "天": "days",
}  # fmt: skip

_NAMED = re.compile(r"(queue|role|team)[ \t]+([a-z_][a-z0-9_]*)")
_NAMED_BEFORE = re.compile(r"\b(queue|role|team)[ \t]+\Z")
_NO_NAMES = frozenset(
    "and by changes comes contains do else falls for has if in is matches of or rises then where".split()
)
_EDGE_WITH_OR = re.compile(r"\b(comes to match|has matched)\b[^()]*\b(or)\b[^()]*\Z")
_COMPARISON = re.compile(r"(!=|<=|>=|<|>|=)\s*[^<>=!]*\Z")


def recognise(text: str, position: int, *, chained: bool) -> Mistake | None:
    """Recognise the mistake at `position`; `chained` says that a comparison stands where none can follow."""
    if position >= len(text):
        return None
    return (
        _foreign_operator(text, position)
        or _chinese(text, position)
        or _unquoted(text, position)
        or (_open_or(text, position) if chained else None)
        or (_chained(text, position) if chained else None)
        or _open_text(text, position)
        or _capitals(text, position)
    )


def _foreign_operator(text: str, position: int) -> Mistake | None:
    for written in _BY_LENGTH:
        for start in range(max(0, position - len(written) + 1), position + 1):
            if text.startswith(written, start):
                return _foreign(written, start)
    return None


def _foreign(written: str, start: int) -> Mistake:
    instead = _FOREIGN_OPERATORS[written]
    hint = f"write {instead}" if " " in instead else f"write '{instead}'"
    if written == ";":
        hint = "actions and conditions need no sign at their end"
    return Mistake(code="EXP104", message=f"'{written}' is no operator", hint=hint, start=start, length=len(written))


def _chinese(text: str, position: int) -> Mistake | None:
    character = text[position]
    if character in _CHINESE:
        instead = _CHINESE[character]
        hint = f"write {instead} with the Latin keyboard" if instead else "leave it out"
        return Mistake(code="EXP105", message=f"'{character}' is a full-width sign", hint=hint, start=position)
    for word in sorted(_CHINESE_WORDS, key=len, reverse=True):
        if text.startswith(word, position):
            return Mistake(
                code="EXP105",
                message=f"'{word}' is no word of the language",
                hint=f"write '{_CHINESE_WORDS[word]}'",
                start=position,
                length=len(word),
            )
    if ord(character) > 0x7F:
        return Mistake(
            code="EXP105",
            message=f"'{character}' can't stand here",
            hint="texts stand in quotes; names are letters a-z, digits and _",
            start=position,
        )
    return None


def _unquoted(text: str, position: int) -> Mistake | None:
    """`queue mechanics` where the parser stops at the word or at the name after it."""
    start = _NAMED_BEFORE.search(text[:position])
    found = _NAMED.match(text, start.start() if start else position)
    if found is None or found[2] in _NO_NAMES:
        return None
    return Mistake(
        code="EXP112",
        message=f"the name of a {found[1]} stands in quotes",
        hint=f'write {found[1]} "{found[2]}"',
        start=found.start(),
        length=len(found[0]),
    )


def _open_or(text: str, position: int) -> Mistake | None:
    """`comes to match a > 5 or b < 3`: behind a bare `or` the next trigger begins."""
    found = _EDGE_WITH_OR.search(text[:position])
    if found is None:
        return None
    return Mistake(
        code="EXP112",
        message=f"an 'or' in what a record {found[1]} stands in parentheses, since another trigger may follow an 'or'",
        hint=f"write '{found[1]} (a or b)'",
        start=found.start(2),
        length=2,
    )


def _chained(text: str, position: int) -> Mistake | None:
    if not _COMPARISON.search(text[:position]):
        return None
    found = re.match(r"!=|<=|>=|<|>|=", text[position:])
    return Mistake(
        code="EXP106",
        message="comparisons do not chain",
        hint="write 'x between a and b', or join two comparisons with 'and'",
        start=position,
        length=len(found[0]) if found else 1,
    )


def _open_text(text: str, position: int) -> Mistake | None:
    if text[position] not in "\"'":
        return None
    line_end = text.find("\n", position)
    rest = text[position + 1 : line_end if line_end >= 0 else len(text)]
    if re.match(rf"(\\.|[^{text[position]}\\])*{text[position]}", rest):
        return None
    return Mistake(
        code="EXP103",
        message=f"this text is not closed by {text[position]} in its line",
        hint="write \\n for a new line inside a text",
        start=position,
        length=len(rest) + 1,
    )


def _capitals(text: str, position: int) -> Mistake | None:
    found = re.match(r"[A-Za-z_][A-Za-z0-9_]*", text[position:])
    if not found or not (found[0] != found[0].lower() or found[0].startswith("_")):
        return None
    return Mistake(
        code="EXP110",
        message=f"'{found[0]}' is no name",
        hint=f"words and names are written small: '{found[0].lower().lstrip('_')}'",
        start=position,
        length=len(found[0]),
    )
