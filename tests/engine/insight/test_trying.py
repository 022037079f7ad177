"""A rule tried on a record: everything is told, nothing is kept, nothing leaves."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.insight.service import RuleNotFound
from engine.errors import AccessDenied, RecordNotFound
from tests.support.automation import person, rows_of, shop
from tests.support.table_dumps import changed_tables, dump_tables

MAIL = (
    "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: shop@example.com\n---\n"
    "Dear {{ record.owner.name }}, it is {{ record.amount }}.\n"
)
RULES = """
    rule long when deal.stage changes to "won"
      if amount >= 10
      then
        set note = "won"
        create job { subject: "Call {name}", deal: this } as call
        send email hello to reviewer.email
        wait 3 days
        notify reviewer "It is {name}."
        call webhook finance { total: amount }
        update call { done: true }
        if count > 3 then log "many" else log "few" end
    rule follows when job is created then log "a job"
    rule checks before deal is saved if amount > 5 then set count = 1 warn "Look again."
    rule fails when deal is updated then create job { subject: note }
    rule clock every day at 09:00 then create job { subject: "daily" }
"""


@pytest.mark.promise("RUN-18")
def test_a_try_shows_all_a_rule_does_lists_what_would_leave_and_changes_no_table(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "templates/hello.md": MAIL,
        "connections/finance.yaml": "connection: finance\nkind: webhook_out\nurl: https://finance.example.com/in\n",
    }
    with shop(database_url, tmp_path, RULES, files=files) as platform:
        system, insight = system_actor(), platform.automation.insight
        bob = person(platform, "bob")
        values = {"name": "A", "amount": "50", "reviewer": bob.user_id, "stage": "won"}
        deal = platform.records.create(system, "deal", values, confirm=None).record
        before = dump_tables(database_url)
        monkeypatch.setattr(socket, "getaddrinfo", _no_call)
        tried = insight.try_rule(system, "long", deal.id)
        trace = tried.trace
        assert [(step.kind, step.outcome) for step in trace.steps] == [
            ("set", "done"),
            ("create", "done"),
            ("send email", "not sent"),
            ("wait", "waiting"),
            ("notify", "done"),
            ("call webhook", "not sent"),
            ("update", "done"),
            ("if", "done"),
            ("log", "done"),
        ]
        assert trace.condition is not None
        assert trace.condition.value is True
        assert [(each.kind, each.target) for each in tried.outside] == [
            ("mail", "bob@example.com"),
            ("wait", ""),
            ("webhook", "finance"),
        ]
        assert tried.outside[2].values is not None
        assert str(tried.outside[2].values["body"]["total"]["amount"]) == "50.00"
        written = [(each.path, each.object, each.values) for each in tried.written]
        assert written[0] == ("actions/0", "deal", {"note": "won"})
        assert written[1][2] is not None
        assert written[1][2]["subject"] == "Call A"
        assert written[2] == ("actions/6", "job", {"done": True})
        assert [run.rule for run in trace.caused] == ["fails", "follows"]
        assert "As if its save of" in tried.trigger_note

        checked = insight.try_rule(system, "checks", deal.id).trace
        assert [(step.kind, step.result) for step in checked.steps] == [
            ("set", {"count": 1}),
            ("warn", {"message": "Look again."}),
        ]
        assert insight.try_rule(system, "clock", None).written[0].values == {"subject": "daily", "done": False}
        assert changed_tables(before, dump_tables(database_url)) == []
        assert rows_of(platform, "job") == []


def _no_call(*args: object, **named: object) -> object:
    raise AssertionError(f"something was called: {args}")


def test_a_step_that_fails_is_told_with_those_before_it_and_what_is_not_there_is_refused(
    database_url: str, tmp_path: Path
) -> None:
    rules = """
        rule fails when deal is created if amount > 1
        then create job { subject: "first" } create job { subject: note } create job { subject: "third" }
        rule unmet when deal is created if secret = "s" and amount > 100 then log "x"
    """
    with shop(database_url, tmp_path, rules) as platform:
        system, insight = system_actor(), platform.automation.insight
        boss = person(platform, "boss", "boss")
        deal = platform.records.create(system, "deal", {"name": "A", "amount": "50"}).record
        before = dump_tables(database_url)
        failed = insight.try_rule(system, "fails", deal.id)
        assert [(step.kind, step.outcome) for step in failed.trace.steps] == [("create", "done"), ("try", "failed")]
        assert failed.trace.summary.reason == failed.trace.steps[1].error
        assert [each.values["subject"] for each in failed.written if each.values] == ["first"]
        unmet = insight.try_rule(system, "unmet", deal.id).trace
        assert (unmet.summary.outcome, unmet.steps, unmet.holds) == ("not met", (), False)
        with pytest.raises(AccessDenied):
            insight.try_rule(boss, "fails", deal.id)
        with pytest.raises(RuleNotFound, match="did you mean 'fails'"):
            insight.try_rule(system, "fail", deal.id)
        for absent in (None, "x", boss.user_id):
            with pytest.raises(RecordNotFound):
                insight.try_rule(system, "fails", absent)
        assert changed_tables(before, dump_tables(database_url)) == []
