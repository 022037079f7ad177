"""The service clocks of an object compiled once per release: conditions, targets by option, calendar, field names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions.calendar_in_force import business_calendar
from engine.records.parts import ReleaseParts
from metamodel.definitions.service import ServiceClockDef
from metamodel.service_clocks import clock_field, clocks_of
from metamodel.source import LocatedText
from workflow_dsl.context import Context
from workflow_dsl.types import DURATION
from workflow_dsl.workdays import BusinessCalendar

Evaluate = Callable[[Context], Any]


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """One clock. by: the field whose options `targets` are for. calendar: None = all time counts.

    due, breached, state, since, used: the names of its fields.
    """

    definition: ServiceClockDef
    start: Evaluate
    stop: Evaluate
    pause: Evaluate | None
    by: str | None
    targets: Mapping[str, Evaluate]
    target: Evaluate | None
    calendar: BusinessCalendar | None
    due: str
    breached: str
    state: str
    since: str
    used: str


def clock_plans(parts: ReleaseParts, object_key: str) -> tuple[ClockPlan, ...]:
    """Give the clocks of an object, compiled at the first question."""

    def make() -> tuple[ClockPlan, ...]:
        found = clocks_of(parts.metamodel.service_clocks.values(), object_key)
        return tuple(_compile(parts, each, object_key) for each in found)

    return parts.made(("clocks", object_key), make)


def _compile(parts: ReleaseParts, clock: ServiceClockDef, key: str) -> ClockPlan:
    def condition(text: LocatedText) -> Evaluate:
        return parts.condition(key, text)

    def length(text: LocatedText) -> Evaluate:
        return parts.language.evaluator(parts.language.expression(text, key, DURATION))

    names = {part: clock_field(clock.name, part) for part in ("due", "breached", "state", "since", "used")}
    return ClockPlan(
        definition=clock,
        start=condition(clock.start),
        stop=condition(clock.stop),
        pause=condition(clock.pause) if clock.pause is not None else None,
        by=clock.by,
        targets={option: length(text) for option, text in clock.targets.items()},
        target=length(clock.target) if clock.target is not None else None,
        calendar=_calendar(parts, clock),
        **names,
    )


def _calendar(parts: ReleaseParts, clock: ServiceClockDef) -> BusinessCalendar | None:
    named = parts.metamodel.calendars.get(clock.calendar or "")
    if named is not None:
        return business_calendar(named)
    written = (*clock.targets.values(), *((clock.target,) if clock.target is not None else ()))
    # A target in business time counts by the calendar in force, as everywhere.
    return parts.calendar if any("business" in text.text for text in written) else None
