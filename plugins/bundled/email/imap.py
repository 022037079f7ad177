"""Reads a mail box by IMAP (RFC 3501) with the standard library, within bounds of time and size.

A mail is fetched without being marked; whoever takes it in marks it afterwards. Nothing is deleted or moved.
"""

from __future__ import annotations

import base64
import datetime as dt
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from plugins import EgressFailed, EgressRefused
from plugins.mailboxes import MOST_BYTES, MailboxAccess, MailboxFailed

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_UNPRINTED = re.compile(r"[^\x20-\x7e]+")
_MOST_NUMBERS = 100_000


class _Imap(imaplib.IMAP4):
    """An IMAP client over a socket that is there already; it takes no more of an answer than a mail may have."""

    def __init__(self, opened: socket.socket, host: str) -> None:
        self._opened = opened
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._opened

    def read(self, size: int) -> bytes:
        """Read a literal, whose size the server says."""
        if size > MOST_BYTES + 65_536:
            raise self.abort(f"the server sends {size} bytes where {MOST_BYTES} were asked for")
        return super().read(size)


class ImapMailbox:
    """An `OpenMailbox`."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self.validity = int(_first(client.response("UIDVALIDITY")[1]) or 0)

    def after(self, number: int) -> Sequence[int]:
        """Give the numbers of the mails above one."""
        # `n:*` has the newest mail even where its number is below n.
        return [each for each in self._search("UID", f"{number + 1}:*") if each > number]

    def unread_since(self, day: dt.date) -> Sequence[int]:
        """Give the numbers of mails that nobody has read."""
        return self._search("UNSEEN", "SINCE", f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year}")

    def highest(self) -> int:
        """Give the number of the newest mail."""
        return max(self._search("UID", "*"), default=0)

    def fetch(self, number: int) -> bytes | None:
        """Give a mail, cut where it is longer than is read."""
        found = self._ask("FETCH", str(number), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        return next((bytes(part[1]) for part in found if isinstance(part, tuple) and len(part) > 1), None)

    def mark_seen(self, number: int) -> None:
        """Mark a mail as read."""
        self._ask("STORE", str(number), "+FLAGS.SILENT", r"(\Seen)")

    def _search(self, *criteria: str) -> list[int]:
        numbers = b" ".join(part for part in self._ask("SEARCH", *criteria) if isinstance(part, bytes)).split()
        return sorted({int(each) for each in numbers[:_MOST_NUMBERS] if each.isdigit()})

    def _ask(self, command: str, *arguments: str) -> list[object]:
        try:
            state, found = self._client.uid(command, *arguments)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxFailed(f"{command} failed: {error}") from error
        if state != "OK":
            raise MailboxFailed(f"the server refused {command}: {_first(found)}")
        return list(found)


@contextmanager
def open_imap(access: MailboxAccess) -> Iterator[ImapMailbox]:
    """Connect, log in and select the folder; leave when the block ends.

    Raises:
        MailboxFailed: one of these did not work.
    """
    where = f"{access.host}:{access.port}"
    if access.security == "none" and not access.wire.may_be_plain(access.host, access.port):
        raise MailboxFailed(f"{where} is reached without TLS; the operator may allow the host")
    try:
        opened = access.wire.open(access.host, access.port, tls=access.security == "tls")
    except (EgressRefused, EgressFailed) as error:
        raise MailboxFailed(str(error)) from error
    # A server that sends a byte now and then never runs into the socket's own timeout; this ends it.
    open_now = [opened]
    watch = threading.Timer(access.total_s, lambda: _break(open_now[-1]))
    watch.daemon = True
    watch.start()
    try:
        client = _logged_in(access, open_now, where)
        yield ImapMailbox(client)
        with suppress(imaplib.IMAP4.error, OSError):
            client.logout()
    finally:
        watch.cancel()
        open_now[-1].close()


def _logged_in(access: MailboxAccess, open_now: list[socket.socket], where: str) -> imaplib.IMAP4:
    try:
        client = _Imap(open_now[-1], access.host)
        if access.security == "starttls":
            client.starttls(ssl.create_default_context())
            open_now.append(client.sock)
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{access.user}\0{access.password}".encode())
        else:
            client.login(access.user, access.password)
        state, found = client.select(_quoted(access.folder))
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        reason = str(error).replace(access.password, "…") if access.password else str(error)
        raise MailboxFailed(f"{where} did not let '{access.user}' in: {reason}") from error
    if state != "OK":
        raise MailboxFailed(f"{where} has no folder '{access.folder}': {_first(found)}")
    return client


def _quoted(folder: str) -> str:
    """Write the name of a folder as IMAP has it: modified UTF-7, in quotes.

    >>> _quoted("Anfragen/Läufe & mehr")
    '"Anfragen/L&AOQ-ufe &- mehr"'
    """

    def encoded(found: re.Match[str]) -> str:
        coded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{coded}-"

    name = _UNPRINTED.sub(encoded, folder.replace("&", "&-"))
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _first(found: object) -> str:
    item = found[0] if isinstance(found, list) and found else None
    return item.decode("utf-8", "replace")[:200] if isinstance(item, bytes) else ""


def _break(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
