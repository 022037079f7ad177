"""What makes two records of an object likely the same: fields that must match, and what a match does to a save.

Definitions only; how values are compared and found is the engine's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from metamodel.source import Location

DEFAULT_THRESHOLD = Decimal("0.85")


class MatchHow(StrEnum):
    """How two values of a field are compared."""

    EXACT = "exact"
    NORMALISED = "normalised"
    FUZZY = "fuzzy"


class DuplicateAction(StrEnum):
    """What a match does to a save: a warning can be confirmed, a block refuses."""

    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDef:
    """A field that must match. threshold: of fuzzy ones, the least likeness from 0 to 1."""

    field: str
    how: MatchHow = MatchHow.EXACT
    threshold: Decimal = DEFAULT_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateDef:
    """One rule: two records are duplicates where all of `match` hold; an empty value matches nothing."""

    match: tuple[MatchDef, ...]
    at: Location
    app: str
    action: DuplicateAction = DuplicateAction.WARN
