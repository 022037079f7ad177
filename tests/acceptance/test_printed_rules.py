"""The rules that the specification prints: each is read from the corpus, checked against an app that has what it names,
and runs with the outcome that its text says.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.access.actor import Actor, system_actor
from engine.approvals.deciding import Act
from engine.approvals.submitting import Submission
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from engine.intake.forms import Filled
from engine.platform import Platform
from engine.settings import PlatformSettings
from metamodel.source import LocatedText
from plugins.manager import PluginManager
from tests.support.automation import FAST, do_runs, person, rows_of, runs_of
from tests.support.http_sink import HttpSink, http_sink
from tests.support.mail_server import mail_server
from tests.support.platforms import write_files
from tests.support.printed import APP, NOWHERE, Mails, printed, spread
from workflow_dsl.parser import parse_rules

START = dt.datetime(2026, 11, 2, 0, 30, tzinfo=dt.UTC)


@contextmanager
def installation(database_url: str, folder: Path, clock: FixedClock, sink: HttpSink, port: int) -> Iterator[Platform]:
    """Open an installation with the app and the printed rules."""
    rules = printed().values()
    files = {name: text.replace(NOWHERE, sink.url) for name, text in APP.items()}
    write_files(folder / "printed", {**files, "rules/printed.rules": "\n\n".join(rules)})
    settings = PlatformSettings(
        database_url=database_url, data_folder=folder / "data", pool_size=5, testing=True, base_url="http://localhost"
    )
    own = (f"FIELDSTONE_PLUGIN_{plugin}_PRIVATE_HOSTS" for plugin in ("SMS", "WEBHOOK"))
    mail = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "SENDER": "crm@example.com"}
    environment = {f"FIELDSTONE_PLUGIN_EMAIL_{name}": value for name, value in mail.items()}
    plugins = PluginManager.load(environment=environment | dict.fromkeys(own, f'["{sink.host}"]'))
    platform = Platform.open(settings, plugins=plugins, clock=clock, tuning=FAST)
    try:
        platform.apply_release([folder / "printed"], author="test")
        yield platform
    finally:
        platform.close()


@pytest.mark.promise("RUL-01")
def test_the_printed_rules_run_with_the_outcome_their_text_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = printed()
    assert len(items) == 12
    for text in items.values():
        # Trees are the same where they differ in nothing but their places.
        assert parse_rules(LocatedText.plain(spread(text + "\n"))).items == parse_rules(LocatedText.plain(text)).items
    clock = FixedClock(START)
    monkeypatch.setenv("FINANCE", "s3cret")
    mails = Mails()
    with (
        http_sink() as sink,
        mail_server(mails) as mails.port,
        installation(database_url, tmp_path, clock, sink, mails.port) as platform,
    ):
        max_ = person(platform, "max", "manager")
        ann = person(platform, "ann", "sales_rep", manager=max_.user_id)
        _before_rules(platform, ann, max_)
        _big_deal(platform, ann, max_, mails)
        _silence(platform, clock, ann)
        _quote_without_answer(platform, clock, ann)
        _routing(platform, ann, max_)
        _stock(platform)
        _order(platform, sink, ann)
        _web_lead(platform)
        _onboarding(platform, clock, ann, mails)
        _approval(platform, ann, max_)
        _quote_sent(platform, ann)


def _before_rules(platform: Platform, ann: Actor, max_: Actor) -> None:
    records = platform.records
    records.create(ann, "lead", {"name": "Li", "phone": "13800138000"})
    assert [row["phone"] for row in rows_of(platform, "lead")] == ["+8613800138000"]
    with pytest.raises(ValidationFailed) as refused:
        records.create(ann, "quote", {"name": "Q", "discount": "31%"})
    assert [(error.field, error.message) for error in refused.value.errors] == [
        ("discount", "Discounts over 30% need a manager.")
    ]
    records.create(max_, "quote", {"name": "By max", "discount": "31%"})
    do_runs(platform)


def _big_deal(platform: Platform, ann: Actor, max_: Actor, mails: Mails) -> None:
    records = platform.records
    gold = records.create(ann, "account", {"name": "Gold", "tier": "gold"}).record.id
    plain = records.create(ann, "account", {"name": "Plain", "is_strategic": False}).record.id
    big = records.create(ann, "opportunity", {"name": "Big", "account": plain, "amount": "100000"}).record.id
    records.create(ann, "opportunity", {"name": "Small", "account": plain, "amount": "99999"})
    records.create(ann, "opportunity", {"name": "Golden", "account": gold, "amount": "200000"})
    do_runs(platform)
    status = {row["name"]: row["review_status"] for row in rows_of(platform, "opportunity")}
    assert status == {"Big": "pending", "Small": None, "Golden": "pending"}
    tasks = {row["subject"]: row for row in rows_of(platform, "task")}
    assert set(tasks) == {"Review Big", "Review Golden"}
    # A Monday and two business days.
    assert (str(tasks["Review Big"]["due_on"]), tasks["Review Big"]["assignee"]) == ("2026-11-04", max_.user_id)
    assert [(row["text"], row["about"].id) for row in rows_of(platform, "comment")] == [("Standard review", big)]
    steps = {run["record_title"]: run["state"] for run in runs_of(platform) if run["rule"] == "big_deal"}
    assert steps == {"Big": "done", "Golden": "done"}
    told = {each.text for each in platform.automation.inbox.list(max_)}
    assert {"ann needs a review of Big (100,000.00 CNY).", "ann needs a review of Golden (200,000.00 CNY)."} <= told
    assert [(to, subject) for to, subject, _ in mails.received] == [("max@example.com", "Review")]


def _silence(platform: Platform, clock: FixedClock, ann: Actor) -> None:
    platform.records.create(ann, "account", {"name": "Quiet", "status": "active"})
    platform.automation.keeper().tick()
    for day in (4, 6, 7):
        clock.move_to(dt.datetime(2026, 11, day, 1, 5, tzinfo=dt.UTC))
        platform.automation.keeper().tick()
        do_runs(platform)
    subjects = [row["subject"] for row in rows_of(platform, "task")]
    assert subjects.count("Follow up Quiet") == 1


def _quote_without_answer(platform: Platform, clock: FixedClock, ann: Actor) -> None:
    records = platform.records
    deal = records.create(ann, "opportunity", {"name": "Asked"}).record.id
    sent = {"status": "sent", "sent_at": clock.now().isoformat(), "opportunity": deal}
    records.create(ann, "quote", {"name": "Waiting", **sent})
    clock.move_to(clock.now() + dt.timedelta(days=6))
    platform.automation.keeper().tick()
    do_runs(platform)
    assert _risk(platform, "Asked") == (False, None)
    clock.move_to(clock.now() + dt.timedelta(days=1))
    platform.automation.keeper().tick()
    do_runs(platform)
    assert _risk(platform, "Asked") == (True, "No answer for 7 days")


def _risk(platform: Platform, name: str) -> tuple[object, object]:
    (row,) = [row for row in rows_of(platform, "opportunity") if row["name"] == name]
    return row["at_risk"], row["risk_reason"]


def _routing(platform: Platform, ann: Actor, max_: Actor) -> None:
    records = platform.records
    queue = {row["key"]: row["id"] for row in rows_of(platform, "queue")}["inside_sales"]
    for member, region in ((ann, "east"), (max_, "west")):
        records.create(max_, "queue_member", {"queue": queue, "member": member.user_id, "region": region})
        records.update(system_actor(), "user", member.user_id or "", {"region": region})
    records.create(system_actor(), "lead", {"name": "From the west", "region": "west"})
    do_runs(platform)
    owners = {row["name"]: row["owner"].id for row in rows_of(platform, "lead") if row["owner"] is not None}
    assert owners["From the west"] == max_.user_id


def _stock(platform: Platform) -> None:
    for sku in ("a", "b"):
        platform.records.create(system_actor(), "product", {"sku": sku, "stock": 1})
    with platform.records.transaction(system_actor()) as transaction:
        platform.automation.calls.others.received(transaction, "stock_changed", {"sku": "a", "stock": 7})
    do_runs(platform)
    assert {row["sku"]: row["stock"] for row in rows_of(platform, "product")} == {"a": 7, "b": 1}


def _order(platform: Platform, sink: HttpSink, ann: Actor) -> None:
    records = platform.records
    account = records.create(ann, "account", {"name": "Buyer", "payment_term": "30 days"}).record.id
    contact = records.create(ann, "contact", {"name": "Wang", "account": account, "mobile": "13800138000"}).record.id
    records.update(ann, "account", account, {"primary_contact": contact})
    order = records.create(ann, "order", {"number": "SO-1", "account": account, "total": "500"}).record.id
    product = {row["sku"]: row["id"] for row in rows_of(platform, "product")}
    for sku, quantity in (("a", 10), ("b", 1)):
        records.create(ann, "order_line", {"order": order, "product": product[sku], "quantity": quantity})
    today = platform.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
    records.update(ann, "order", order, {"status": "confirmed"})
    do_runs(platform)
    assert [run["error"] for run in runs_of(platform) if run["rule"] == "order_placed"] == [None]
    sms, finance = (received.body for received in sink.received)
    assert sms == {"to": "+8613800138000", "text": "Thanks for SO-1."}
    assert finance == {"event": "order.confirmed", "order": "SO-1", "total": {"amount": "500.00", "currency": "CNY"}}
    due = [(row["account"], row["due_on"]) for row in rows_of(platform, "receivable")]
    assert due == [(account, today + dt.timedelta(days=30))]
    # Of product a there are seven, and one of b, which suffices.
    wanted = [(row["product"], row["quantity"]) for row in rows_of(platform, "purchase_request")]
    assert wanted == [(product["a"], 3)]


def _web_lead(platform: Platform) -> None:
    values = {"name": "Zhao", "email": "zhao@example.com"}
    platform.intake.forms.submit("contact_us", Filled(values=values, address="10.0.0.1", language="en"))
    do_runs(platform)
    found = {row["name"]: (row["email"], row["source"]) for row in rows_of(platform, "lead")}
    assert found["Zhao"] == ("zhao@example.com", "web")


def _onboarding(platform: Platform, clock: FixedClock, ann: Actor, mails: Mails) -> None:
    records = platform.records
    for name in ("Buys", "Waits"):
        account = records.create(ann, "account", {"name": name}).record.id
        contact = {"name": name, "account": account, "email": f"{name}@example.com"}
        records.update(ann, "account", account, {"primary_contact": records.create(ann, "contact", contact).record.id})
        records.update(ann, "account", account, {"status": "customer"})
        if name == "Buys":
            records.create(ann, "order", {"number": "SO-9", "account": account})
    before = len(mails.received)
    do_runs(platform, waits_too=False)
    assert [subject for _, subject, _ in mails.received[before:]] == ["Welcome", "Welcome"]
    clock.move_to(clock.now() + dt.timedelta(days=3))
    do_runs(platform)
    ((recipient, _, text),) = mails.received[before + 2 :]
    assert recipient == "Buys@example.com"
    link = re.search(r"http://localhost/s/(\S+)", text)
    assert link is not None
    platform.intake.surveys.answer(link[1], Filled(values={"score": 9}, address="10.0.0.1", language="en"))
    (answer,) = rows_of(platform, "answer")
    names = {row["id"]: row["name"] for key in ("account", "contact") for row in rows_of(platform, key)}
    assert (names[answer["account"]], names[answer["contact"]]) == ("Buys", "Buys")
    clock.move_to(clock.now() + dt.timedelta(days=31))
    platform.automation.keeper().tick()
    do_runs(platform)
    assert "Waits has not ordered in 30 days." in [each.text for each in platform.automation.inbox.list(ann)]


def _approval(platform: Platform, ann: Actor, max_: Actor) -> None:
    records, approvals = platform.records, platform.approvals
    quote = records.create(ann, "quote", {"name": "Cheap", "discount": "25%", "amount": "400000"}).record.id
    request = approvals.submit(ann, "quote", Submission(record_id=quote))
    do_runs(platform)
    assert _status(platform, "Cheap") == "in_approval"
    with pytest.raises(ValidationFailed):
        records.update(ann, "quote", quote, {"discount": "10%"})
    approvals.act(max_, request.id, Act(do="approve"))
    do_runs(platform)
    # Below half a million no director is asked.
    assert _status(platform, "Cheap") == "approved"
    dee = person(platform, "dee", "manager")
    queue = {row["key"]: row["id"] for row in rows_of(platform, "queue")}["directors"]
    records.create(max_, "queue_member", {"queue": queue, "member": dee.user_id})
    dear = records.create(ann, "quote", {"name": "Dear", "discount": "25%", "amount": "500001"}).record.id
    request = approvals.submit(ann, "quote", Submission(record_id=dear))
    approvals.act(max_, request.id, Act(do="approve"))
    do_runs(platform)
    assert _status(platform, "Dear") == "in_approval"
    approvals.act(dee, request.id, Act(do="approve"))
    do_runs(platform)
    assert _status(platform, "Dear") == "approved"
    wrong = records.create(ann, "quote", {"name": "Wrong", "discount": "25%", "amount": "1"}).record.id
    request = approvals.submit(ann, "quote", Submission(record_id=wrong))
    approvals.act(max_, request.id, Act(do="reject", comment="too much"))
    do_runs(platform)
    assert _status(platform, "Wrong") == "draft"
    assert "Rejected: too much" in [each.text for each in platform.automation.inbox.list(ann)]


def _quote_sent(platform: Platform, ann: Actor) -> None:
    records = platform.records
    account = records.create(ann, "account", {"name": "Asking"}).record.id
    contact = records.create(ann, "contact", {"name": "Xu", "account": account, "email": "xu@example.com"}).record.id
    quote = records.create(ann, "quote", {"name": "Q-9", "contact": contact}).record.id
    with records.transaction(ann) as transaction:
        platform.automation.calls.buttons.press(transaction, transaction.object_def("quote"), quote, "send_quote", {})
    do_runs(platform)
    (run,) = [run for run in runs_of(platform) if run["rule"] == "send_quote"]
    steps = platform.automation.runs.get(system_actor(), run["id"]).steps
    done = {(step.kind, step.outcome) for step in steps}
    assert done == {("generate document", "done"), ("send email", "done"), ("set", "done")}
    assert "with Quote Q-9.pdf sent to xu@example.com" in str(next(s for s in steps if s.kind == "send email").result)
    assert [(row["name"], row["about"].id) for row in rows_of(platform, "attachment")] == [("Quote Q-9.pdf", quote)]
    assert _status(platform, "Q-9") == "sent"


def _status(platform: Platform, name: str) -> object:
    (row,) = [row for row in rows_of(platform, "quote") if row["name"] == name]
    return row["status"]
