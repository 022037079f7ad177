"""Approvals by page and by API, as people and programs meet them; links of mails, from the mail to the decision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, g
from flask.testing import FlaskClient

from engine.clock import FixedClock
from tests.support.approvals import Stage, approvals_stage
from tests.support.automation import do_runs
from tests.support.mail_server import mail_server
from tests.support.served import csrf_token, post_form
from ui.app import create_app
from ui.pages.approval_link import show_link
from ui.security import WebSettings

PASSWORD = "correct horse battery"


class Site:
    """The served installation: calls by token, pages by session."""

    def __init__(self, stage: Stage, app: Flask) -> None:
        self.stage, self.app = stage, app
        administration = stage.platform.accounts.administration
        self.tokens: dict[str, str] = {}
        self.clients: dict[str, FlaskClient] = {}
        for who in stage.people:
            login = f"{who}@example.com"
            administration.set_password(login, PASSWORD)
            self.tokens[who] = administration.create_token(login, name="test")

    def api(self, who: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    def client(self, who: str) -> FlaskClient:
        if who not in self.clients:
            client = self.clients[who] = self.app.test_client()
            answer = post_form(client, "/login", {"login": f"{who}@example.com", "password": PASSWORD})
            assert answer.status_code == 303
        return self.clients[who]

    def page(self, who: str, path: str) -> str:
        answer = self.client(who).get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, who: str, path: str, **values: str) -> str:
        answer = self.client(who).post(path, data={**values, "csrf_token": csrf_token(self.client(who), "/inbox")})
        assert answer.status_code == 303, (path, answer.status_code)
        return self.page(who, answer.location)


class _Mails:
    def __init__(self) -> None:
        self.received: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((envelope.rcpt_tos[0], message))
        return "250 OK"


@pytest.fixture(scope="module")
def mails() -> Iterator[tuple[_Mails, int]]:
    handler = _Mails()
    with mail_server(handler) as port:
        yield handler, port


@pytest.fixture(scope="module")
def site(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory, mails: tuple[_Mails, int]
) -> Iterator[Site]:
    environment = {
        "FIELDSTONE_PLUGIN_EMAIL_HOST": "127.0.0.1",
        "FIELDSTONE_PLUGIN_EMAIL_PORT": str(mails[1]),
        "FIELDSTONE_PLUGIN_EMAIL_SECURITY": "none",
        "FIELDSTONE_PLUGIN_EMAIL_SENDER": "crm@example.com",
    }
    folder = tmp_path_factory.mktemp("shop")
    with approvals_stage(module_database_url, folder, environment=environment, base_url="http://localhost") as stage:
        assert isinstance(stage.clock, FixedClock)
        yield Site(stage, create_app(stage.platform, WebSettings(secret_key="s" * 40)))


def test_a_person_submits_and_others_decide_on_pages(site: Site) -> None:
    deal = site.stage.deal(name="Pumps <b>", discount="0.3", amount="600")
    assert f"/o/deal/{deal}/approval" in site.page("ann", f"/o/deal/{deal}")
    path = site.page("ann", f"/o/deal/{deal}/approval")
    assert re.search(r"Manager.*bob.*Will be asked.*board.*amount &gt; 500 CNY: holds", path, re.DOTALL)
    shown = site.post("ann", f"/o/deal/{deal}/approval", approval="big", comment="please")
    assert "Pumps &lt;b&gt;" in shown
    assert "please" in shown
    assert 'value="approve"' not in shown
    waiting = site.page("bob", "/inbox")
    request = re.search(r"/approvals/([0-9a-f-]{36})", waiting)
    assert request is not None
    url = f"/approvals/{request[1]}"
    assert 'value="approve"' in site.page("bob", url)
    assert url in site.page("bob", f"/o/deal/{deal}")
    assert "You are not asked" in site.post("ann", url, do="approve")
    after = site.post("bob", url, do="approve", comment="好的", number="1")
    assert "好的" in after
    assert "no longer open" in site.post("bob", url, do="approve", number="1")
    site.post("cat", url, do="approve", number="2")
    done = site.post("bob", url, do="approve", number="2")
    assert "Approval granted" in done
    record = site.page("ann", f"/o/deal/{deal}")
    assert "Submitted for approval" in record
    assert "好的" in record


@pytest.mark.promise("APR-04")
@pytest.mark.parametrize("by_page", [True, False])
def test_each_act_works_by_page_and_api_and_stands_in_the_records_history(site: Site, by_page: bool) -> None:
    people = {who: str(actor.user_id) for who, actor in site.stage.people.items()}
    deal = site.stage.deal(discount="0.3", amount="600")

    def do(who: str, word: str, **more: str) -> None:
        if by_page and word == "submit" and "first" in more:
            site.post(who, f"/o/deal/{deal}/approval")
        elif by_page:
            site.post(who, f"/approvals/{request_id()}", do=word, **more)
        else:
            more.pop("first", None)
            answer = site.api(who, "POST", f"/records/deal/{deal}/approval", json={"do": word, **more})
            if answer.status_code == 404:  # who takes part and may not read the record knows the request
                answer = site.api(who, "POST", f"/approvals/{request_id()}", json={"do": word, **more})
            assert answer.status_code == 200, answer.get_json()

    def request_id() -> str:
        return str(site.api("ann", "GET", f"/records/deal/{deal}/approval").get_json()["items"][0]["id"])

    do("ann", "submit", first="yes")
    do("bob", "comment", comment="hm")
    do("bob", "copy", user=people["eve"])
    seen = site.api("eve", "GET", f"/approvals/{request_id()}").get_json()
    assert seen["may"] == ["comment"]
    assert site.api("eve", "POST", f"/approvals/{request_id()}", json={"do": "approve"}).status_code == 409
    do("bob", "return", comment="explain")
    do("ann", "submit")
    do("bob", "delegate", user=people["dan"])
    do("dan", "add", user=people["bob"])
    do("dan", "approve")
    do("bob", "approve")
    do("cat", "reject", to="manager")
    do("bob", "reject", to="start", comment="no")
    do("ann", "submit", first="yes")
    do("ann", "recall")
    history = site.api("ann", "GET", f"/records/deal/{deal}/history").get_json()["items"]
    kinds = [each["action"].removeprefix("approval_") for each in reversed(history) if "approval" in each["action"]]
    assert kinds == [
        *("submitted", "commented", "copied", "returned", "submitted_again", "delegated", "added", "approved"),
        *("approved", "rejected", "rejected", "request_rejected", "submitted", "request_recalled"),
    ]  # fmt: skip
    told = site.page("eve", "/inbox")
    assert "For your information" in told


@pytest.mark.promise("APR-09")
def test_forms_and_calls_are_told_which_approval_locks_the_record(site: Site) -> None:
    # Imports, bulk calls and rules are in tests/engine/approvals.
    deal = site.stage.deal(discount="0.3")
    site.stage.submit(deal)
    version = site.api("ann", "GET", f"/records/deal/{deal}").get_json()["version"]
    answer = site.api("ann", "PATCH", f"/records/deal/{deal}", json={"amount": "5"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["message"] == "The record is locked by the approval “Big discount”."
    rows = {"rows": [{"do": "update", "id": deal, "values": {"amount": "5"}}, {"do": "delete", "id": deal}]}
    bulk = site.api("ann", "POST", "/records/deal/bulk", json=rows).get_data(as_text=True)
    assert "is locked by" in bulk
    assert "withdraw that first" in bulk
    client = site.client("ann")
    page = f"/o/deal/{deal}/edit"
    values = {"csrf_token": csrf_token(client, page), "version": str(version), "name": "Other", "was-name": "Deal"}
    answer = client.post(page, data=values)
    assert answer.status_code == 422
    assert "is locked by the approval “Big discount”" in answer.get_data(as_text=True)


def test_many_are_decided_on_one_page_and_by_one_call(site: Site) -> None:
    requests = [site.stage.submit(site.stage.deal(discount="0.3")) for _ in range(3)]
    page = site.page("bob", "/approvals")
    assert all(each.id in page for each in requests)
    client = site.client("bob")
    ids = [each.id for each in requests[:2]]
    data = {"csrf_token": csrf_token(client, "/inbox"), "do": "approve", "id": ids}
    assert client.post("/approvals", data=data).status_code == 303
    assert [site.stage.view("ann", each).request.state for each in requests] == ["approved", "approved", "open"]
    answer = site.api("bob", "POST", "/approvals", json={"do": "reject", "ids": [requests[0].id, requests[2].id]})
    first, second = answer.get_json()["items"]
    assert first["refused"]
    assert second["refused"] is None
    assert "50%" not in site.page("bob", "/approvals")
    assert "big" in str(site.api("bob", "GET", "/approvals/report").get_json()["steps"])
    assert "Business hours" in site.page("bob", "/approvals/report?days=30")


@pytest.mark.promise("APR-10")
def test_a_mail_asks_and_its_link_decides_by_a_press_once(site: Site, mails: tuple[_Mails, int]) -> None:
    mails[0].received.clear()
    request = site.stage.submit(site.stage.deal(name="{{ 7 * 7 }} 泵", discount="0.3"))
    do_runs(site.stage.platform)
    ((to, message),) = [each for each in mails[0].received if "泵" in each[1]["Subject"]]
    body = message.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://localhost(/approvals/link/\S+)", body.get_content())
    assert link is not None
    assert "{{ 7 * 7 }} 泵" in body.get_content()
    nobody = site.app.test_client()
    shown = nobody.get(link[1])
    assert shown.status_code == 200
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert site.stage.view("ann", request).request.state == "open"
    assert nobody.post(link[1], data={"do": "approve"}).status_code == 403
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown.get_data(as_text=True))
    assert token is not None
    press = {"do": "approve", "csrf_token": token[1], "comment": "by mail"}
    assert "Approved. Thank you." in nobody.post(link[1], data=press).get_data(as_text=True)
    assert site.stage.view("ann", request).request.state == "approved"
    assert nobody.post(link[1], data=press).status_code == 410
    assert nobody.get(link[1]).status_code == 410
    assert nobody.get(f"{link[1]}x").status_code == 410
    with site.app.test_request_context(link[1]):
        site.app.preprocess_request()
        g.language = "zh"
        assert "该链接已使用过，或该步骤已有结果。" in site.app.make_response(show_link("x")).get_data(as_text=True)
    assert to == "bob@example.com"


def test_who_takes_no_part_and_may_not_read_the_record_sees_nothing(site: Site) -> None:
    request = site.stage.submit(site.stage.deal(discount="0.3"))
    for method, path in (("GET", f"/approvals/{request.id}"), ("POST", f"/approvals/{request.id}")):
        options = {"json": {"do": "comment", "comment": "x"}} if method == "POST" else {}
        assert site.api("eve", method, path, **options).status_code == 404
    assert site.client("eve").get(f"/approvals/{request.id}").status_code == 404
    assert site.api("eve", "GET", f"/records/deal/{request.record_id}/approval").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "aprove"}, 400),
        ({"do": "approve", "comment": 5}, 400),
        ({"do": "approve", "step_number": "1"}, 400),
        ({"do": "delegate", "user": "nobody"}, 409),
        ({"do": "reject", "to": "nowhere"}, 409),
        ({"do": "approve", "more": 1}, 400),
        ({"do": "approve", "step_number": 10**12}, 409),
    ],
)
def test_a_call_that_is_wrong_is_told_so_and_changes_nothing(site: Site, body: dict[str, Any], status: int) -> None:
    request = site.stage.submit(site.stage.deal(discount="0.3"))
    before = site.stage.view("ann", request)
    assert site.api("bob", "POST", f"/approvals/{request.id}", json=body).status_code == status
    assert site.stage.view("ann", request) == before


def test_a_request_shows_the_figures_that_it_is_decided_by_to_who_may_read_them(site: Site) -> None:
    request = site.stage.submit(site.stage.deal(discount="0.3", amount="1234.50"))
    page = site.page("bob", f"/approvals/{request.id}")
    figures = page.partition('<dl class="highlights')[2].partition("</dl>")[0]
    assert "1,234.50" in figures
    assert "30" in figures
    told = site.api("bob", "GET", f"/approvals/{request.id}").get_json()["figures"]
    assert (told["amount"]["amount"], float(told["discount"])) == ("1234.50", 0.3)
    # Who is asked sees no figures of a record that they may not read.
    eve = site.stage.people["eve"].user_id
    site.stage.act("bob", request, "copy", user=eve)
    assert site.api("eve", "GET", f"/approvals/{request.id}").get_json()["figures"] is None
    assert "1,234.50" not in site.page("eve", f"/approvals/{request.id}")
