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
class CheckedSendEmail(CheckedAction):
    """`send email welcome to contact.email`; recipients are people or texts with an address."""

    template: str
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
