"""What is handed to hooks: services as Protocols, so that a plugin never sees the engine behind them.

Plain values only pass this border (texts, numbers, dates, lists and mappings of those). How a service is made and
whose rights it has is the engine's business; what a plugin may reach is said by its plugin.yaml, enforced behind these.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import EmailMessage
from types import MappingProxyType
from typing import Protocol

Plain = str | int | bool | Decimal | dt.date | dt.datetime | None | Sequence["Plain"] | Mapping[str, "Plain"]


class OptionText(str):
    """The name of a choice's option, for programs; people are shown its `label`."""

    label: str

    def __new__(cls, name: str, label: str) -> OptionText:
        """Make the text of an option."""
        made = super().__new__(cls, name)
        made.label = label
        return made


class RecordAccess(Protocol):
    """Reads the record a rule runs for, with the rights that the rule's actions have."""

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give path (`owner.email`) → value; what may not be read is None, an unknown path raises PathUnknown.

        language: of the labels of options (`OptionText`); without it that of whom the rule acts as.
        """
        ...

    def url(self) -> str:
        """Give the address of the record's page."""
        ...


class PathUnknown(Exception):
    """A plugin asked for a path that the record's object does not have."""

    def __init__(self, path: str, hint: str = "") -> None:
        self.path = path
        super().__init__(f"'{path}' is not a field of the record{f'; {hint}' if hint else ''}")


class Mailer(Protocol):
    """Hands a mail to the next server."""

    def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Send it, or raise ActionFailed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a host answered; header names are lower case, `body` is cut at the client's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class EgressClient(Protocol):
    """Makes requests to the outside that reach public addresses only, within limits of size and time."""

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and give the answer, whatever its status.

        Raises:
            EgressRefused: the address may not be reached; trying again changes nothing.
            EgressFailed: no answer came; a later try may work.
        """
        ...


class EventUnknown(Exception):
    """A plugin told of an event that it did not declare by `rule_events`."""


class EventSink(Protocol):
    """Takes what a plugin tells of, and starts the rules that wait for it."""

    def tell(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None) -> None:
        """Tell of an event of this plugin; the same key within a day starts nothing again.

        Raises:
            EventUnknown: the plugin did not declare it.
        """
        ...


class NoEvents:
    """Takes events where nobody waits for them."""

    def tell(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None) -> None:
        """Start nothing."""


class EgressRefused(Exception):
    """The address of a request may not be reached from here."""


class EgressFailed(Exception):
    """A request got no answer: name not found, connection refused, time or size over its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """A message template of an app as text, before anything is filled in."""

    name: str
    subject: str
    body: str
    sender: str | None = None
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """Everything an outside action may use.

    idempotency_key: stays the same over retries and restarts of this step. settings: those of the plugin's schema, with
    defaults filled in. app_settings: the app's, by name. user: name, email and language of who the rule acts for.
    events: where the plugin tells of its own.
    """

    run_id: str
    rule: str
    path: str
    attempt: int
    idempotency_key: str
    now: dt.datetime
    records: RecordAccess
    egress: EgressClient
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    app_settings: Mapping[str, Plain] = field(default_factory=lambda: MappingProxyType({}))
    user: Mapping[str, Plain] = field(default_factory=lambda: MappingProxyType({}))
    events: EventSink = field(default_factory=NoEvents)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContext:
    """What a plugin gets when the server or a worker starts; events: where it tells of its events, until `on_stop`."""

    settings: Mapping[str, object]
    events: EventSink = field(default_factory=NoEvents)
