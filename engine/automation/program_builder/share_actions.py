"""Builds the action that shares a record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _share(place: Place, action: checked.CheckedShare, common: Common) -> built.Action:
    until = place.value(action.until) if action.until is not None else None
    people = tuple(map(place.value, action.people))
    return built.ShareRecord(people=people, edits=action.edits, until=until, **common)


SHARE_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType({checked.CheckedShare: _share})
