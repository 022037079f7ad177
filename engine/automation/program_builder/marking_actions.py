"""Builds the actions that tag and comment."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _tag(place: Place, action: checked.CheckedTag, common: Common) -> built.Action:
    return built.ChangeTag(add=action.add, tag=place.value(action.tag), rows=place.optional_rows(action.rows), **common)


def _comment(place: Place, action: checked.CheckedPostComment, common: Common) -> built.Action:
    return built.PostComment(message=place.value(action.message), rows=place.optional_rows(action.rows), **common)


MARKING_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedTag: _tag,
        checked.CheckedPostComment: _comment,
    }
)
