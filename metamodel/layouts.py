"""How one record is laid out: highlights, the stage path, sections of fields, related lists and buttons."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.source import LocatedText, Location
from metamodel.texts import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDef:
    """A titled group of fields in one to four columns, shown where `visible_if` holds."""

    fields: tuple[str, ...]
    at: Location
    label: Label | None = None
    columns: int = 2
    visible_if: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutDef:
    """The record page and form of an object; one made of all fields stands where the author wrote none.

    path: the choice field whose options are the stage bar. related: names of inverse lists. actions: button names.
    """

    at: Location
    sections: tuple[SectionDef, ...]
    highlights: tuple[str, ...] = ()
    path: str | None = None
    related: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
