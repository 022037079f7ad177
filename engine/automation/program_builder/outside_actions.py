"""Builds the actions that tell people and other systems."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def _notify(place: Place, action: checked.CheckedNotify, common: Common) -> built.Action:
    people = tuple(map(place.value, action.people))
    return built.NotifyPeople(people=people, message=place.value(action.message), **common)


def _email(place: Place, action: checked.CheckedSendEmail, common: Common) -> built.Action:
    template = place.metamodel.templates[action.template]
    return built.SendEmail(template=template, recipients=tuple(map(place.value, action.recipients)), **common)


def _webhook(place: Place, action: checked.CheckedCallWebhook, common: Common) -> built.Action:
    connection = place.metamodel.connections[action.webhook]
    fields = place.inputs(action.inputs)
    return built.CallWebhook(connection=connection, fields=fields, given_name=action.given_name, **common)


def _plugin_action(place: Place, action: checked.CheckedCallAction, common: Common) -> built.Action:
    fields = place.inputs(action.inputs)
    return built.CallPlugin(action=action.action, fields=fields, given_name=action.given_name, **common)


OUTSIDE_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedNotify: _notify,
        checked.CheckedSendEmail: _email,
        checked.CheckedCallWebhook: _webhook,
        checked.CheckedCallAction: _plugin_action,
    }
)
