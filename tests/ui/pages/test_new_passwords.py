"""New passwords by mail: the link goes to the stored address alone, once, and what is answered tells nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from engine.access.actor import Origin, system_actor
from engine.clock import FixedClock
from tests.support.account_entries import audit
from tests.support.mail_server import mail_server
from tests.support.served import PASSWORD, Served, login_of, post_form, serve_deals
from ui.security import WebSettings

NEW = "a wholly new password"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


class Mails:
    """Keeps the mails that a mail server got: recipient and text."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        assert body is not None
        self.received.append((",".join(envelope.rcpt_tos), f"{message['Subject']}\n{body.get_content()}"))
        return "250 OK"


@pytest.fixture
def mailing(
    database_url: str, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Served, Mails]]:
    mails = Mails()
    with mail_server(mails) as port:
        for name, value in (
            ("HOST", "127.0.0.1"),
            ("PORT", str(port)),
            ("SECURITY", "none"),
            ("SENDER", "crm@here.cn"),
        ):
            monkeypatch.setenv(f"FIELDSTONE_PLUGIN_EMAIL_{name}", value)
        settings = WebSettings(secret_key="s" * 40, trusted_hosts=("*",))
        with serve_deals(database_url, tmp_path, clock=clock, settings=settings) as found:
            yield found, mails


def ask_link(served: Served, login: str, *, host: str = "localhost") -> tuple[int, str]:
    """Ask for a link at a host's name; give status and page but for its tokens."""
    client, headers = served.browser(), {"X-Forwarded-Host": host}
    page = client.get("/login/forgot", base_url=f"http://{host}").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    given = {"login": login, "csrf_token": token[1]}
    answer = client.post("/login/forgot", data=given, base_url=f"http://{host}", headers=headers)
    return answer.status_code, re.sub(r'value="[^"]*"|"X-CSRFToken": "[^"]*"', "", answer.get_data(as_text=True))


@pytest.mark.promise("SEC-25")
def test_a_link_for_a_new_password_goes_to_the_stored_address_and_works_once(
    mailing: tuple[Served, Mails], clock: FixedClock
) -> None:
    served, mails = mailing
    resets = served.platform.accounts.resets
    signed_in = served.sign_in("ann")
    known = ask_link(served, login_of("ANN").upper(), host="evil.example")
    unknown = ask_link(served, "nobody@example.com")
    assert known == unknown
    assert known[0] == 200
    reset = served.platform.system.reset
    with served.platform.database.read() as connection:
        rows = connection.execute(select(reset)).all()
    assert len(rows) == 2, "the same work for both"
    resets.send_waiting()
    assert resets.send_waiting() == 0
    ((recipient, text),) = mails.received
    assert recipient == login_of("ann")
    assert "evil" not in text
    link = re.search(r"http://127\.0\.0\.1:8000(/login/reset/\S+)", text)
    assert link is not None
    secret = link[1].rsplit("/", 1)[1]
    with served.platform.database.read() as connection:
        assert secret not in {row.hash for row in connection.execute(select(reset))}

    anyone = served.browser()
    for given, status in ((("short", "short"), 422), ((NEW, "another one"), 422), ((NEW, NEW), 303)):
        values = {"password": given[0], "again": given[1]}
        assert post_form(anyone, link[1], values, page=link[1]).status_code == status, given
    assert signed_in.get("/").status_code == 401, "sessions end"
    served.sign_in("ann", NEW)
    assert anyone.get(link[1]).status_code == 404, "it works once"
    late = post_form(anyone, link[1], {"password": PASSWORD, "again": PASSWORD})
    assert late.status_code == 404
    assert anyone.get("/login/reset/" + "x" * 43).status_code == 404

    ask_link(served, login_of("ann"))
    resets.send_waiting()
    later = re.search(r"(/login/reset/\S+)", mails.received[-1][1])
    assert later is not None
    assert anyone.get(later[1]).status_code == 200
    clock.move_to(clock.now() + timedelta(hours=1, seconds=1))
    assert anyone.get(later[1]).status_code == 404, "it expires"

    tries = [[ask_link(served, login)[0] for _ in range(6)] for login in (login_of("bob"), "no.one@example.com")]
    assert tries[0] == tries[1] == [200] * 5 + [429]


def test_links_go_to_nobody_who_may_not_log_in_and_an_administrator_sends_one(
    mailing: tuple[Served, Mails],
) -> None:
    served, mails = mailing
    administration = served.platform.accounts.administration
    administration.disable(login_of("bob"))
    administration.create_user(system_actor(Origin.CLI), login_of("robot"), password=None, service=True)
    for login in ("bob", "robot"):
        ask_link(served, login_of(login))
    served.platform.accounts.resets.send_waiting()
    assert mails.received == []
    admin, page = served.sign_in("admin"), f"/admin/users/{served.user_ids['ann']}"
    assert post_form(admin, page, {"act": "send_link"}, page=page).status_code == 303
    served.platform.accounts.resets.send_waiting()
    assert [recipient for recipient, _ in mails.received] == [login_of("ann")]
    (entry,) = audit(served, "reset_sent")
    assert entry["actor"] == served.user_ids["admin"]
