"""`call webhook`: signature, idempotency key, answers and retries."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from decimal import Decimal

import pytest

from plugins import ActionFailed, Answer, EgressFailed, EgressRefused
from plugins.discovery import bundled_candidates
from plugins.loading import LoadedPlugin
from plugins.manager import PluginManager
from plugins.testing import RecordedEgress, action_context


@pytest.fixture
def webhook() -> LoadedPlugin:
    manager = PluginManager.load(candidates=bundled_candidates(), environment={})
    found = manager.find_action("call_webhook")
    assert found is not None
    return found[0]


def _answer(status: int, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=given, body=b'{"id": 7, "sum": 1.50}')


def test_the_receiver_can_prove_origin_time_and_body(webhook: LoadedPlugin) -> None:
    egress = RecordedEgress()
    body = {"event": "order.confirmed", "total": Decimal("12.50"), "at": dt.date(2026, 11, 21), "name": "阀门"}
    inputs = {"name": "finance", "url": "https://x.example/hook", "secret": "s3cret", "body": body}
    webhook.actions[0].run(action_context(webhook, egress=egress, key="run-9:actions/2"), inputs)
    url, sent, headers = egress.sent[0]
    stamp = headers["X-Fieldstone-Timestamp"]
    expected = hmac.new(b"s3cret", f"{stamp}.".encode() + sent, hashlib.sha256).hexdigest()
    assert url == "https://x.example/hook"
    assert headers["X-Fieldstone-Signature"] == f"v1={expected}"
    assert headers["Idempotency-Key"] == headers["X-Fieldstone-Event"] == "run-9:actions/2"
    assert json.loads(sent) == {"event": "order.confirmed", "total": "12.50", "at": "2026-11-21", "name": "阀门"}


def test_the_answer_is_there_for_later_actions(webhook: LoadedPlugin) -> None:
    egress = RecordedEgress(answers=[_answer(201, content_type="application/json")])
    done = webhook.actions[0].run(
        action_context(webhook, egress=egress), {"name": "finance", "url": "https://x.example", "body": {}}
    )
    assert done.value == {"status": 201, "body": {"id": 7, "sum": Decimal("1.50")}}


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (503, False), (429, False), (408, False), (400, True), (404, True), (410, True), (302, True)],
)
def test_an_answer_that_is_no_success_fails_for_now_or_for_good(
    webhook: LoadedPlugin, status: int, permanent: bool
) -> None:
    egress = RecordedEgress(answers=[_answer(status)])
    with pytest.raises(ActionFailed, match=f"answered {status}") as failure:
        webhook.actions[0].run(
            action_context(webhook, egress=egress), {"name": "finance", "url": "https://x.example", "body": {}}
        )
    assert failure.value.permanent is permanent


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("Sat, 21 Nov 2026 09:00:30 GMT", 30.0), ("soon", None), ("999999999", 86_400.0)],
)
def test_what_the_receiver_asks_for_by_retry_after_is_kept(
    webhook: LoadedPlugin, value: str, seconds: float | None
) -> None:
    egress = RecordedEgress(answers=[_answer(429, retry_after=value)])
    with pytest.raises(ActionFailed) as failure:
        webhook.actions[0].run(
            action_context(webhook, egress=egress), {"name": "finance", "url": "https://x.example", "body": {}}
        )
    assert failure.value.retry_after_s == seconds


@pytest.mark.parametrize(("error", "permanent"), [(EgressRefused("inner"), True), (EgressFailed("slow"), False)])
def test_an_address_that_is_refused_is_not_tried_again(
    webhook: LoadedPlugin, error: Exception, permanent: bool
) -> None:
    class Failing(RecordedEgress):
        def post(self, *_: object, **__: object) -> Answer:
            raise error

    with pytest.raises(ActionFailed, match="webhook 'finance'") as failure:
        webhook.actions[0].run(
            action_context(webhook, egress=Failing()), {"name": "finance", "url": "https://x.example", "body": {}}
        )
    assert failure.value.permanent is permanent
