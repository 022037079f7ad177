"""Cells that spreadsheets take for text: a text that would start a formula there gets an apostrophe in front.

`unguarded(guarded(text))` is the text for any text, blanks at its ends included; a number stays the number it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NEEDS = re.compile(r"'*[=+\-@\s＝＋－＠]|(?s:.*)\s\Z")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?%?\Z", re.ASCII)


def guarded(text: str) -> str:
    """Give the cell that shows a text and computes nothing.

    >>> guarded("=1+1"), guarded("-12.50"), guarded("ACME")
    ("'=1+1", '-12.50', 'ACME')
    """
    if not text or _NUMBER.match(text) is not None:
        return text
    return f"'{text}" if _NEEDS.match(text) is not None else text


def unguarded(cell: str) -> str:
    """Give the text that a cell stands for; blanks around one that nobody guarded are not meant.

    >>> unguarded("'=1+1"), unguarded(" ACME "), unguarded("'Tis")
    ('=1+1', 'ACME', "'Tis")
    """
    if cell.startswith("'") and _NEEDS.match(cell[1:]) is not None:
        return cell[1:]
    return cell.strip()


def unguarded_texts(cells: Sequence[str]) -> list[str]:
    """Give the texts that cells stand for."""
    # Hardly any column has an apostrophe in it.
    return [cell.strip() for cell in cells] if "'" not in "".join(cells) else [unguarded(cell) for cell in cells]
