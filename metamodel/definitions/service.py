"""When work counts and how long it may take: business calendars, service clocks, currencies with dated rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType

from metamodel.source import LocatedText, Location
from metamodel.texts import Label

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDef:
    """Business time: hours by weekday (1 = Monday … 7) as (from, to) pairs, holidays, and workdays that make up (调休).

    timezone: None = the app's.
    """

    name: str
    app: str
    at: Location
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    label: Label | None = None
    timezone: str | None = None
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClockDef:
    """A service clock of an object: conditions that start, pause and stop it, and how long it may run.

    by: the choice field whose options the targets are for. targets: option → duration; target: for all others.
    """

    name: str
    app: str
    at: Location
    object: str | None
    start: LocatedText
    stop: LocatedText
    label: Label | None = None
    pause: LocatedText | None = None
    by: str | None = None
    targets: Mapping[str, LocatedText] = field(default_factory=lambda: MappingProxyType({}))
    target: LocatedText | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyDef:
    """A currency beside the base one. rates: from a day on, what one unit is worth in the base currency, by day."""

    name: str
    app: str
    at: Location
    label: Label | None = None
    digits: int = 2
    rates: tuple[tuple[date, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryDef:
    """A part of the market: its people, the one it lies in, and which records of an object belong to it.

    objects: object key → condition.
    """

    name: str
    at: Location
    label: Label | None = None
    parent: str | None = None
    members: tuple[str, ...] = ()
    objects: Mapping[str, LocatedText] = field(default_factory=lambda: MappingProxyType({}))
