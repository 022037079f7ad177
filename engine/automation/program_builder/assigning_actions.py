"""Builds the action that gives a record to the next member of a queue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _next(place: Place, action: checked.CheckedAssignNext, common: Common) -> built.Action:
    queue, where = place.value(action.queue), place.optional(action.where)
    return built.AssignToNext(place=action.path, queue=queue, method=action.method, where=where, **common)


ASSIGNING_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType({checked.CheckedAssignNext: _next})
