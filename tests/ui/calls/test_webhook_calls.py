"""Webhooks that rules call: signed, after the commit, tried again, listed, sent again by hand, off after a 410."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.testing.sample_shop import do_runs
from tests.support.http_sink import HttpSink, Received, http_sink
from tests.support.served import DEALS, Served, post_form, serve_deals

SECRET = "a shared secret"
RULE = """
rule told
  when deal is created
  if name starts with "Tell"
  then call webhook finance { event: "deal.created", name: name, margin: margin }
"""
WATCHER = "role: watcher\nobjects:\n  deal: {read: all}\n  user: {read: all}\nsystem: [view_runs, retry_runs]\n"


class Calls:
    """An installation whose rule calls a sink on loopback."""

    def __init__(self, served: Served, sink: HttpSink) -> None:
        self.served = served
        self.sink = sink

    def made(self, name: str, *answers: int) -> list[Received]:
        """Make a deal that the rule tells of, while the sink answers so; give what came."""
        before = len(self.sink.received)
        self.sink.answer = lambda number: (answers[min(number - before, len(answers) - 1)], {"X-Said": "yes"})
        self.served.make("boss", "deal", name=name)
        do_runs(self.served.platform)
        return self.sink.received[before:]

    def newest(self, who: str = "admin") -> dict[str, Any]:
        """Give the newest call as the API has it."""
        first = self.served.get(who, "/webhooks?connection=finance&limit=1").get_json()["items"][0]
        found: dict[str, Any] = self.served.get(who, f"/webhooks/{first['id']}").get_json()
        return found

    def work(self) -> None:
        """Do what the housekeeping of a worker does about calls that are to be sent again."""
        self.served.platform.automation.keeper().tick()

    def audit(self) -> list[tuple[str, str]]:
        """Give what the audit log says of webhooks, the newest first."""
        items = self.served.get("admin", "/audit?object=fs_webhook").get_json()["items"]
        return [
            (each["action"], change["new"])
            for each in items
            for change in each["changes"]
            if change["field"] == "connection"
        ]


@pytest.fixture(scope="module")
def calls(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    folder = tmp_path_factory.mktemp("calls")
    app = folder / "deals"
    shutil.copytree(DEALS, app)
    with http_sink() as sink, pytest.MonkeyPatch.context() as patch:
        (app / "connections").mkdir()
        text = f"connection: finance\nkind: webhook_out\nurl: {sink.url}\nsecret: FINANCE_SECRET\n"
        (app / "connections" / "finance.yaml").write_text(text, "utf-8")
        (app / "rules" / "told.rules").write_text(RULE, "utf-8")
        (app / "roles" / "watcher.yaml").write_text(WATCHER, "utf-8")
        patch.setenv("FINANCE_SECRET", SECRET)
        patch.setenv("FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS", f'["{sink.host}"]')
        with serve_deals(module_database_url, folder, app_folder=app) as served:
            served.platform.accounts.administration.set_roles("none@example.com", ["watcher"], by="test")
            yield Calls(served, sink)


def proved(received: Received) -> bool:
    signed = f"{received.headers['x-fieldstone-timestamp']}.".encode() + received.raw
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return received.headers["x-fieldstone-signature"] == f"v1={digest}"


@pytest.mark.promise("API-20")
def test_a_call_is_signed_sent_after_the_commit_tried_again_and_listed(calls: Calls) -> None:
    records, before = calls.served.platform.records, len(calls.sink.received)
    with records.transaction(system_actor()) as transaction:
        transaction.create("deal", {"name": "Tell later"})
        assert do_runs(calls.served.platform) == 0
        assert len(calls.sink.received) == before, "it is sent after the commit"
    do_runs(calls.served.platform)
    assert [each.body["name"] for each in calls.sink.received[before:]] == ["Tell later"]

    first, second = calls.made("Tell them", 503, 200)
    assert proved(first)
    assert proved(second)
    assert first.body == second.body == {"event": "deal.created", "name": "Tell them", "margin": None}
    assert first.raw == second.raw
    assert first.key == second.key == first.headers["x-fieldstone-event"]
    call = calls.newest()
    assert (call["state"], call["status"], call["event_id"]) == ("sent", 200, first.key)
    assert [each["status"] for each in call["tries"]] == [503, 200]
    for tried, received in zip(call["tries"], (first, second), strict=True):
        assert (tried["url"], tried["body"]) == (calls.sink.url, received.raw.decode())
        assert tried["headers"]["X-Fieldstone-Signature"] == received.headers["x-fieldstone-signature"]
        assert tried["answer_headers"]["x-said"] == "yes"
    assert SECRET not in str(call)
    page = calls.served.sign_in("admin").get(f"/runs/webhooks/{call['id']}").get_data(as_text=True)
    for shown in ("deal.created", first.key, "503", "x-said: yes"):
        assert shown in page, shown


@pytest.mark.promise("API-20")
def test_a_call_is_sent_again_by_hand_with_its_key(calls: Calls) -> None:
    (sent,) = calls.made("Tell twice", 200)
    call = calls.newest()
    client, address = calls.served.sign_in("admin"), f"/runs/webhooks/{call['id']}"
    assert post_form(client, f"{address}/send", {}, page=address).status_code == 303
    assert calls.newest()["state"] == "again"
    refused = calls.served.call("admin", "POST", f"/webhooks/{call['id']}/send")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "call_under_way")
    calls.work()
    again = calls.sink.received[-1]
    assert (again.key, again.raw) == (sent.key, sent.raw)
    assert proved(again)
    assert [each["status"] for each in calls.newest()["tries"]] == [200, 200]
    assert (calls.newest()["state"], calls.audit()[0]) == ("sent", ("sent_again", "finance"))
    # One that fails for good is told as failed, and may be sent once more.
    calls.sink.answer = lambda number: (404, {})
    assert calls.served.call("admin", "POST", f"/webhooks/{call['id']}/send").status_code == 202
    calls.work()
    assert (calls.newest()["state"], calls.newest()["status"]) == ("failed", 404)


@pytest.mark.promise("API-20")
def test_a_410_switches_a_webhook_off_until_somebody_switches_it_on(calls: Calls) -> None:
    assert len(calls.made("Tell the gone", 410)) == 1
    assert calls.newest()["state"] == "failed"
    assert calls.made("Tell the gone again", 200) == [], "nothing is sent to it any more"
    assert (calls.newest()["state"], calls.newest()["tries"]) == ("not sent", [])
    (off,) = calls.served.get("admin", "/webhooks").get_json()["off"]
    assert (off["connection"], off["url"]) == ("finance", calls.sink.url)
    assert calls.audit()[0] == ("switched_off", "finance")
    client = calls.served.sign_in("admin")
    assert "answered 410 (gone) and is switched off" in client.get("/inbox").get_data(as_text=True)
    assert "410" in client.get("/runs/webhooks").get_data(as_text=True)
    answer = post_form(client, "/runs/webhooks/switch-on", {"connection": "finance"}, page="/runs/webhooks")
    assert answer.status_code == 303
    assert calls.served.get("admin", "/webhooks").get_json()["off"] == []
    assert calls.audit()[0] == ("switched_on", "finance")
    on = calls.served.call("admin", "POST", "/webhooks/switch-on", json={"connection": "finance"})
    assert (on.status_code, on.get_json()["code"]) == (409, "webhook_not_off")
    calls.served.call("admin", "POST", f"/webhooks/{calls.newest()['id']}/send")
    calls.work()
    assert calls.newest()["state"] == "sent", "what was not sent may be sent now"
    assert calls.sink.received[-1].body["name"] == "Tell the gone again"


@pytest.mark.promise("API-20")
def test_calls_are_for_who_looks_after_runs_and_what_they_hold_for_who_reads_everything(calls: Calls) -> None:
    calls.made("Tell in private", 200)
    call = calls.newest()
    for method, path in (
        ("GET", "/webhooks"),
        ("GET", f"/webhooks/{call['id']}"),
        ("POST", f"/webhooks/{call['id']}/send"),
    ):
        assert calls.served.call("ann", method, path).status_code == 403, path
    seen = calls.newest("none")
    assert seen["tries"] == [{**dict.fromkeys(call["tries"][0]), "at": call["tries"][0]["at"], "status": 200}]
    assert not seen["shows_all"]
    page = calls.served.sign_in("none").get(f"/runs/webhooks/{call['id']}").get_data(as_text=True)
    assert "deal.created" not in page
    assert calls.served.get("admin", "/webhooks/01900000-0000-7000-8000-000000000000").status_code == 404
    assert calls.served.get("admin", "/webhooks/x").status_code == 404
    pages = calls.served.get("admin", "/webhooks?limit=1").get_json()
    assert calls.served.get("admin", pages["next"]).get_json()["items"][0]["id"] < pages["items"][0]["id"]
    assert calls.served.get("admin", "/webhooks?cursor=x").status_code == 400
