"""Surveys: a rule sends each person a link by mail; it works once, and the answer knows whom and what it is about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from engine.testing.sample_shop import APP, do_runs, rows_of, runs_of, shop
from metamodel.values import Ref
from tests.support.automation import person
from tests.support.mail_server import mail_server
from ui.app import create_app
from ui.security import WebSettings

START = dt.datetime(2026, 11, 2, 0, 30, tzinfo=dt.UTC)
FILES = {
    "app.yaml": APP["app.yaml"].rstrip() + "\n        languages: [en, zh]\n",
    "objects/feedback.yaml": """
        object: feedback
        title: "{score}"
        fields:
          score: {type: integer, required: true, min: 0, max: 10}
          comment: {type: text}
          person: {type: lookup, to: [user, contact], inverse: feedback}
          deal: {type: lookup, to: deal, inverse: feedback, required: true}
        """,
    "forms/nps.yaml": """
        form: nps
        kind: survey
        label: {en: How did we do?, zh: 您满意吗？}
        object: feedback
        role: web_form
        fields: [score, comment]
        asked: person
        about: deal
        expires: 2 weeks
        thanks: Thank you for your answer.
        """,
    "forms/worded.yaml": "form: worded\nkind: survey\nobject: feedback\nrole: web_form\nfields: [score]\nabout: deal\n"
    "template: ask\n",
    "templates/ask.md": "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: Shop <shop@example.com>\n---\n"
    "{{ record.amount | money }}, {{ record.secret }}; {{ url() }}\n",
    "roles/web_form.yaml": "role: web_form\nobjects:\n  feedback: {create: yes, read: own}\n",
}
RULES = """
rule ask when deal.stage changes to "won" then send survey nps to owner, "Someone@example.com", "someone@example.com"
rule ask_in_words when deal.stage changes to "lost" then send survey worded to "x@example.com"
rule detractor when feedback is created if score < 7 and deal is not empty
  then create job { subject: "Call {deal.name}: {score}", deal: deal } as system
