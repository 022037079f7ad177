"""Received mail, from a real IMAP server on loopback to the runs it starts: each mail once, whatever dies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.platform import Platform
from tests.support.automation import do_runs, rows_of, runs_of, shop
from tests.support.imap_server import Dropped, ImapBox, imap_server

RULES = """
rule lead when email is received at "Sales@example.com" then create deal { name: mail.subject, note: mail.from }
rule help when email is received at "help@example.com" then create job { subject: "{mail.from_name}: {mail.text}" }
"""


def mail(subject: str, *headers: str, to: str = "sales@example.com", body: str = "Hello") -> str:
    """Write a mail; its id is made of its subject."""
    given = (f"Subject: {subject}", f"To: {to}", f"Message-ID: <{subject}@buyer.example>", *headers)
    head = ["From: Li Lei <li@buyer.example>", "Date: Sat, 21 Nov 2026 12:00:00 +0800", *given]
    return "\n".join([*head, "", body, ""])


@pytest.fixture
def box() -> Iterator[ImapBox]:
    with imap_server() as opened:
        yield opened


@contextmanager
def reading(
    url: str, folder: Path, box: ImapBox, monkeypatch: pytest.MonkeyPatch, rules: str = RULES
) -> Iterator[Platform]:
    """Open an installation with the box."""
    monkeypatch.setenv("SHOP_INBOX", "pässword")
    files = {
        "connections/inbox.yaml": f"connection: inbox\nkind: mailbox\nhost: 127.0.0.1\nport: {box.port}\n"
        "security: none\nuser: shop\nsecret: SHOP_INBOX\naddresses: [sales@example.com, help@example.com]\n"
    }
    allowed = {"FIELDSTONE_PLUGIN_EMAIL_PRIVATE_HOSTS": f'["127.0.0.1:{box.port}"]'}
    with shop(url, folder, rules, files=files, environment=allowed) as platform:
        yield platform


def look(platform: Platform) -> int:
    """Look into the box, and do what it starts."""
    met = platform.mail.look()
    do_runs(platform)
    return met


def names(platform: Platform) -> Sequence[Any]:
    return sorted(row["name"] for row in rows_of(platform, "deal"))


def test_each_mail_starts_its_rules_once_and_is_marked_after_it(
    database_url: str, tmp_path: Path, box: ImapBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.put(mail("read long ago"), seen=True)
    box.put(mail("first"))
    box.put(mail("for help", to="Help <HELP@example.com>", body="谢谢"))
    with reading(database_url, tmp_path, box, monkeypatch) as platform:
        assert (look(platform), look(platform)) == (2, 0)
        assert (names(platform), box.seen) == (["first"], {1, 2, 3})
        assert [row["subject"] for row in rows_of(platform, "job")] == ["Li Lei: 谢谢"]
        (run,) = [run for run in runs_of(platform) if run["rule"] == "lead"]
        assert (run["state"], run["event"]) == ("done", 'email is received at "Sales@example.com"')
        # One that a person has read meanwhile counts, a copy does not; one for nobody named here is for the first.
        box.put(mail("second"), seen=True)
        box.put(mail("first", "Received: by another way"))
        box.put(mail("third", to="undisclosed:;"))
        assert (look(platform), names(platform)) == (3, ["first", "second", "third"])
        # For both addresses at once, and answers of machines for none.
        box.put(mail("both", "Cc: help@example.com"))
        box.put(mail("away", "Auto-Submitted: auto-replied"))
        box.put(mail("bounced", "Return-Path: <>"))
        assert (look(platform), names(platform)) == (3, ["both", "first", "second", "third"])
        assert len(rows_of(platform, "job")) == 2
        table = platform.system.mail_in
        with platform.database.read() as connection:
            noted = connection.execute(table.select().where(table.c.message_id.like("<both@%"))).all()
        assert {row.address: row.runs for row in noted} == {"sales@example.com": 1, "help@example.com": 1}
        # A box that is made anew counts anew, and no mail twice.
        box.validity, box.seen = 8, {1}
        box.put(mail("fourth"))
        look(platform)
        assert names(platform) == ["both", "first", "fourth", "second", "third"]
        assert (look(platform), box.seen) == (0, set(box.mails))


def test_what_breaks_between_taking_in_and_marking_loses_no_mail_and_doubles_none(
    database_url: str, tmp_path: Path, box: ImapBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(database_url, tmp_path, box, monkeypatch) as platform:
        look(platform)
        box.put(mail("first"))
        box.put(mail("second"))
        broken: list[str] = []

        def drop(command: str, at: str) -> None:
            if command.upper().startswith(at):
                broken.append(command)
                raise Dropped

        for at in ("UID STORE", "UID FETCH", "LOGOUT", "SELECT"):
            box.before = lambda command, at=at: drop(command, at)  # type: ignore[misc]  # a default keeps the word
            look(platform)
        assert len(broken) >= 3
        box.before = lambda command: None
        look(platform)
        assert names(platform) == ["first", "second"]
        # A worker that is killed in between leaves its hold; the next one waits for its end and marks what it took.
        table = platform.system.mailbox
        with platform.database.write() as connection:
            connection.execute(table.update().values(holder="dead", held_until=platform.clock.now()))
        box.seen.discard(2)
        assert (look(platform), box.seen, names(platform)) == (0, {1, 2}, ["first", "second"])


def test_a_box_that_cannot_be_read_is_told_paused_and_held_by_one_at_a_time(
    sqlite_url: str, tmp_path: Path, box: ImapBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.put(mail("first"))
    with reading(sqlite_url, tmp_path, box, monkeypatch) as platform:
        table = platform.system.mailbox
        box.password = "another"
        assert look(platform) == 0
        (state,) = platform.automation.targets.all()
        assert state.name == "mailbox inbox"
        assert "did not let 'shop' in" in str(state.error)
        monkeypatch.delenv("SHOP_INBOX")
        look(platform)
        assert platform.automation.targets.all()[0].error == "the secret 'SHOP_INBOX' is not set"
        monkeypatch.setenv("SHOP_INBOX", "pässword")
        box.password = "pässword"
        with platform.database.write() as connection:
            later = platform.clock.now().replace(year=2100)
            connection.execute(table.update().values(holder="another worker", held_until=later))
        assert (look(platform), names(platform)) == (0, [])
        with platform.database.write() as connection:
            connection.execute(table.update().values(holder=None, held_until=None))
        assert (look(platform), names(platform), platform.automation.targets.all()) == (1, ["first"], [])
        # What no server should say is a fault of this box, and no reason to leave others alone.
        box.validity = 10**30
        assert look(platform) == 0
        assert "the log of the worker says more" in str(platform.automation.targets.all()[0].error)
        box.validity = 7
        # The duty of a worker does the same on a thread of its own.
        box.put(mail("second"))
        ended = box.commands.count("LOGOUT")
        platform.mail.begin()
        until = time.monotonic() + 60
        while box.commands.count("LOGOUT") == ended and time.monotonic() < until:
            time.sleep(0.02)
        platform.mail.stop()
        do_runs(platform)
        assert names(platform) == ["first", "second"]
