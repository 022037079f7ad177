"""The columns that a person chooses for a list, as an address holds them.

An address has `columns=name,account.name~wide,amount`: paths in their order, each with its width where that isn't the
column's own. What is none of it counts as not given; what may not be read is left out where columns are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WIDTHS = ("narrow", "medium", "wide", "widest")
MOST_COLUMNS = 30
_PATH = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){0,4}")


@dataclass(frozen=True, slots=True)
class ChosenColumn:
    """One column that was chosen. width: one of WIDTHS, "" = as its values need."""

    path: str
    width: str = ""


def parse_columns(text: str) -> tuple[ChosenColumn, ...]:
    """Read the columns of an address; each path once, and no more than MOST_COLUMNS of them."""
    found: dict[str, ChosenColumn] = {}
    for each in text.split(","):
        path, _sign, width = each.strip().partition("~")
        if _PATH.fullmatch(path) and len(found) < MOST_COLUMNS:
            found.setdefault(path, ChosenColumn(path, width if width in WIDTHS else ""))
    return tuple(found.values())


def print_columns(columns: Iterable[ChosenColumn]) -> str:
    """Write columns as an address holds them."""
    return ",".join(f"{each.path}~{each.width}" if each.width else each.path for each in columns)
