"""Mails and webhooks of rules, from the save to a real server on loopback."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.access.actor import system_actor
from metamodel.values import Ref
from tests.support.automation import APP, do_runs, person, runs_of, shop
from tests.support.http_sink import http_sink
from tests.support.mail_server import mail_server


class _Mails:
    def __init__(self) -> None:
        self.received: list[tuple[list[str], EmailMessage]] = []
        self.refuse = 0
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((list(envelope.rcpt_tos), message))
        return "250 OK"


@pytest.fixture
def mails() -> Iterator[_Mails]:
    handler = _Mails()
    with mail_server(handler) as handler.port:
        yield handler


def _mail_settings(mails: _Mails) -> dict[str, str]:
    return {
        "FIELDSTONE_PLUGIN_EMAIL_HOST": "127.0.0.1",
        "FIELDSTONE_PLUGIN_EMAIL_PORT": str(mails.port),
        "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none",
    }


TEMPLATE = {
    "templates/hello.md": "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: Shop <shop@example.com>\n---\n"
    "{{ record.owner.name }}, {{ record.reviewer }}: {{ record.amount | money }}, {{ record.secret }}; {{ url() }}\n"
}


def test_a_mail_carries_what_the_rules_user_may_read(database_url: str, tmp_path: Path, mails: _Mails) -> None:
    rules = 'rule r when deal.stage changes to "won" then send email hello to owner, reviewer'
    with shop(
        database_url,
        tmp_path,
        rules,
        files=TEMPLATE,
        environment=_mail_settings(mails),
        base_url="http://127.0.0.1:8000",
    ) as platform:
        ann, bob = person(platform, "ann", "rep"), person(platform, "bob", "boss")
        values = {
            "name": "Pumps 阀门",
            "amount": "1200",
            "secret": "hush",
            "owner": Ref("user", ann.user_id or ""),
            "reviewer": bob.user_id,
        }
        deal = platform.records.create(system_actor(), "deal", values).record
        platform.records.update(ann, "deal", deal.id, {"stage": "won"})
        do_runs(platform)
        assert [run["error"] for run in runs_of(platform)] == [None]
        ((recipients, message),) = mails.received
        assert recipients == ["ann@example.com", "bob@example.com"]
        body = message.get_body(("plain",))
        assert body is not None
        assert body.get_content().strip() == f"ann, bob: 1,200.00, ; http://127.0.0.1:8000/o/deal/{deal.id}"


@pytest.mark.promise("SEC-06")
def test_a_mail_has_the_mask_of_what_the_rules_user_reads_masked(
    database_url: str, tmp_path: Path, mails: _Mails
) -> None:
    text = "---\nobject: deal\nsubject: '{{ record.note }}'\nfrom: a@example.com\n---\nIt is {{ record.note }}.\n"
    role = APP["roles/rep.yaml"].rstrip() + "\n        fields:\n          deal.note: {read: masked}\n"
    rules = 'rule r when deal.stage changes to "won" then send email hello to "x@example.com"'
    files = {"templates/hello.md": text, "roles/rep.yaml": role}
    with shop(database_url, tmp_path, rules, files=files, environment=_mail_settings(mails)) as platform:
        ann = person(platform, "ann", "rep")
        deal = platform.records.create(system_actor(), "deal", {"name": "Pumps", "note": "DE89370400440532"}).record.id
        platform.records.update(ann, "deal", deal, {"stage": "won"})
        do_runs(platform)
        assert [run["error"] for run in runs_of(platform)] == [None]
        ((_, message),) = mails.received
        body = message.get_body(("plain",))
        assert body is not None
        assert (message["Subject"], body.get_content().strip()) == ("••••0532", "It is ••••0532.")


@pytest.mark.promise("OBJ-02")
def test_a_mail_names_records_by_their_titles(database_url: str, tmp_path: Path, mails: _Mails) -> None:
    text = "subject: About {{ record }}\nfrom: a@example.com\n---\n{{ record.deal }}, {{ record.deal.note }}\n"
    files = {
        "objects/job.yaml": APP["objects/job.yaml"].replace('"{subject}"', '"{subject} of {deal.name}"'),
        "templates/hello.md": f"---\nobject: job\n{text}",
    }
    rules = 'rule r when job is created then send email hello to "x@example.com"'
    with shop(database_url, tmp_path, rules, files=files, environment=_mail_settings(mails)) as platform:
        deal = platform.records.create(system_actor(), "deal", {"name": "Pumps", "note": "big"}).record.id
        platform.records.create(system_actor(), "job", {"subject": "Call", "deal": deal})
        do_runs(platform)
        assert [run["error"] for run in runs_of(platform)] == [None]
        ((_, message),) = mails.received
        body = message.get_body(("plain",))
        assert body is not None
        assert (message["Subject"], body.get_content().strip()) == ("About Call of Pumps", "Pumps, big")


def test_a_mail_that_is_tried_again_keeps_its_message_id(sqlite_url: str, tmp_path: Path, mails: _Mails) -> None:
    mails.refuse = 2
    rules = 'rule r when deal is created then send email hello to "x@example.com"'
    with shop(sqlite_url, tmp_path, rules, files=TEMPLATE, environment=_mail_settings(mails)) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "done"
        ((_, message),) = mails.received
        assert message["X-Fieldstone-Idempotency-Key"] == f"{run['id']}:actions/0"
        trace = platform.automation.runs.get(system_actor(), run["id"])
        assert [step.outcome for step in trace.steps] == ["failed", "failed", "done"]


def test_a_template_that_reads_what_is_not_there_parks_the_run_with_a_hint(
    sqlite_url: str, tmp_path: Path, mails: _Mails
) -> None:
    files = {"templates/hello.md": "---\nobject: deal\nsubject: x\nfrom: a@example.com\n---\n{{ record.amout }}\n"}
    rules = 'rule r when deal is created then send email hello to "x@example.com"'
    with shop(sqlite_url, tmp_path, rules, files=files, environment=_mail_settings(mails)) as platform:
        platform.records.create(system_actor(), "deal", {"name": "A"})
        do_runs(platform)
        (run,) = runs_of(platform)
        assert run["state"] == "failed"
        assert "did you mean 'amount'" in run["error"]


def test_a_webhook_is_signed_with_the_secret_the_operator_set(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_HOOK_SECRET", "s3cret")
    fields = '{ event: "deal.created", amount: amount, on: sent_on, by: owner }'
    rules = f"rule r when deal is created then call webhook sink {fields}"
    with http_sink() as sink:
        files = {
            "connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\nsecret: SHOP_HOOK_SECRET\n"
        }
        allowed = {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}
        with shop(sqlite_url, tmp_path, rules, files=files, environment=allowed) as platform:
            ann = Ref("user", person(platform, "ann", "rep").user_id or "")
            values = {"name": "A", "amount": "12.5", "sent_on": "2026-11-21", "owner": ann}
            platform.records.create(system_actor(), "deal", values)
            do_runs(platform)
        (received,) = sink.received
        assert received.body == {
            "event": "deal.created",
            "amount": {"amount": "12.50", "currency": "CNY"},
            "on": "2026-11-21",
            "by": {"object": "user", "id": ann.id},
        }
        signed = f"{received.headers['x-fieldstone-timestamp']}.".encode() + received.raw
        digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
        assert received.headers["x-fieldstone-signature"] == f"v1={digest}"
