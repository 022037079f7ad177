"""Each kind of trigger that is no save starts its rule with the names that the pages document."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.access.actor import Actor, system_actor
from engine.approvals.deciding import Act
from engine.approvals.submitting import Submission
from engine.clock import FixedClock
from engine.intake.forms import Filled
from engine.platform import Platform
from engine.testing.rule_fates import save_batch
from tests.support.automation import do_runs, person, rows_of, runs_of, shop

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
RULES = """
rule formed when form ask is submitted then create job { subject: "form {form.name} {form.note}" }
rule hooked when webhook stock is received then create job { subject: "payload {payload.sku}{payload.stok}" }
rule mailed when email is received at "shop@example.com"
  then create job { subject: "mail {mail.from} {mail.from_name} {mail.subject} {mail.text} {mail.attachments}" }
rule pressed when button win on deal is pressed asking reason: text then create job { subject: "input {input.reason}" }
rule decided when approval check is approved
  then create job { subject: "comment {comment} {approver.name} {submitter.name} {name}" } as system
rule signed when user logs in then create job { subject: "user {user.name} {name}" }
rule told when event webhook.refused then create job { subject: "event {payload.status}{payload.nothing}" }
rule batch when line is created then create job { subject: "records {count(records)}" } as system bulk once
approval check on deal step one by owner.manager
"""
FILES = {
    "forms/ask.yaml": "form: ask\nobject: deal\nrole: visitor\nfields: [name, note]\n",
    "roles/visitor.yaml": "role: visitor\nobjects:\n  deal: {read: own, create: yes}\n",
    "connections/stock.yaml": "connection: stock\nkind: webhook_in\nsecret: SHOP_STOCK_SECRET\n",
    "connections/inbox.yaml": "connection: inbox\nkind: mailbox\nhost: imap.example.com\nuser: shop\n"
    "secret: SHOP_INBOX\naddresses: shop@example.com\n",
}
MAIL = b"From: Li <li@buyer.cn>\nTo: shop@example.com\nSubject: Offer\nMessage-ID: <1@buyer.cn>\n\nPlease.\n"
WANTED = {
    "formed": "form Pumps big",
    "hooked": "payload A-1",
    "mailed": "mail li@buyer.cn Li Offer Please. ",
    "pressed": "input because",
    "decided": "comment fine bob ann Valves",
    "signed": "user ann ann",
    "told": "event 410",
    "batch": "records 3",
}
UNKNOWN = {"hooked": ["payload.stok"], "told": ["payload.nothing"]}


@pytest.mark.promise("RUL-07")
def test_each_kind_of_trigger_starts_its_rule_with_its_names_and_an_unknown_key_is_in_the_trace(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES, files=FILES, clock=FixedClock(START)) as platform:
        bob = person(platform, "bob", "boss")
        ann = person(platform, "ann", "rep", manager=bob.user_id)
        _start_all(platform, ann, bob)
        do_runs(platform)
        runs = {run["rule"]: run for run in runs_of(platform)}
        assert {name: run["error"] for name, run in runs.items() if name in WANTED} == dict.fromkeys(WANTED)
        made = {row["subject"] for row in rows_of(platform, "job")}
        assert made == set(WANTED.values())
        for name in WANTED:
            steps = platform.automation.runs.get(system_actor(), runs[name]["id"]).steps
            missing = [effect["to"] for step in steps for effect in step.effects if effect["kind"] == "missing"]
            assert missing == UNKNOWN.get(name, []), name


def _start_all(platform: Platform, ann: Actor, bob: Actor) -> None:
    records, calls = platform.records, platform.automation.calls
    deal = records.create(ann, "deal", {"name": "Valves"}).record.id
    platform.intake.forms.submit(
        "ask", Filled(values={"name": "Pumps", "note": "big"}, address="10.0.0.1", language="en")
    )
    with records.transaction(system_actor()) as transaction:
        calls.others.received(transaction, "stock", {"sku": "A-1"})
    (box,) = calls.mails.boxes()
    assert calls.mails.take_in(box, MAIL).runs == 1
    with records.transaction(ann) as transaction:
        calls.buttons.press(transaction, transaction.object_def("deal"), deal, "win", {"reason": "because"})
    request = platform.approvals.submit(ann, "deal", Submission(record_id=deal))
    platform.approvals.act(bob, request.id, Act(do="approve", comment="fine"))
    with platform.database.write() as connection:
        calls.others.logged_in(connection, ann)
    calls.others.tell("webhook.refused", {"status": 410})
    save_batch(platform, ann, "line", [{"deal": deal, "name": str(number)} for number in range(3)])
