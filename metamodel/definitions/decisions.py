"""Decision tables: rows of conditions on inputs, and the values that the row that matches gives.

Cells are kept as written; what they mean is for the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metamodel.source import LocatedText, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionColumnDef:
    """An input or output. type: of its values; of: instead, the field that has the same (`account.tier`)."""

    name: str
    at: Location
    type: str | None = None
    of: LocatedText | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRowDef:
    """A row. when: input → what it must be, of several any; an input that is not named may be anything."""

    at: Location
    when: Mapping[str, tuple[LocatedText, ...]]
    then: Mapping[str, LocatedText]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTableDef:
    """A file of tables/. first: of several rows that match the first counts; else no two rows may match at once.

    otherwise: what it gives where no row matches.
    """

    name: str
    app: str
    at: Location
    inputs: tuple[DecisionColumnDef, ...]
    outputs: tuple[DecisionColumnDef, ...]
    rows: tuple[DecisionRowDef, ...]
    first: bool = False
    otherwise: DecisionRowDef | None = None
