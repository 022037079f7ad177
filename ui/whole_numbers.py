"""Reads whole numbers of forms and addresses, where a text may hold anything."""

from __future__ import annotations

_MOST_DIGITS = 15


def whole_number(text: str) -> int | None:
    """Give the number that plain digits write; None for anything else, and for what no number of ours is as long as.

    >>> whole_number("42"), whole_number("-1"), whole_number("²"), whole_number("9" * 5000)
    (42, None, None, None)
    """
    is_one = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_one else None
