"""Reading a mail box by IMAP: what a server may do, from a good one to one that never ends; real ones on loopback."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from plugins.discovery import bundled_candidates
from plugins.egress import EgressPolicy
from plugins.egress.wire import SafeWire
from plugins.mailboxes import MOST_BYTES, MailboxAccess, MailboxFailed, MailReader
from plugins.manager import PluginManager
from tests.support.imap_server import imap_server


@pytest.fixture(scope="module")
def reader() -> MailReader:
    found = PluginManager.load(candidates=bundled_candidates(), environment={}).find_mail_reader("mailbox")
    assert found is not None
    return found[1]


def access(port: int, *, allowed: bool = True, security: str = "none", folder: str = "INBOX") -> MailboxAccess:
    policy = EgressPolicy(private_hosts=("127.0.0.1",) if allowed else ())
    return MailboxAccess(
        host="127.0.0.1",
        port=port,
        security=security,
        user="shop",
        password="pässword",
        folder=folder,
        wire=SafeWire(policy, timeout_s=5),
        total_s=2,
    )


def test_new_unread_and_highest_are_told_and_a_long_mail_is_cut(reader: MailReader) -> None:
    with imap_server() as box:
        box.folder = "Anfragen/L&AOQ-ufe &- mehr"
        for number in range(3):
            box.put(f"Subject: {number}\n\nx", seen=number == 1)
        with reader.open(access(box.port, folder="Anfragen/Läufe & mehr")) as opened:
            assert (opened.validity, opened.highest(), list(opened.after(1)), list(opened.after(3))) == (
                7,
                3,
                [2, 3],
                [],
            )
            assert list(opened.unread_since(dt.date(2026, 11, 1))) == [1, 3]
            assert opened.fetch(2) == b"Subject: 1\r\n\r\nx"
            assert opened.fetch(9) is None
            box.mails[4] = b"x" * (MOST_BYTES + 1)
            assert len(opened.fetch(4) or b"") == MOST_BYTES
            opened.mark_seen(1)
        assert box.seen == {1, 2}
        assert "UID SEARCH UNSEEN SINCE 01-Nov-2026" in box.commands


@pytest.mark.parametrize(
    ("allowed", "security", "folder", "told"),
    [
        (False, "none", "INBOX", "without TLS"),
        (False, "tls", "INBOX", "not public"),
        (True, "tls", "INBOX", "no TLS with"),
        (True, "starttls", "INBOX", "did not let 'shop' in"),
        (True, "none", "Nowhere", "no folder 'Nowhere'"),
        (True, "none", 'IN"\\BOX', "no folder"),
    ],
)
def test_what_is_not_reached_or_not_there_is_told(
    reader: MailReader, allowed: bool, security: str, folder: str, told: str
) -> None:
    with imap_server() as box:
        asked = access(box.port, allowed=allowed, security=security, folder=folder)
        with pytest.raises(MailboxFailed, match=told), reader.open(asked):
            pytest.fail("the box is open")


@contextmanager
def server(answer: bytes, *, again: bytes = b"") -> Iterator[int]:
    """Serve one connection that says something, and `again` every tenth of a second."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answer)
                try:
                    while again:
                        time.sleep(0.1)
                        connection.sendall(again)
                    connection.recv(100)
                except OSError:
                    return

        threading.Thread(target=talk, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (b"* OK ready", b" "),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""),
        (b"", b"\xff"),
        (b"* OK ready\r\n* 1 FETCH (BODY[] {999999999}\r\n", b"x"),
        (b"* OK " + b"x" * 2_000_000, b""),
    ],
)
def test_a_server_that_is_none_or_never_ends_is_left(reader: MailReader, answer: bytes, again: bytes) -> None:
    with server(answer, again=again) as port, pytest.raises(MailboxFailed), reader.open(access(port)):
        pytest.fail("the box is open")
