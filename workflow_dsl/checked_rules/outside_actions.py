"""Checked actions that tell people and other systems."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedValue, NamedInput


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedNotify(CheckedAction):
    """`notify owner "…"`; each of `people` is a record, a role's name, or a list of these."""

    people: tuple[CheckedValue, ...]
    message: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDocument:
    """What goes with a mail: a document of a template, made first, or one that an action before gave a name."""

    template: str | None = None
    given: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMakeDocument(CheckedAction):
    """`generate document offer as file`; the file is given as an attachment of the rule's record."""

    template: str
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSendEmail(CheckedAction):
    """`send email welcome with document offer to contact.email`; recipients are people or texts with an address."""

    template: str
    recipients: tuple[CheckedValue, ...]
    documents: tuple[CheckedDocument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSendSms(CheckedAction):
    """`send sms order_thanks to contact`; recipients are people or texts with a phone number."""

    template: str
    gateway: str
    recipients: tuple[CheckedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSendSurvey(CheckedAction):
    """`send survey nps to contact`; form: the survey."""

    form: str
    recipients: tuple[CheckedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCallWebhook(CheckedAction):
    """`call webhook finance { … } as answer`."""

    webhook: str
    inputs: tuple[NamedInput, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCallAction(CheckedAction):
    """`call plugin.action { … } as x`."""

    action: str
    inputs: tuple[NamedInput, ...]
    given_name: str | None = None
