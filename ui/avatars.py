"""Avatars: the letters and the colour that stand for a name, the same ones everywhere."""

from __future__ import annotations

import unicodedata
from zlib import crc32

_TINTS = ("blue", "azure", "indigo", "purple", "pink", "red", "orange", "amber", "green", "teal")


def initials(name: str, small: bool = False) -> str:
    """Return the letters of an avatar: two of a Chinese name (one if small), else of the first and last word.

    People are called by the end of a Chinese name, companies by its beginning.

    >>> initials("Anna Maria Stone"), initials("王小明"), initials("王小明", small=True), initials("上海云岭公司")
    ('AS', '小明', '明', '上海')
    """
    words = name.split()
    if not words:
        return "?"
    if _is_han(words[0][0]):
        if len(words[0]) > 4:
            return words[0][:1] if small else words[0][:2]
        return words[0][-1:] if small else words[0][-2:]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")


def tint(name: str) -> str:
    """Return the avatar colour of a name, always the same one."""
    return _TINTS[crc32(name.encode()) % len(_TINTS)]