rule sent when form nps is submitted then update deal { note: "{form.score} {form.comment}" } as system
"""


class _Mails:
    def __init__(self) -> None:
        self.received: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (recipient,) = envelope.rcpt_tos
        if recipient in self.refused:
            self.refused.remove(recipient)
            return "451 come back later"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((recipient, message))
        return "250 OK"

    def links(self) -> dict[str, str]:
        """Give the link that each person was sent last."""
        found = {}
        for recipient, message in self.received:
            link = re.search(r"http://localhost(/s/\S+)", _body(message))
            assert link is not None
            found[recipient] = link[1]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    platform: Platform
    browser: FlaskClient
    mails: _Mails
    clock: FixedClock

    def deal(self, name: str, stage: str, **values: object) -> str:
        made = self.platform.records.create(system_actor(), "deal", {"name": name, **values}).record.id
        self.platform.records.update(system_actor(), "deal", made, {"stage": stage})
        do_runs(self.platform)
        return made

    def text(self, address: str, status: int = 200) -> str:
        answer = self.browser.get(address)
        assert answer.status_code == status
        return answer.get_data(as_text=True)

    def answer(self, address: str, **values: str) -> tuple[int, str]:
        sent = self.browser.post(address, data=values)
        do_runs(self.platform)
        return sent.status_code, sent.get_data(as_text=True)


def _body(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    mails, clock = _Mails(), FixedClock(START)
    with mail_server(mails) as port:
        environment = {
            "FIELDSTONE_PLUGIN_EMAIL_HOST": "127.0.0.1",
            "FIELDSTONE_PLUGIN_EMAIL_PORT": str(port),
            "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none",
            "FIELDSTONE_PLUGIN_EMAIL_SENDER": "crm@example.com",
        }
        with shop(
            database_url,
            tmp_path,
            RULES,
            files=FILES,
            environment=environment,
            base_url="http://localhost",
            clock=clock,
        ) as platform:
            browser = create_app(platform, WebSettings(secret_key="s" * 40)).test_client()
            yield Stage(platform=platform, browser=browser, mails=mails, clock=clock)


def test_a_link_works_once_and_its_answer_knows_who_and_what_it_is_about(stage: Stage) -> None:
    ann = person(stage.platform, "ann", "rep", language="zh")
    stage.mails.refused = {"Someone@example.com"}
    deal = stage.deal("Pumps", "won", owner=Ref("user", ann.user_id or ""))
    assert [(run["rule"], run["state"], run["error"]) for run in runs_of(stage.platform)] == [("ask", "done", None)]
    # The mail that was refused came by the next try; the other one did not come twice.
    assert [recipient for recipient, _ in stage.mails.received] == ["ann@example.com", "Someone@example.com"]
    assert [message["Subject"] for _, message in stage.mails.received] == ["您满意吗？", "How did we do?"]
    assert "14 days" in _body(stage.mails.received[1][1])
    mine, other = stage.mails.links().values()
    _nothing_stored_opens(stage, mine)

    shown = stage.text(mine)
    assert "How did we do?" in shown
    assert stage.answer(mine, score="11")[0] == 422
    assert stage.answer(mine, score="4", person="x")[0] == 200
    assert "answered already" in stage.text(mine, 410)
    assert stage.answer(mine, score="9")[0] == 410
    assert stage.answer(other, score="9", comment="Fine")[0] == 200
    found = {row["score"]: row for row in rows_of(stage.platform, "feedback")}
    assert found.keys() == {4, 9}
    assert (found[4]["person"], found[4]["deal"]) == (Ref("user", ann.user_id or ""), deal)
    assert (found[9]["person"], found[9]["deal"], found[9]["created_by"]) == (None, deal, None)
    assert [row["subject"] for row in rows_of(stage.platform, "job")] == ["Call Pumps: 4"]
    assert [row["note"] for row in rows_of(stage.platform, "deal")] == ["9 Fine"]


def test_links_that_never_were_or_whose_time_is_over_look_alike_and_surveys_are_no_forms(stage: Stage) -> None:
    stage.deal("Pumps", "won")
    (link,) = stage.mails.links().values()
    stage.clock.move_to(START + dt.timedelta(days=14, seconds=1))
    over, never = stage.text(link, 410), stage.text("/s/" + "A" * 32, 410)
    assert _told(over) == _told(never)
    assert stage.answer(link, score="9")[0] == 410
    for address in ("/f/nps", "/s/", "/s/%00", "/s/长"):
        assert stage.browser.get(address).status_code in (400, 404, 410), address
    assert stage.browser.post("/api/v1/forms/nps", json={"score": 1}).status_code == 404
    assert rows_of(stage.platform, "feedback") == []


def test_a_template_of_the_app_words_the_mail_with_what_the_rules_user_may_read(stage: Stage) -> None:
    ann = person(stage.platform, "ann", "rep")
    deal = stage.platform.records.create(ann, "deal", {"name": "Pumps", "amount": "1200"}).record.id
    stage.platform.records.update(system_actor(), "deal", deal, {"secret": "hush"})
    stage.platform.records.update(ann, "deal", deal, {"stage": "lost"})
    do_runs(stage.platform)
    ((recipient, message),) = stage.mails.received
    assert (recipient, message["Subject"]) == ("x@example.com", "About Pumps")
    assert re.fullmatch(r"1,200.00, ; http://localhost/s/\S+", _body(message).strip())
    stage.platform.records.delete(system_actor(), "deal", deal)
    (link,) = stage.mails.links().values()
    # What it was about is gone, so the answer can't be kept; the link stays good.
    assert stage.answer(link, score="9")[0] == 422
    stage.platform.records.restore(system_actor(), "deal", deal)
    assert stage.answer(link, score="9")[0] == 200


def _nothing_stored_opens(stage: Stage, link: str) -> None:
    token = link.rpartition("/")[2]
    system = stage.platform.system
    with stage.platform.database.read() as connection:
        for table in (system.survey, system.message, system.run, system.run_step):
            assert token not in repr(connection.execute(select(table)).all())


def _told(page: str) -> str:
    return re.sub(r'content="[^"]*"', "", page)
