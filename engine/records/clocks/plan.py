"""The service clocks of an object compiled once per release: conditions, targets by option, calendar, field names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions.calendar_in_force import business_calendar
from engine.records.parts import ReleaseParts
from metamodel.definitions.service import ServiceClockDef
from metamodel.service_clocks import clock_field, clocks_of
from metamodel.source import LocatedText
from metamodel.values import Duration
from workflow_dsl.context import Context
from workflow_dsl.typed import Constant, Typed
from workflow_dsl.typed_walk import walk
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

    def length(text: LocatedText) -> Typed:
        return parts.language.expression(text, key, DURATION)

    names = {part: clock_field(clock.name, part) for part in ("due", "breached", "state", "since", "used")}
    targets = {option: length(text) for option, text in clock.targets.items()}
    target = length(clock.target) if clock.target is not None else None
    evaluator = parts.language.evaluator
    return ClockPlan(
        definition=clock,
        start=condition(clock.start),
        stop=condition(clock.stop),
        pause=condition(clock.pause) if clock.pause is not None else None,
        by=clock.by,
        targets={option: evaluator(typed) for option, typed in targets.items()},
        target=evaluator(target) if target is not None else None,
        calendar=_calendar(parts, clock, [*targets.values(), *([target] if target is not None else [])]),
        **names,
    )


def _calendar(parts: ReleaseParts, clock: ServiceClockDef, targets: Iterable[Typed]) -> BusinessCalendar | None:
    named = parts.metamodel.calendars.get(clock.calendar or "")
    if named is not None:
        return business_calendar(named)
    # A target in business time counts by the calendar in force, as everywhere.
    return parts.calendar if any(_is_business(part) for target in targets for part in walk(target)) else None


def _is_business(node: Typed) -> bool:
    value = node.value if isinstance(node, Constant) else None
    return isinstance(value, Duration) and bool(value.business_days or value.business_seconds)
