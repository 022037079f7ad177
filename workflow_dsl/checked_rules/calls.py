"""Checked triggers of what people and other systems start: buttons, forms, webhooks, log-ins, events of plugins."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonInput:
    """What a button asks for. type: a field type; of a record "lookup", to `object`. Required without a default."""

    name: str
    type: str
    object: str | None = None
    default: CheckedValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonTrigger:
    """`when button send_quote on quote is pressed by role "rep" asking reason: text`; without `by` everybody may."""

    object: str
    button: str
    text: str
    by: tuple[CheckedValue, ...] = ()
    inputs: tuple[ButtonInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTrigger:
    """`when webhook stock_changed is received`; its content is the given name `payload`."""

    webhook: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrigger:
    """`when email is received at "sales@example.com"`; the address is in small letters, the mail is `mail.subject` …"""

    address: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTrigger:
    """`when user logs in`; the rule's record is that user."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginTrigger:
    """`when event telephony.call_ended`; what the plugin tells is the given name `payload`."""

    event: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTrigger:
    """`when form contact_us is submitted`; the rule's record is what was made of it, `form.name` what was filled in."""

    form: str
    text: str


CallTrigger = ButtonTrigger | FormTrigger | WebhookTrigger | MailTrigger | LoginTrigger | PluginTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedShow(CheckedAction):
    """`show "Done."`: told to the person who pressed the button."""

    message: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOpen(CheckedAction):
    """`open review`: the page that the person who pressed the button goes to."""

    rows: CheckedRows
