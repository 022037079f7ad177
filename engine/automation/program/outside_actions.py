"""Actions that tell people and other systems."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value
from metamodel.apps import ConnectionDef, TemplateDef


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyPeople(Action):
    """`notify owner "…"`."""

    people: tuple[Value, ...]
    message: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDocument(Action):
    """`generate document offer as file`."""

    template: TemplateDef
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmail(Action):
    """`send email welcome with document offer to contact.email`.

    documents: each made first, as a step of its own, or the name that an action before gave it.
    """

    template: TemplateDef
    recipients: tuple[Value, ...]
    documents: tuple[MakeDocument | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSms(Action):
    """`send sms order_thanks to contact`."""

    template: TemplateDef
    gateway: ConnectionDef
    recipients: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSurvey(Action):
    """`send survey nps to contact`."""

    form: str
    recipients: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWebhook(Action):
    """`call webhook finance { … } as answer`."""

    connection: ConnectionDef
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlugin(Action):
    """`call telephony.ring { … } as x`."""

    action: str
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None
