"""Mail boxes that plugins read: what they are told of one, and what they give back; mails are bytes here."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

MOST_BYTES = 10 * 1024 * 1024
"""How much of one mail is read; what is longer is cut there."""


class MailboxFailed(Exception):
    """A mail box could not be read: not reached, log-in refused, folder missing, or it answered nonsense."""


class Wire(Protocol):
    """Opens connections to hosts that a plugin may reach."""

    def open(self, host: str, port: int, *, tls: bool) -> socket.socket:
        """Connect, with TLS from the first byte where asked for.

        Raises:
            EgressRefused: the host may not be reached, or not without TLS.
            EgressFailed: it does not answer.
        """
        ...

    def may_be_plain(self, host: str, port: int) -> bool:
        """Say whether the operator lets a host be reached without TLS."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAccess:
    """What a reader needs to open a box. security: `tls`, `starttls` or `none`. total_s: how long a look may take."""

    host: str
    port: int
    security: str
    user: str
    password: str
    folder: str
    wire: Wire
    total_s: float


class OpenMailbox(Protocol):
    """A box that is open. Its mails have numbers that rise; where the box is made anew its validity is another."""

    @property
    def validity(self) -> int:
        """The series that the numbers belong to."""
        ...

    def after(self, number: int) -> Sequence[int]:
        """Give the numbers of the mails above one, the lowest first."""
        ...

    def unread_since(self, day: dt.date) -> Sequence[int]:
        """Give the numbers of mails that nobody has read and that came on a day or later, the lowest first."""
        ...

    def highest(self) -> int:
        """Give the number of the newest mail, 0 in an empty box."""
        ...

    def fetch(self, number: int) -> bytes | None:
        """Give a mail as it is written, at most MOST_BYTES of it, without marking it; None where it is gone."""
        ...

    def mark_seen(self, number: int) -> None:
        """Mark a mail as read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReader:
    """Reads mail boxes of one kind.

    kind: of the connections that it opens. open: gives the box for a `with` block; raises MailboxFailed.
    """

    kind: str
    summary: str
    open: Callable[[MailboxAccess], AbstractContextManager[OpenMailbox]]
