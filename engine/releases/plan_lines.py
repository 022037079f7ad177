"""Says a plan in lines for people: a sentence a change, and the steps of tables that were there before.

The steps that belong to a new table say nothing that the new object does not; programs find them in the plan's JSON.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.storage.plan_steps import Safety, Step, StepKind
from metamodel.changes import (
    Change,
    FieldAdded,
    FieldChanged,
    FieldRemoved,
    FieldRenamed,
    FieldTypeChanged,
    ObjectAdded,
    ObjectChanged,
    ObjectRemoved,
    ObjectRenamed,
    OptionAdded,
    OptionRemoved,
    OptionRenamed,
    PartChanged,
    PartKind,
    UniqueAdded,
    UniqueRemoved,
)


def plan_lines(changes: Iterable[Change], steps: Iterable[Step]) -> list[str]:
    """Give the lines of a plan; `!` stands before a step that may lose something."""
    lines = [say_change(change) for change in changes]
    return lines + [f"{' ' if step.safety is Safety.SAFE else '!'} {step.text}" for step in telling_steps(steps)]


def telling_steps(steps: Iterable[Step]) -> list[Step]:
    """Give the steps without the references and indexes of tables that the same steps create."""
    steps = list(steps)
    created = {step.details["table"]["name"] for step in steps if step.kind is StepKind.CREATE_TABLE}
    dependent = (StepKind.ADD_REFERENCE, StepKind.CREATE_INDEX)
    return [step for step in steps if step.kind not in dependent or step.details.get("table") not in created]


def say_change(change: Change) -> str:
    """Say one change of the definitions."""
    match change:
        case ObjectAdded() | ObjectRemoved() | ObjectRenamed() | ObjectChanged():
            return _say_object(change)
        case OptionAdded() | OptionRemoved() | OptionRenamed():
            return _say_option(change)
        case UniqueAdded(object=name, fields=fields):
            return f"{name}: unique key added ({', '.join(fields)})"
        case UniqueRemoved(object=name, fields=fields):
            return f"{name}: unique key removed ({', '.join(fields)})"
        case PartChanged():
            owner = f" of {change.object}" if change.object is not None else ""
            name = f" {change.name}" if change.kind is not PartKind.LAYOUT else ""
            return f"{change.kind.value.replace('_', ' ')}{name}{owner} {change.how.value}"
        case _:
            return _say_field(change)


def _say_object(change: ObjectAdded | ObjectRemoved | ObjectRenamed | ObjectChanged) -> str:
    match change:
        case ObjectAdded():
            return f"object {change.object} added"
        case ObjectRemoved():
            return f"object {change.object} removed"
        case ObjectRenamed():
            return f"object {change.old} renamed to {change.object}"
        case ObjectChanged():
            return f"object {change.object} changed ({', '.join(change.keys)})"


def _say_field(change: FieldAdded | FieldRemoved | FieldRenamed | FieldTypeChanged | FieldChanged) -> str:
    match change:
        case FieldAdded():
            return f"field {change.object}.{change.field} added"
        case FieldRemoved():
            return f"field {change.object}.{change.field} removed"
        case FieldRenamed():
            return f"field {change.object}.{change.old} renamed to {change.field}"
        case FieldTypeChanged():
            return f"field {change.object}.{change.field} is {change.new} instead of {change.old}"
        case FieldChanged():
            return f"field {change.object}.{change.field} changed ({', '.join(change.keys)})"


def _say_option(change: OptionAdded | OptionRemoved | OptionRenamed) -> str:
    where = f"{change.object}.{change.field}"
    match change:
        case OptionAdded():
            return f"option {change.option} of {where} added"
        case OptionRemoved():
            return f"option {change.option} of {where} removed"
        case OptionRenamed():
            return f"option {change.old} of {where} renamed to {change.option}"
