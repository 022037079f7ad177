"""What a statement of a list is compiled for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.records.shapes import CellShape
from engine.records.statements import Prepared
from engine.records.types import MOST_LINKED
from metamodel.views import SortKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a statement is compiled for: a `ListQuery` without what is bound at each run.

    inside: (lookup field, object) of a related list, whose record is the parameter `inside`.
    words: how many words are searched for. empty: which sort values of the cursor are empty; None = from the start.
    linked: how many linked records a column of links gives. binned: of the records in the bin.
    """

    object: str
    fields: tuple[str, ...] | None = None
    filter: str | None = None
    view: str | None = None
    sort: tuple[SortKey, ...] = ()
    limit: int = 50
    words: int = 0
    inside: tuple[str, str] | None = None
    empty: tuple[bool, ...] | None = None
    exported: bool = False
    linked: int = MOST_LINKED
    binned: bool = False
    language: str = "en"
    roles: frozenset[str] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class CompiledRead:
    """A kept statement. keys: how many sort values end each row (the id among them)."""

    prepared: Prepared
    shape: CellShape
    keys: int
