"""Builds the actions that convert, merge, and run another rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _convert_to(place: Place, action: checked.CheckedConvertTo, common: Common) -> built.Action:
    targets = tuple((each.object, place.fields(each.object, each.fields)) for each in action.targets)
    return built.ConvertRecord(targets=targets, given_name=action.given_name, **common)


def _convert_using(place: Place, action: checked.CheckedConvertUsing, common: Common) -> built.Action:
    return built.ConvertByFile(conversion=action.conversion, given_name=action.given_name, **common)


def _merge(place: Place, action: checked.CheckedMerge, common: Common) -> built.Action:
    gone, into = place.rows(action.gone), place.rows(action.into)
    return built.MergeRecords(object=action.object, gone=gone, into=into, **common)


def _run_rule(place: Place, action: checked.CheckedRunRule, common: Common) -> built.Action:
    return built.CallRule(rule=action.rule, rows=place.optional_rows(action.rows), **common)


FATE_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedConvertTo: _convert_to,
        checked.CheckedConvertUsing: _convert_using,
        checked.CheckedMerge: _merge,
        checked.CheckedRunRule: _run_rule,
    }
)
