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
    recipients = tuple(map(place.value, action.recipients))
    documents = tuple(_sent(place, each, index) for index, each in enumerate(action.documents))
    return built.SendEmail(template=template, recipients=recipients, documents=documents, **common)


def _sent(place: Place, document: checked.CheckedDocument, index: int) -> built.MakeDocument | str:
    if document.template is None:
        return document.given or ""
    template = place.metamodel.templates[document.template]
    return built.MakeDocument(template=template, index=str(index), text=f"generate document {template.name}")


def _document(place: Place, action: checked.CheckedMakeDocument, common: Common) -> built.Action:
    template = place.metamodel.templates[action.template]
    return built.MakeDocument(template=template, given_name=action.given_name, **common)


def _sms(place: Place, action: checked.CheckedSendSms, common: Common) -> built.Action:
    return built.SendSms(
        template=place.metamodel.templates[action.template],
        gateway=place.metamodel.connections[action.gateway],
        recipients=tuple(map(place.value, action.recipients)),
        **common,
    )


def _survey(place: Place, action: checked.CheckedSendSurvey, common: Common) -> built.Action:
    return built.SendSurvey(form=action.form, recipients=tuple(map(place.value, action.recipients)), **common)


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
        checked.CheckedMakeDocument: _document,
        checked.CheckedSendSms: _sms,
        checked.CheckedSendSurvey: _survey,
        checked.CheckedCallWebhook: _webhook,
        checked.CheckedCallAction: _plugin_action,
    }
)
