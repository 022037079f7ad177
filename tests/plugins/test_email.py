"""`send email` against a real SMTP server on loopback, and templates that try to break out."""

from __future__ import annotations

import datetime as dt
import email.message
from collections.abc import Iterator
from email import policy
from email.parser import BytesParser

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from plugins import ActionDone, ActionFailed, Plain, TemplateSource
from plugins.discovery import bundled_candidates
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.testing import FixedRecord, action_context
from tests.support.mail_server import mail_server


class _Sink:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []
        self.answer = "250 OK"
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            content = envelope.original_content or b""
            message = BytesParser(policy=policy.default).parsebytes(content)
            assert isinstance(message, email.message.EmailMessage)
            self.mails.append((list(envelope.rcpt_tos), message))
        return self.answer


@pytest.fixture
def sink() -> Iterator[_Sink]:
    handler = _Sink()
    with mail_server(handler) as handler.port:
        yield handler


@pytest.fixture(scope="module")
def plugin() -> LoadedPlugin:
    manager = PluginManager.load(candidates=bundled_candidates(), environment={})
    found = manager.find_action("send_email")
    assert found is not None
    return found[0]


RECORD: dict[str, Plain] = {
    "name": "Pumps\r\nBcc: eve@evil.example",
    "owner.name": "Ann",
    "amount": 1200,
    "due_on": dt.date(2026, 11, 21),
}


def _send(
    plugin: LoadedPlugin,
    sink: _Sink | None,
    *,
    to: tuple[str, ...] = ("max@example.com",),
    key: str = "run-1:actions/0",
    subject: str = "Review {{ record.name }}",
    body: str = "Dear {{ record.owner.name }},\n\n{{ record.amount | money }} by {{ record.due_on }} <b>",
) -> ActionDone:
    settings: dict[str, object] = {"sender": "Sales <sales@example.com>", "security": "none"}
    if sink is not None:
        settings |= {"host": "127.0.0.1", "port": sink.port}
    template = TemplateSource(name="review", subject=subject, body=body)
    context = action_context(plugin, records=FixedRecord(values=RECORD), key=key, settings=settings)
    return plugin.actions[0].run(context, {"template": template, "to": to})


def test_a_mail_arrives_with_the_values_of_the_record(plugin: LoadedPlugin, sink: _Sink) -> None:
    done = _send(plugin, sink, to=("max@example.com", "Eva <eva@example.com>", "MAX@example.com"))
    ((recipients, mail),) = sink.mails
    assert sorted(recipients) == ["MAX@example.com", "eva@example.com"]
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n").strip() == "Dear Ann,\n\n1,200.00 by 2026-11-21 <b>"
    rich = mail.get_body(("html",))
    assert rich is not None
    assert "&lt;b&gt;" in rich.get_content()
    assert done.delivered


@pytest.mark.promise("SEC-37")
def test_a_value_cannot_add_a_header(plugin: LoadedPlugin, sink: _Sink) -> None:
    _send(plugin, sink)
    ((recipients, mail),) = sink.mails
    assert recipients == ["max@example.com"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Review Pumps Bcc: eve@evil.example"


@pytest.mark.promise("SEC-37")
def test_neither_a_subject_nor_a_name_adds_a_header_by_an_encoded_word(plugin: LoadedPlugin, sink: _Sink) -> None:
    word = "=?utf-8?b?RXZlDQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?="
    _send(plugin, sink, subject=f"For {word}", key=f"run-1 {word}", to=(f"{word} <max@example.com>",))
    ((recipients, mail),) = sink.mails
    assert recipients == ["max@example.com"]
    assert mail["Bcc"] is None
    assert "evil" not in mail.as_string().partition("Content-Type")[0]


@pytest.mark.promise("SEC-37")
@pytest.mark.parametrize(
    "address",
    [
        "Eve\r\nBcc: c@d.example <a@b.example>",
        '"Eve\n" <a@b.example>',
        "Eve\u2028Bcc: c@d.example <a@b.example>",
        "=?utf-8?b?RXZl?=@b.example",
        "a@b.example\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "nobody",
        "a b@c.example",
        "@x",
        "a@",
    ],
)
def test_what_is_not_one_address_is_refused(plugin: LoadedPlugin, sink: _Sink, address: str) -> None:
    with pytest.raises(ActionFailed, match="is not a mail address") as failure:
        _send(plugin, sink, to=(address,))
    assert failure.value.permanent
    assert sink.mails == []


def test_a_second_try_carries_the_same_message_id_and_key(plugin: LoadedPlugin, sink: _Sink) -> None:
    for key in ("run-1:actions/0", "run-1:actions/0", "run-1:actions/1"):
        _send(plugin, sink, key=key)
    ids = [mail["Message-ID"] for _, mail in sink.mails]
    assert ids[0] == ids[1] != ids[2]
    keys = [mail["X-Fieldstone-Idempotency-Key"] for _, mail in sink.mails]
    assert keys == ["run-1:actions/0", "run-1:actions/0", "run-1:actions/1"]


@pytest.mark.parametrize(("answer", "permanent"), [("451 later", False), ("554 never", True)])
def test_a_server_that_does_not_take_it_is_asked_again_or_not(
    plugin: LoadedPlugin, sink: _Sink, answer: str, permanent: bool
) -> None:
    sink.answer = answer
    with pytest.raises(ActionFailed, match=answer.split()[1]) as failure:
        _send(plugin, sink)
    assert failure.value.permanent is permanent


def test_without_a_mail_server_the_action_says_so(plugin: LoadedPlugin) -> None:
    done = _send(plugin, None)
    assert not done.delivered
    assert "no mail server is set" in done.summary


def test_a_server_that_cannot_be_reached_is_tried_again(plugin: LoadedPlugin, sink: _Sink) -> None:
    sink.port = 1
    with pytest.raises(ActionFailed) as failure:
        _send(plugin, sink)
    assert not failure.value.permanent


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'a' * 10 ** 10 }}",
        "{{ 'a' * 10000000000 }}",
        "{{ 2 ** 99999999 }}",
        "{{ '%0999999999d' % 1 }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ record.name.ljust(1000000000) }}",
        "{% set a = 'aaaaaaaaaa' %}{% set a = a ~ a %}",
        "{% for a in record.name %}{% for b in record.name %}x{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ record.__class__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ range(10000000) }}",
        "{{ lipsum() }}",
        "{% include '/etc/passwd' %}",
        "{{ record.amount.__add__(1) }}",
        "{{ record.missing }}",
        "{{ nothing }}",
        "{{ 'a' | join('b') }}",
        "{{ unclosed",
        "x" * 100_001,
    ],
)
def test_a_template_cannot_break_out_or_take_all_memory(plugin: LoadedPlugin, sink: _Sink, body: str) -> None:
    with pytest.raises(ActionFailed) as failure:
        _send(plugin, sink, body=body)
    assert failure.value.permanent
    assert sink.mails == []


def test_output_over_its_limit_is_refused(plugin: LoadedPlugin, sink: _Sink) -> None:
    loop = "{% for letter in record.name %}" + "x" * 90_000 + "{% endfor %}"
    with pytest.raises(ActionFailed, match="more than 500000 characters"):
        _send(plugin, sink, body=loop)
