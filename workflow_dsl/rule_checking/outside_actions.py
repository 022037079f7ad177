"""Checks the actions that reach people and other systems: notify, send email, call webhook, plugins' actions."""

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
)
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import check_inputs, message_of
from workflow_dsl.syntax import Action, CallAction, CallWebhook, MessageKind, Name, Notify, Send

_WEBHOOK_KINDS = frozenset(("webhook", "webhook_out"))


def _check_notify(checking: RuleChecking, action: Notify, path: str) -> CheckedAction | None:
    people = check_people(checking, action.people, addresses=False)
    message = message_of(checking, action.message)
    if message is None or not people:
        return None
    return CheckedNotify(
        path=path, text=checking.text_of(action.at), at=action.at.location, people=people, message=message
    )


def _check_send(checking: RuleChecking, action: Send, path: str) -> CheckedAction | None:
    if action.kind is not MessageKind.EMAIL:
        checking.not_available("RUL902", f"'send {action.kind}'", action.at)
        return None
    if action.documents:
        checking.not_available("RUL902", "'with document'", action.documents[0].at)
        return None
    templates = checking.scope.metamodel.templates
    name = action.template
    recipients = check_people(checking, action.recipients, addresses=True)
    if name.text not in templates:
        hint = did_you_mean(name.text, templates)
        checking.refuse("RUL203", f"there is no template '{name.text}'", name.at, hint)
        return None
    _check_template_object(checking, name)
    if not recipients:
        return None
    return CheckedSendEmail(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        template=name.text,
        recipients=recipients,
    )


def _check_template_object(checking: RuleChecking, name: Name) -> None:
    wanted = checking.scope.metamodel.templates[name.text].object
    own = checking.scope.object
    if wanted is not None and own is not None and wanted != own:
        found = checking.scope.metamodel.find_object(wanted)
        if found is not None and found.key != own:
            message = f"the template '{name.text}' is about {wanted}, and this rule is about {own}"
            checking.refuse("RUL203", message, name.at)


def _check_webhook(checking: RuleChecking, action: CallWebhook, path: str) -> CheckedAction | None:
    connections = checking.scope.metamodel.connections
    known = [name for name, connection in connections.items() if connection.kind in _WEBHOOK_KINDS]
    inputs = check_inputs(checking, action.values or ())
    if action.webhook.text not in known:
        hint = did_you_mean(action.webhook.text, known)
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
