"""Builds the actions that steer a rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _branch(place: Place, action: checked.CheckedIf, common: Common) -> built.Action:
    then, otherwise = place.actions(action.then), place.actions(action.otherwise)
    return built.Branch(condition=place.value(action.condition), then=then, otherwise=otherwise, **common)


def _loop(place: Place, action: checked.CheckedForEach, common: Common) -> built.Action:
    inner = place.actions(action.actions)
    return built.Loop(variable=action.variable, rows=place.rows(action.rows), actions=inner, **common)


def _refuse(place: Place, action: checked.CheckedRefuse, common: Common) -> built.Action:
    message = place.value(action.message)
    return built.RefuseSave(message=message, field=action.field, warning=action.warning, **common)


FLOW_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedWait: lambda place, action, common: built.Pause(duration=place.value(action.duration), **common),
        checked.CheckedIf: _branch,
        checked.CheckedForEach: _loop,
        checked.CheckedRefuse: _refuse,
        checked.CheckedLog: lambda place, action, common: built.WriteLog(message=place.value(action.message), **common),
        checked.CheckedStop: lambda place, action, common: built.StopRule(**common),
    }
)
