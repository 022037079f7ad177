"""Builds actions that wait until something holds, and triggers of what has held for a time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from engine.automation.schedules.business import may_count_business_time
from engine.expressions.calendar_in_force import business_calendar
from metamodel.apps import Metamodel
from workflow_dsl import checked_rules as checked
from workflow_dsl.workdays import BusinessCalendar


def on_held(place: Place, trigger: checked.HeldTrigger) -> built.OnHeld:
    """Build a trigger of what has held for a time."""
    return built.OnHeld(
        object=trigger.object,
        match=place.value(trigger.match),
        duration=place.value(trigger.duration),
        text=trigger.text,
        watched=trigger.watched,
        business=may_count_business_time(trigger.duration.typed),
    )


def calendar_of(metamodel: Metamodel, name: str | None) -> BusinessCalendar | None:
    """Give the calendar that a rule names; None where it counts by the one in force."""
    found = metamodel.calendars.get(name) if name is not None else None
    return None if found is None else business_calendar(found)


def _wait_until(place: Place, action: checked.CheckedWaitUntil, common: Common) -> built.Action:
    return built.AwaitCondition(
        condition=place.value(action.condition),
        awaited=action.awaited,
        at_most=place.optional(action.at_most),
        on_timeout=place.actions(action.on_timeout),
        **common,
    )


WAITING_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {checked.CheckedWaitUntil: _wait_until}
)
