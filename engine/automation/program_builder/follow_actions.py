"""Builds the action that lets people follow a record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _follow(place: Place, action: checked.CheckedFollow, common: Common) -> built.Action:
    return built.ChangeFollowers(add=action.add, people=tuple(map(place.value, action.people)), **common)


FOLLOW_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType({checked.CheckedFollow: _follow})
