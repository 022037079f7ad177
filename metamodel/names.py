"""Rules for API names, the reserved words, and the nearest known name to one that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

MAX_NAME_LENGTH = 40
_SHORTEST_WORD = 3
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.ASCII)

RESERVED_WORDS = frozenset(
    "and or not in is between contains matches where if then else end unless do true false empty this old user now "
    "today app it".split()
)


def name_fault(name: str, *, reserved: bool = True) -> str | None:
    """Say what is wrong with an API name, or None when it is a good one.

    reserved: whether reserved words are refused (they are for fields and objects).
    """
    if not _NAME.match(name):
        return "is not lower_snake_case (a letter first, then letters, digits and _)"
    if len(name) > MAX_NAME_LENGTH:
        return f"has {len(name)} characters; at most {MAX_NAME_LENGTH} are allowed"
    if reserved and name in RESERVED_WORDS:
        return "is a reserved word"
    return None


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Give the known name most like `name`, else the shortest that begins or ends with it as a word, else None."""
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if found or len(name) < _SHORTEST_WORD:
        return found[0] if found else None
    longer = [each for each in names if each.startswith(f"{name}_") or each.endswith(f"_{name}")]
    return min(longer, key=len, default=None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give the hint "did you mean 'amount'?", or an empty text when no known name is near."""
    nearest = nearest_name(name, known)
    return f"did you mean '{nearest}'?" if nearest else ""
