"""Small letters, capitals and titles, one character at a time: the same in memory and in every database.

A character's case never depends on its neighbours (Python's own `lower` knows a final sigma), so that a database can
do the same from a table. White space is what `trim` takes off.
"""

from __future__ import annotations

import functools

# No character from here on has a case in Unicode: beyond lie ideographs, tags and private use.
_CASED_END = 0x20000
WHITE_SPACE = (
    "\x09\x0a\x0b\x0c\x0d\x1c\x1d\x1e\x1f\x20\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@functools.cache
def lower_table() -> dict[str, str]:
    """Give every character that has another small form, with it."""
    return {chr(code): chr(code).lower() for code in range(_CASED_END) if chr(code).lower() != chr(code)}


@functools.cache
def upper_table() -> dict[str, str]:
    """Give every character that has another capital form, with it (ß has SS)."""
    return {chr(code): chr(code).upper() for code in range(_CASED_END) if chr(code).upper() != chr(code)}


def lower_text(text: str) -> str:
    """Give a text in small letters."""
    return text.lower() if text.isascii() else text.translate(_by_code(False))


def upper_text(text: str) -> str:
    """Give a text in capitals."""
    return text.upper() if text.isascii() else text.translate(_by_code(True))


def title_text(text: str) -> str:
    """Give a text with each word's first letter a capital; a word is a run of letters that have a case."""
    small, large = lower_table(), upper_table()
    found, inside = [], False
    for character in text:
        found.append(small.get(character, character) if inside else large.get(character, character))
        inside = character in small or character in large
    return "".join(found)


@functools.cache
def _by_code(capitals: bool) -> dict[int, str]:
    table = upper_table() if capitals else lower_table()
    return {ord(character): other for character, other in table.items()}
