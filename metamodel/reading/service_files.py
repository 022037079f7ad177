"""Reads calendars, service clocks (sla/), currencies and the territories of organization.yaml."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from metamodel.definitions.service import WEEKDAYS, CalendarDef, CurrencyDef, ServiceClockDef, TerritoryDef
from metamodel.reading.analytics_files import texts_by_key
from metamodel.reading.node_values import (
    FindObject,
    Reading,
    child,
    entries,
    integer,
    label,
    located,
    scalars,
    word,
    words,
)
from metamodel.source import LocatedText
from metamodel.yaml_nodes import Mapping, Node, Scalar

Span = tuple[time, time]


def read_calendar(node: Mapping, reading: Reading) -> CalendarDef:
    """Read a file of calendars/; days and hours that are none are left out, the reference check tells of them."""
    name = node.get("calendar")
    return CalendarDef(
        name=word(name) or "",
        app=reading.app(node.at),
        at=(name or node).at,
        hours={
            WEEKDAYS.index(key.text) + 1: tuple(span for text in scalars(value) if (span := hours_of(text.text)))
            for key, value in entries(node.get("hours"))
            if key.text in WEEKDAYS
        },
        label=label(node.get("label"), reading.language),
        timezone=word(node.get("timezone")),
        holidays=_days(node.get("holidays")),
        workdays=_days(node.get("workdays")),
    )


def hours_of(text: str) -> Span | None:
    """Read `09:00-18:00`; None for what is none, or ends before it starts."""
    start, _, end = text.partition("-")
    try:
        span = (time.fromisoformat(start), time.max if end == "24:00" else time.fromisoformat(end))
    except ValueError:
        return None
    return span if span[0] < span[1] else None


def day_of(text: str) -> date | None:
    """Read `2026-11-21`; None for a day that no calendar has."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(node: Node | None) -> frozenset[date]:
    return frozenset(day for scalar in scalars(node) if (day := day_of(scalar.text)) is not None)


def read_service_clock(node: Mapping, reading: Reading, find: FindObject) -> ServiceClockDef:
    """Read a file of sla/."""
    name = node.get("sla")
    app = reading.app(node.at)
    nothing = LocatedText(text="false", at=node.at)
    return ServiceClockDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        object=find(word(node.get("object")), app),
        start=located(node.get("start")) or nothing,
        stop=located(node.get("stop")) or nothing,
        label=label(node.get("label"), reading.language),
        pause=located(node.get("pause")),
        by=word(node.get("by")),
        targets=texts_by_key(node.get("targets")),
        target=located(node.get("target")),
        calendar=word(node.get("calendar")),
    )


def read_currencies(node: Mapping, reading: Reading) -> tuple[CurrencyDef, ...]:
    """Read currencies.yaml."""
    app = reading.app(node.at)
    return tuple(
        CurrencyDef(
            name=key.text,
            app=app,
            at=key.at,
            label=label(child(value, "label"), reading.language),
            digits=_digits(child(value, "digits")),
            rates=tuple(sorted(_rates(child(value, "rates")))),
        )
        for key, value in entries(node.get("currencies"))
    )


def _digits(node: Node | None) -> int:
    written = integer(node)
    return 2 if written is None else written


def _rates(node: Node | None) -> list[tuple[date, Decimal]]:
    found = []
    for key, value in entries(node):
        day = day_of(key.text)
        number = value.value if isinstance(value, Scalar) else None
        if day is not None and isinstance(number, int | Decimal) and not isinstance(number, bool):
            found.append((day, Decimal(number)))
    return found


def read_territories(node: Mapping, reading: Reading, find: FindObject) -> tuple[TerritoryDef, ...]:
    """Read the territories of organization.yaml."""
    app = reading.app(node.at)
    return tuple(
        TerritoryDef(
            name=key.text,
            at=key.at,
            label=label(child(value, "label"), reading.language),
            parent=word(child(value, "parent")),
            members=words(child(value, "members")),
            objects={
                found: text
                for name, text in texts_by_key(child(value, "objects")).items()
                if (found := find(name, app)) is not None
            },
        )
        for key, value in entries(node.get("territories"))
    )
