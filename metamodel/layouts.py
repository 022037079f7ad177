"""How one record is laid out: highlights, the stage path, sections of fields, related lists and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.source import LocatedText, Location
from metamodel.texts import Label


class Device(StrEnum):
    """What a page is looked at with."""

    PHONE = "phone"
    TABLET = "tablet"
    DESKTOP = "desktop"


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
    name: '' for the default one, which stands where no named one fits. when, roles, record_types, devices: what must
    hold for a named one to be used; what is empty is no condition.
    """

    at: Location
    sections: tuple[SectionDef, ...]
    highlights: tuple[str, ...] = ()
    path: str | None = None
    related: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    name: str = ""
    label: Label | None = None
    when: LocatedText | None = None
    roles: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
