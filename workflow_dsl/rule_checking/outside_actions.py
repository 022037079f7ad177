"""Checks the actions that reach people and other systems: notify, send email, sms, call webhook, plugins' actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedCallAction,
    CheckedCallWebhook,
    CheckedNotify,
    CheckedSendEmail,
    CheckedSendSms,
    CheckedValue,
)
from workflow_dsl.rule_checking.document_actions import check_documents, check_template_object, template_for
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.survey_actions import check_survey
from workflow_dsl.rule_checking.values import check_inputs, message_of
from workflow_dsl.syntax import Action, CallAction, CallWebhook, MessageKind, Name, Notify, Send

_WEBHOOK_KINDS = frozenset(("webhook", "webhook_out"))
SMS_GATEWAY = "sms_gateway"


def _check_notify(checking: RuleChecking, action: Notify, path: str) -> CheckedAction | None:
    people = check_people(checking, action.people, addresses=False)
    message = message_of(checking, action.message)
    if message is None or not people:
        return None
    return CheckedNotify(
        path=path, text=checking.text_of(action.at), at=action.at.location, people=people, message=message
    )


def _check_send(checking: RuleChecking, action: Send, path: str) -> CheckedAction | None:
    if action.kind is MessageKind.SURVEY:
        return check_survey(checking, action, path)
    templates = checking.scope.metamodel.templates
    name = action.template
    documents = check_documents(checking, action)
    recipients = check_people(checking, action.recipients, addresses=True)
    if name.text not in templates:
        hint = did_you_mean(name.text, templates) or f"write templates/{name.text}.md"
        checking.refuse("RUL203", f"there is no template '{name.text}'", name.at, hint)
        return None
    check_template_object(checking, name)
    if action.kind is MessageKind.SMS:
        return _check_sms(checking, action, path, recipients)
    if not templates[name.text].subject.text:
        hint = "write subject: in its front matter"
        checking.refuse("RUL203", f"the template '{name.text}' has no subject, and a mail needs one", name.at, hint)
    elif templates[name.text].kind == "document":
        template_for(checking, name, "mail")
    if not recipients or documents is None:
        return None
    return CheckedSendEmail(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        template=name.text,
        recipients=recipients,
        documents=documents,
    )


def _check_sms(
    checking: RuleChecking, action: Send, path: str, recipients: tuple[CheckedValue, ...]
) -> CheckedAction | None:
    gateway = _gateway(checking, action.template)
    if gateway is None or not recipients:
        return None
    return CheckedSendSms(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        template=action.template.text,
        gateway=gateway,
        recipients=recipients,
    )


def _gateway(checking: RuleChecking, name: Name) -> str | None:
    """Give the gateway of a template: the one that it names, else the only one."""
    metamodel = checking.scope.metamodel
    known = sorted(each.name for each in metamodel.connections.values() if each.kind == SMS_GATEWAY)
    wanted = metamodel.templates[name.text].gateway
    if wanted in known or (wanted is None and len(known) == 1):
        return wanted or known[0]
    if known:
        message = f"the template '{name.text}' does not say by which gateway its SMS go"
        hint = f"write gateway: in its front matter; there are {', '.join(known)}"
    else:
        message = "there is no gateway that SMS could go by"
        hint = f"write connections/sms.yaml with kind: {SMS_GATEWAY}"
    checking.refuse("RUL208", message, name.at, hint)
    return None


def _check_webhook(checking: RuleChecking, action: CallWebhook, path: str) -> CheckedAction | None:
    connections = checking.scope.metamodel.connections
    known = [name for name, connection in connections.items() if connection.kind in _WEBHOOK_KINDS]
    inputs = check_inputs(checking, action.values or ())
    if action.webhook.text not in known:
        name = action.webhook.text
        hint = did_you_mean(name, known) or f"write connections/{name}.yaml with kind: webhook_out"
        checking.refuse("RUL204", f"there is no outgoing webhook '{action.webhook.text}'", action.webhook.at, hint)
        return None
    return CheckedCallWebhook(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        webhook=action.webhook.text,
        inputs=inputs,
        given_name=action.given_name.text if action.given_name is not None else None,
    )


def _check_call(checking: RuleChecking, action: CallAction, path: str) -> CheckedAction | None:
    name = action.action.dotted
    inputs = check_inputs(checking, action.values or ())
    if name not in checking.actions:
        hint = did_you_mean(name, checking.actions)
        checking.refuse("RUL205", f"no plugin offers the action '{name}'", action.action.at, hint)
        return None
    return CheckedCallAction(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        action=name,
        inputs=inputs,
        given_name=action.given_name.text if action.given_name is not None else None,
    )


OUTSIDE_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {Notify: _check_notify, Send: _check_send, CallWebhook: _check_webhook, CallAction: _check_call}
)
