"""Builds the triggers that people and other systems start rules by, and the actions that answer a person."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Place
from workflow_dsl import checked_rules as checked


def on_call(place: Place, trigger: checked.CallTrigger) -> built.OnCall:
    """Build one trigger."""
    match trigger:
        case checked.ButtonTrigger():
            return built.OnButton(
                object=trigger.object,
                button=trigger.button,
                text=trigger.text,
                by=tuple(map(place.value, trigger.by)),
                inputs=tuple(_input(place, each) for each in trigger.inputs),
            )
        case checked.FormTrigger():
            return built.OnForm(form=trigger.form, text=trigger.text)
        case checked.WebhookTrigger():
            return built.OnWebhook(webhook=trigger.webhook, text=trigger.text)
        case checked.MailTrigger():
            return built.OnMail(address=trigger.address, text=trigger.text)
        case checked.PluginTrigger():
            return built.OnPluginEvent(event=trigger.event, text=trigger.text)
    return built.OnLogin(text=trigger.text)


def _input(place: Place, asked: checked.ButtonInput) -> built.AskedInput:
    default = place.optional(asked.default)
    return built.AskedInput(name=asked.name, type=asked.type, object=asked.object, default=default)


ANSWER_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        checked.CheckedShow: lambda place, action, common: built.ShowText(
            message=place.value(action.message), **common
        ),
        checked.CheckedOpen: lambda place, action, common: built.OpenPage(rows=place.rows(action.rows), **common),
    }
)
