"""Typed nodes of aggregates over related lists and whole objects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.objects import InverseDef
from workflow_dsl.typed.base import Typed
from workflow_dsl.typed.paths import FieldPath


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseSource:
    """The rows of a list: those of `inverse.object` whose `inverse.field` points at the record `base` leads to.

    base: a path that ends in a record (`this`, `account`, a row). holder: key of the object that has the list; a
    polymorphic base that points at another object has no rows. object: key of the rows' object.
    """

    base: FieldPath
    holder: str
    inverse: InverseDef
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSource:
    """All rows of an object that are not in the bin; given: only those that a given name lists (`records`)."""

    object: str
    given: str | None = None


class AggregateKind(StrEnum):
    """What is computed over rows; `COLLECT` (the values as a list) is for recipients along a list only."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    EXISTS = "exists"
    FIRST = "first"
    LAST = "last"
    JOIN = "join"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True, kw_only=True)
class SortPath:
    """The order of rows for `first`, `last`, `join`; `path` starts at the row, rows with empty come last."""

    path: FieldPath
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Typed):
    """`sum(orders.total where … sorted by …)`.

    level: number of the row that `where`, `inner` and `sorted_by` see as root ROW. inner: what is taken of each row,
    None for count, exists and for first and last of the record itself. separator: of `join`.
    Over no rows: count 0, sum 0 (money: 0 of the base currency), exists false, the others empty. Empties are passed
    over; `first` and `last` take the first row in order whether or not its value is empty.
    """

    function: AggregateKind
    source: InverseSource | ObjectSource
    level: int
    where: Typed | None = None
    inner: Typed | None = None
    sorted_by: SortPath | None = None
    separator: str = ", "
