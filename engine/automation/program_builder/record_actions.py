"""Builds the actions that write records."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _create(place: Place, action: checked.CheckedCreate, common: Common) -> built.Action:
    fields = place.fields(action.object, action.fields)
    return built.CreateRecord(object=action.object, fields=fields, given_name=action.given_name, **common)


RECORD_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedSet: lambda place, action, common: built.SetFields(
            fields=place.fields(place.object, action.fields), **common
        ),
        checked.CheckedCreate: _create,
        checked.CheckedUpdate: lambda place, action, common: built.UpdateRecords(
            rows=place.rows(action.rows), fields=place.fields(action.rows.object, action.fields), **common
        ),
        checked.CheckedDelete: lambda place, action, common: built.DeleteRecords(
            rows=place.rows(action.rows), **common
        ),
        checked.CheckedRestore: lambda place, action, common: built.RestoreRecord(
            rows=place.rows(action.rows), **common
        ),
    }
)
