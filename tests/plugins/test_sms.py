"""`send sms`: what a gateway is sent as its connection says, which answers mean success, and what is tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from plugins import ActionDone, ActionFailed, Answer, EgressRefused, TemplateSource
from plugins.discovery import bundled_candidates
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.testing import RecordedEgress, action_context

GATEWAY = {"name": "sms", "url": "https://sms.example/send"}
SAYS = {"field": "result.code", "values": [0, "OK"], "temporary": [42]}


@dataclass(slots=True)
class Parts:
    sent: set[str] = field(default_factory=set)

    def is_sent(self, part: str) -> bool:
        return part in self.sent

    def note(self, part: str) -> None:
        self.sent.add(part)


@pytest.fixture(scope="module")
def sms() -> LoadedPlugin:
    found = PluginManager.load(candidates=bundled_candidates(), environment={}).find_action("send_sms")
    assert found is not None
    return found[0]


def send(
    plugin: LoadedPlugin,
    egress: RecordedEgress,
    *,
    options: Mapping[str, Any] | None = None,
    secret: str | None = "t0p",
    to: tuple[str, ...] = ("+8613800138000",),
    without: tuple[str, ...] = (),
    body: str = "谢谢 {{ 1 + 1 }}\n",
    parts: Parts | None = None,
) -> ActionDone:
    template = TemplateSource(name="thanks", subject="", body=body)
    inputs = {"template": template, "gateway": {**GATEWAY, **(options or {})}, "secret": secret, "to": to}
    (action,) = plugin.actions
    context = action_context(plugin, egress=egress, key="run-9:actions/2", parts=parts)
    return action.run(context, {**inputs, "without": without})


def test_without_more_said_number_and_text_are_posted_as_json_with_the_secret_as_bearer(sms: LoadedPlugin) -> None:
    egress = RecordedEgress()
    done = send(sms, egress, without=("Ann has no number",))
    ((url, body, headers),) = egress.sent
    assert (url, json.loads(body)) == (GATEWAY["url"], {"to": "+8613800138000", "text": "谢谢 2"})
    assert headers["Authorization"] == "Bearer t0p"
    assert headers["Idempotency-Key"] == "run-9:actions/2:+8613800138000"
    assert done.summary == "sent to +8613800138000; not sent to all: Ann has no number"


@pytest.mark.parametrize(
    ("options", "wanted", "header"),
    [
        (
            {"as": "form", "body": {"mobile": "{digits}", "content": "{text}", "apikey": "{secret}", "n": 1}},
            {"mobile": ["8613800138000"], "content": ["{secret} & {key}"], "apikey": ["t0p"], "n": ["1"]},
            None,
        ),
        ({"user": "acct"}, {"to": "+8613800138000", "text": "{secret} & {key}"}, "Basic YWNjdDp0MHA="),
        (
            {"headers": {"X-Token": "{secret}"}, "body": {"to": ["{number}"], "deep": {"id": "{key}"}}},
            {"to": ["+8613800138000"], "deep": {"id": "run-9:actions/2:+8613800138000"}},
            None,
        ),
    ],
)
def test_the_connection_says_what_is_posted_and_how_we_prove_who_we_are(
    sms: LoadedPlugin, options: Mapping[str, Any], wanted: Mapping[str, Any], header: str | None
) -> None:
    egress = RecordedEgress()
    # What a value holds is no place to fill: a text cannot fetch the secret.
    send(sms, egress, options=options, body="{{ '{secret}' }} & {{ '{key}' }}")
    ((_, body, headers),) = egress.sent
    found = parse_qs(body.decode()) if "as" in options else json.loads(body)
    assert (found, headers.get("Authorization")) == (wanted, header)


@pytest.mark.parametrize(
    ("status", "body", "fails"),
    [
        (200, {"result": {"code": 0}}, None),
        (202, {"result": {"code": "OK"}}, None),
        (200, {"result": {"code": 42}}, "for now"),
        (200, {"result": {"code": 7, "why": "t0p secret"}}, "for good"),
        (200, {"other": 1}, "for now"),
        (200, "no json", "for now"),
        (200, [1], "for now"),
        (500, {"result": {"code": 0}}, "for now"),
        (429, {}, "for now"),
        (401, {}, "for good"),
        (302, {}, "for good"),
    ],
)
def test_the_reply_that_means_success_is_the_connections(
    sms: LoadedPlugin, status: int, body: object, fails: str | None
) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    egress = RecordedEgress(answers=[Answer(status=status, headers={}, body=raw)])
    if fails is None:
        assert send(sms, egress, options={"success": SAYS}).delivered
        return
    with pytest.raises(ActionFailed, match=rf"\+8613800138000: the gateway 'sms' answered {status}") as failure:
        send(sms, egress, options={"success": SAYS})
    assert failure.value.permanent is (fails == "for good")
    assert "t0p" not in failure.value.reason


def test_a_try_after_a_failure_sends_to_those_only_who_have_not_got_it(sms: LoadedPlugin) -> None:
    numbers, parts = ("+861", "+862", "+863"), Parts()
    good, busy = (
        Answer(status=200, headers={}, body=b""),
        Answer(status=503, headers={"retry-after": "9"}, body=b"busy"),
    )
    egress = RecordedEgress(answers=[good, busy, good])
    with pytest.raises(ActionFailed, match=r"\+862: .* 503: busy$") as failure:
        send(sms, egress, to=numbers, parts=parts)
    assert (failure.value.permanent, failure.value.retry_after_s, parts.sent) == (False, 9.0, {"+861", "+863"})
    send(sms, egress, to=numbers, parts=parts)
    assert [json.loads(body)["to"] for _, body, _ in egress.sent] == ["+861", "+862", "+863", "+862"]


@pytest.mark.parametrize(
    ("body", "told"), [("{{ '' }}", "empty text"), ("x" * 671, "670 at most"), ("{{ nothing }}", "cannot be filled")]
)
def test_a_text_that_is_no_sms_is_not_sent(sms: LoadedPlugin, body: str, told: str) -> None:
    egress = RecordedEgress()
    with pytest.raises(ActionFailed, match=told) as failure:
        send(sms, egress, body=body)
    assert (failure.value.permanent, egress.sent) == (True, [])


def test_nobody_with_a_number_is_no_failure_and_a_refused_host_one_for_good(sms: LoadedPlugin) -> None:
    egress = RecordedEgress()
    done = send(sms, egress, to=(), without=("account.mobile is empty",))
    assert (done.delivered, done.summary, egress.sent) == (False, "nobody to write to: account.mobile is empty", [])

    class Refusing(RecordedEgress):
        def post(self, *_: object, **__: object) -> Answer:
            raise EgressRefused("inner")

    with pytest.raises(ActionFailed, match="was not called: inner") as failure:
        send(sms, Refusing())
    assert failure.value.permanent
