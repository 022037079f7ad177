"""The inside action that gives the rule's record to the next member of a queue."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.program import AssignToNext
from engine.automation.step_effects import effect


def _assign_next(doing: Doing, action: AssignToNext) -> StepDone:
    own = doing.own_record("assign")
    done, told = doing.work.assign_next(action, own, doing.names)
    kind = "updated" if done.changed else "unchanged"
    return StepDone(
        kind="assign to next",
        text=action.text,
        value={"message": told},
        effects=[effect(kind, own.object, own.id, fields=["owner"], own=True)],
        rows=int(done.changed),
        outcome="done" if done.member is not None else "nobody",
    )


ASSIGNING_PERFORMERS: Performers = MappingProxyType({AssignToNext: _assign_next})
