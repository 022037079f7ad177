"""How many records are shown: lists, boards and calendars that an app defines for an object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.source import LocatedText, Location
from metamodel.texts import Label


class ViewType(StrEnum):
    """The kinds of view this version shows."""

    LIST = "list"
    BOARD = "board"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One key of an order: a path and its direction."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDef:
    """A view of an object.

    columns: paths (`account.owner`). by: of a board its choice field, of a calendar the date or moment of its entries.
    card: what a card or entry shows. sum: the money or number field totalled a column. beside: calendars of other
    objects (`task.due`) shown in the same days. roles: who sees it; empty = all who may read the object.
    """

    name: str
    type: ViewType
    at: Location
    app: str
    label: Label | None = None
    columns: tuple[LocatedText, ...] = ()
    where: LocatedText | None = None
    sort: tuple[SortKey, ...] = ()
    by: str | None = None
    card: tuple[LocatedText, ...] = ()
    sum: str | None = None
    beside: tuple[LocatedText, ...] = ()
    roles: tuple[str, ...] = ()
