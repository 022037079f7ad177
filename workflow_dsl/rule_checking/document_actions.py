"""Checks documents: `generate document`, and what `send email` takes along by `with document`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import CheckedAction, CheckedDocument, CheckedMakeDocument
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Action, GenerateDocument, Name, Send
from workflow_dsl.types import Type, record_of

ATTACHMENT = "attachment"
_KINDS = {"mail": "a mail", "sms": "an SMS", "document": "a document"}
_HINTS = {
    "mail": "its front matter says from, reply_to or cc",
    "sms": "it has no subject, or names a gateway",
    "document": "its front matter says header, footer or paper",
}


def document_given() -> Type:
    """Give the type of the name that `generate document … as x` gives."""
    return record_of(ATTACHMENT)


def template_for(checking: RuleChecking, name: Name, wanted: str) -> bool:
    """Say whether there is a template of that name about the rule's object that can be `wanted`; reports it if not."""
    found = checking.scope.metamodel.templates.get(name.text)
    if found is None:
        hint = did_you_mean(name.text, checking.scope.metamodel.templates)
        checking.refuse("RUL203", f"there is no template '{name.text}'", name.at, hint)
        return False
    check_template_object(checking, name)
    if found.kind in (None, wanted):
        return True
    message = f"the template '{name.text}' is {_KINDS[found.kind]}, not {_KINDS[wanted]}"
    checking.refuse("RUL203", message, name.at, _HINTS[found.kind])
    return False


def check_template_object(checking: RuleChecking, name: Name) -> None:
    """Report a template that is about another object than the rule."""
    wanted = checking.scope.metamodel.templates[name.text].object
    own = checking.scope.object
    if wanted is not None and own is not None and wanted != own:
        found = checking.scope.metamodel.find_object(wanted)
        if found is not None and found.key != own:
            message = f"the template '{name.text}' is about {wanted}, and this rule is about {own}"
            checking.refuse("RUL203", message, name.at)


def check_documents(checking: RuleChecking, action: Send) -> tuple[CheckedDocument, ...] | None:
    """Check what goes with a mail: names that `generate document` gave, else templates; None where one is wrong."""
    checked = [_document(checking, action, name) for name in action.documents]
    return None if None in checked else tuple(each for each in checked if each is not None)


def _document(checking: RuleChecking, action: Send, name: Name) -> CheckedDocument | None:
    given = checking.scope.given.get(name.text)
    if given is not None:
        if given == document_given():
            return CheckedDocument(given=name.text)
        hint = "name a template, or what 'generate document … as' gave"
        checking.refuse("RUL203", f"'{name.text}' is no document that could go with a mail", name.at, hint)
        return None
    if not template_for(checking, name, "document") or not _has_record(checking, action):
        return None
    return CheckedDocument(template=name.text)


def _check_make(checking: RuleChecking, action: GenerateDocument, path: str) -> CheckedAction | None:
    if not template_for(checking, action.template, "document") or not _has_record(checking, action):
        return None
    return CheckedMakeDocument(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        template=action.template.text,
        given_name=action.given_name.text if action.given_name is not None else None,
    )


def _has_record(checking: RuleChecking, action: Action) -> bool:
    own = own_object(checking, action, "make a document of")
    if own is None or checking.refuses_source(own, action.at, "files are kept with records of this database"):
        return False
    checking.writes.add((ATTACHMENT, ""))
    return True


DOCUMENT_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {GenerateDocument: _check_make}
)
