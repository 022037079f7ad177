"""Builds what starts a rule."""

from __future__ import annotations

from engine.automation import program as built
from engine.automation.program_builder.place import Place
from workflow_dsl import checked_rules as checked


def on_record(place: Place, trigger: checked.RecordTrigger) -> built.OnRecord:
    """Build a trigger on saves."""
    return built.OnRecord(
        object=trigger.object,
        kinds=frozenset(kind.value for kind in trigger.kinds),
        text=trigger.text,
        field=trigger.field,
        before=place.optional(trigger.before),
        after=place.optional(trigger.after),
        match=place.optional(trigger.match),
        watched=trigger.watched,
    )


def on_moment(trigger: checked.MomentTrigger) -> built.OnMoment:
    """Build a trigger at a moment of a field."""
    return built.OnMoment(object=trigger.object, field=trigger.field, moment=trigger.moment, text=trigger.text)


def on_schedule(trigger: checked.TimeTrigger) -> built.OnSchedule:
    """Build a trigger by the calendar."""
    return built.OnSchedule(schedule=trigger.schedule, text=trigger.text)
