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


class MoneyAmount(Decimal):
    """An amount in the currency that the app counts in."""

    currency: str

    def __new__(cls, amount: Decimal, currency: str) -> MoneyAmount:
        """Make an amount."""
        made = super().__new__(cls, amount)
        made.currency = currency
        return made


class MoneyText(str):
    """Money in another currency than the app counts in, as a text; `amount` and `currency` are its parts."""

    amount: Decimal
    currency: str

    def __new__(cls, amount: Decimal, currency: str) -> MoneyText:
        """Make the text of an amount."""
        made = super().__new__(cls, f"{amount} {currency}")
        made.amount, made.currency = amount, currency
        return made


class Share(Decimal):
    """A part of a whole: 0.2 of a percentage that people read as 20%."""


class RecordAccess(Protocol):
    """Reads the record a rule runs for, with the rights that the rule's actions have."""

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give path (`owner.email`) → value; what may not be read is None, an unknown path raises PathUnknown.

        language: of the labels of options (`OptionText`); without it that of whom the rule acts as.
        """
        ...

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give path → value of the rows of a related list, as `read` does; None where there are more than `most`."""
        ...

    def image(self, path: str) -> bytes | None:
        """Give the image in a field as bytes of WebP, None where there is none that may be seen."""
        ...

    def hidden(self) -> Sequence[str]:
        """Give the paths read so far that may not be read, in the order of the alphabet."""
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


class SentParts(Protocol):
    """Remembers over the tries of one step which of its parts have left, so that none leaves a second time."""

    def is_sent(self, part: str) -> bool:
        """Say whether a part has left."""
        ...

    def note(self, part: str) -> None:
        """Note that a part has left."""
        ...


class NoParts:
    """Knows of no part, where nobody remembers."""

    def is_sent(self, part: str) -> bool:
        """Say no."""
        return False

    def note(self, part: str) -> None:
        """Remember nothing."""


class EgressRefused(Exception):
    """The address of a request may not be reached from here."""


class EgressFailed(Exception):
    """A request got no answer: name not found, connection refused, time or size over its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """A template of an app as text, before anything is filled in.

    header, footer: of each page of a document; paper: `A4`, `A5` or `letter`, with ` landscape` where it lies.
    """

    name: str
    subject: str
    body: str
    sender: str | None = None
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    language: str | None = None
    header: str | None = None
    footer: str | None = None
    paper: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """Everything an outside action may use.

    idempotency_key: stays the same over retries and restarts of this step. settings: those of the plugin's schema, with
    defaults filled in. app_settings: the app's, by name. user: name and language of who the rule acts for, and the
    time zone of the app.
    events: where the plugin tells of its own. parts: for actions that send several things, which of them have left.
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
    parts: SentParts = field(default_factory=NoParts)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContext:
    """What a plugin gets when the server or a worker starts; events: where it tells of its events, until `on_stop`."""

    settings: Mapping[str, object]
    events: EventSink = field(default_factory=NoEvents)
