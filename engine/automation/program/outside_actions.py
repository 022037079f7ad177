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
class SendEmail(Action):
    """`send email welcome to contact.email`."""

    template: TemplateDef
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
