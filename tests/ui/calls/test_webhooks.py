"""Webhooks that others call: proved, fresh, of bounded size, taken in once; and what starts by log-ins."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine.testing.sample_shop import do_runs, rows_of, runs_of
from tests.support.visits import Visits

SECRET = "a shared secret"
PATH = "/api/v1/hooks/stock_changed"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTER_STOCK_SECRET", SECRET)


def now(counter: Visits) -> int:
    return int(counter.served.platform.clock.now().timestamp())


def signature(body: bytes, stamp: object, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def send(counter: Visits, body: bytes, *, stamp: object = None, **headers: str) -> TestResponse:
    stamp = now(counter) if stamp is None else stamp
    given = {
        "X-Fieldstone-Timestamp": str(stamp),
        "X-Fieldstone-Signature": signature(body, stamp),
        "Content-Type": "application/json",
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return counter.served.browser().post(PATH, data=body, headers={key: text for key, text in given.items() if text})


def runs(counter: Visits, rule: str = "stock") -> list[dict[str, Any]]:
    return [run for run in runs_of(counter.served.platform) if run["rule"] == rule]


def product(counter: Visits, sku: str) -> str:
    records = counter.served.platform.records
    return records.create(counter.served.system(), "product", {"name": sku, "sku": sku}).record.id


def test_a_signed_call_starts_the_rules_that_wait_for_it(counter: Visits) -> None:
    record_id = product(counter, "A-1")
    body = json.dumps({"sku": "A-1", "stock": 7, "detail": {"remark": "新到货"}}).encode()
    answer = send(counter, body)
    assert (answer.status_code, answer.get_json()) == (202, {"accepted": True, "repeated": False})
    do_runs(counter.served.platform)
    found = counter.read("product", record_id)
    assert (found["stock"], found["note"]) == (7, "新到货")
    assert runs(counter)[-1]["event"] == "webhook stock_changed is received"


@pytest.mark.promise("API-12")
def test_calls_that_are_unsigned_stale_altered_too_large_or_replayed_have_no_effect(counter: Visits) -> None:
    product(counter, "B-1")
    body = b'{"sku": "B-1", "stock": 1}'
    stamp = now(counter)
    assert send(counter, body, stamp=stamp).status_code == 202
    before = len(runs(counter))
    late, early = stamp - 301, stamp + 302
    good = signature(body, stamp)
    cases = [
        (send(counter, body, X_Fieldstone_Signature=""), 401),
        (send(counter, body, X_Fieldstone_Timestamp=""), 401),
        (send(counter, body, stamp=late), 401),
        (send(counter, body, stamp=early), 401),
        (send(counter, b'{"sku": "B-1", "stock": 9}', stamp=stamp, X_Fieldstone_Signature=good), 401),
        (send(counter, body, stamp=stamp - 1, X_Fieldstone_Signature=good), 401),
        (send(counter, body, X_Fieldstone_Signature=signature(body, now(counter), "another secret")), 401),
        (send(counter, body, X_Fieldstone_Signature="v1="), 401),
        (send(counter, body, X_Fieldstone_Signature="é"), 401),
        (send(counter, body, stamp="12é"), 401),
        (send(counter, body, stamp="-5"), 401),
        (send(counter, body, stamp="9" * 40), 401),
        (send(counter, b'{"sku": "' + b"x" * 300_000 + b'"}'), 413),
        (send(counter, body, stamp=stamp), 409),
        (send(counter, body, stamp=stamp, Idempotency_Key="another"), 409),
    ]
    assert [(answer.status_code, wanted) for answer, wanted in cases if answer.status_code != wanted] == []
    assert all(answer.get_json()["code"] for answer, _ in cases)
    assert len(runs(counter)) == before


def test_a_call_older_than_five_minutes_is_stale_and_one_at_the_limit_is_not(counter: Visits) -> None:
    for offset, status in ((-300, 202), (300, 202)):
        body = json.dumps({"sku": "", "offset": offset}).encode()
        # A second may pass between signing and reading.
        assert send(counter, body, stamp=now(counter) + offset + (5 if offset < 0 else -5)).status_code == status


def test_a_delivery_that_comes_again_under_a_new_time_stamp_is_answered_and_starts_nothing(counter: Visits) -> None:
    body = b'{"sku": "none", "stock": 1}'
    first = send(counter, body, X_Fieldstone_Event="delivery-1")
    before = len(runs(counter))
    again = send(counter, body, stamp=now(counter) - 7, X_Fieldstone_Event="delivery-1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.get_json() == {"accepted": True, "repeated": True}
    assert len(runs(counter)) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"nonsense",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"a": ' + b"9" * 500 + b"}",
        b'{"a": "\xff"}',
        b'{"a": "\\u0000"}',
    ],
)
def test_a_signed_body_that_is_no_plain_json_object_is_refused(counter: Visits, body: bytes) -> None:
    before = len(runs(counter))
    assert send(counter, body).status_code == 400
    assert len(runs(counter)) == before


def test_one_that_nobody_defined_is_not_found_and_one_without_its_secret_is_not_ready(
    counter: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = counter.served.browser()
    assert client.post("/api/v1/hooks/nothing", json={}).status_code == 404
    assert client.get(PATH).status_code == 405
    monkeypatch.delenv("COUNTER_STOCK_SECRET")
    answer = send(counter, b"{}")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "webhook_not_ready")
    assert "COUNTER_STOCK_SECRET" not in answer.get_data(as_text=True)
    monkeypatch.setenv("COUNTER_STOCK_SECRET", SECRET)
    assert send(counter, b"{}", Content_Type="text/plain").status_code == 415


def test_a_session_cookie_changes_nothing_for_a_webhook(counter: Visits) -> None:
    body, stamp = b'{"sku": ""}', now(counter)
    headers = {"X-Fieldstone-Timestamp": str(stamp), "X-Fieldstone-Signature": signature(body, stamp)}
    client = counter.client("ann")
    assert client.post(PATH, data=body, content_type="application/json").status_code == 401
    answer = client.post(PATH, data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 202


def test_a_key_that_the_payload_lacks_is_named_in_the_trace_and_a_wrong_value_fails_the_run(counter: Visits) -> None:
    record_id = product(counter, "C-1")
    assert send(counter, b'{"sku": "C-1", "stok": 4, "detail": {}}').status_code == 202
    assert send(counter, b'{"stock": 4}').status_code == 202
    assert send(counter, b'{"sku": "C-1", "stock": "many"}').status_code == 202
    do_runs(counter.served.platform)
    lacking, without, wrong = runs(counter)[-3:]
    assert [each["state"] for each in (lacking, without, wrong)] == ["done", "done", "failed"]
    assert without["outcome"] == "not met"
    assert counter.read("product", record_id)["stock"] is None
    page = counter.page("boss", f"/runs/{lacking['id']}")
    assert "Not in what was received" in page
    assert "payload.stock" in page
    assert "payload.detail.remark" in page
    assert "payload.sku" in counter.page("boss", f"/runs/{without['id']}")


def test_a_log_in_starts_a_rule_for_that_user_where_its_condition_holds(counter: Visits) -> None:
    before = len(runs(counter, "greet"))
    counter.served.sign_in("boss")
    assert len(runs(counter, "greet")) == before
    counter.served.sign_in("bob")
    do_runs(counter.served.platform)
    found = runs(counter, "greet")
    assert len(found) == before + 1
    assert (found[-1]["record_id"], found[-1]["state"]) == (counter.served.user_ids["bob"], "done")
    assert "Welcome back" in counter.page("bob", "/inbox")


def test_an_event_of_a_plugin_starts_the_rules_that_wait_for_it_once_a_key(counter: Visits) -> None:
    others = counter.served.platform.automation.calls.others
    for _ in range(2):
        others.tell("webhook.refused", {"connection": "finance", "status": 410, "answer": ""}, key="run:1")
    others.tell("webhook.other", {})
    do_runs(counter.served.platform)
    assert len(runs(counter, "refused")) == 1
    subjects = [row["subject"] for row in rows_of(counter.served.platform, "task")]
    assert subjects.count("finance answered 410") == 1
