"""What stays of approvals: history, the report, links of mails, requests that outlive a process and a release."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from engine.approvals.deciding import Act
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.reporting import ReportAsked
from engine.errors import ValidationFailed
from engine.platform import Platform, check_app_folders
from metamodel.source import Severity
from metamodel.values import Money
from tests.support.approvals import RULES, Stage, approvals_stage, write_shop
from tests.support.automation import do_runs, publish_rules, rows_of, runs_of


def test_the_records_history_tells_what_people_did(stage: Stage) -> None:
    deal = stage.deal(discount="0.3")
    request = stage.submit(deal, comment="please")
    stage.act("bob", request, "delegate", user=stage.people["dan"].user_id)
    stage.act("dan", request, "comment", comment="looking")
    stage.act("dan", request, "approve", comment="fine")
    history = stage.platform.records.history(stage.people["ann"], "deal", deal)
    told = [(each.action, each.actor_title, each.reason) for each in history if each.action.startswith("approval_")]
    assert list(reversed(told)) == [
        ("approval_submitted", "ann", "Big discount: please"),
        ("approval_delegated", "bob", "Manager"),
        ("approval_commented", "dan", "Manager: looking"),
        ("approval_approved", "dan", "Manager: fine"),
        ("approval_request_approved", "dan", "Big discount"),
    ]


@pytest.mark.promise("APR-11")
def test_the_report_gives_business_hours_and_the_share_turned_down_of_what_its_reader_may_read(stage: Stage) -> None:
    stage.clock.move_to(dt.datetime(2026, 12, 4, 2, 0, tzinfo=dt.UTC))  # a Friday
    since = stage.platform.clock.now()
    requests = [stage.submit(stage.deal(discount="0.3")) for _ in range(4)]
    stage.clock.move_to(dt.datetime(2026, 12, 7, 3, 0, tzinfo=dt.UTC))  # a Monday: 8 hours of Friday and 2 of Monday
    for request, do in zip(requests, ("approve", "approve", "reject", "return"), strict=True):
        stage.act("bob", request, do, comment="x")
    with stage.platform.records.reading(stage.people["bob"]) as transaction:
        report = stage.platform.approvals.report(transaction, ReportAsked(since=since))
    (step,) = report.steps
    assert (step.step, step.count, step.hours, step.turned_down) == ("manager", 4, Decimal(10), Decimal("0.5"))
    rows = {(each.name, each.outcome): (each.count, each.hours) for each in report.decisions}
    assert rows == {
        ("bob", "approved"): (2, Decimal(10)),
        ("bob", "rejected"): (1, Decimal(10)),
        ("bob", "returned"): (1, Decimal(10)),
    }
    with stage.platform.records.reading(stage.people["eve"]) as transaction:
        assert stage.platform.approvals.report(transaction, ReportAsked(since=since)).requests == 0


@pytest.mark.promise("APR-10")
def test_many_are_decided_at_once_and_a_link_decides_once_and_dies_with_its_step(stage: Stage) -> None:
    approvals = stage.platform.approvals
    mine, other = (
        stage.submit(stage.deal(discount="0.3")),
        stage.submit(stage.deal(count=2, reviewer=stage.people["dan"].user_id)),
    )
    done = approvals.act_on_many(stage.people["bob"], [mine.id, other.id], Act(do="approve"))
    assert [bool(each.refused) for each in done] == [False, True]
    assert stage.view("ann", other).request.state == "open"
    request = stage.submit(stage.deal(count=1))
    bob, cat = (approvals.mail.token(seat) for seat in _seats(stage, request.id))
    assert approvals.asked_by_link(bob, "en").step == "one"
    assert stage.view("ann", request).request.visit == 1
    with pytest.raises(ApprovalRefused):
        approvals.asked_by_link(bob[:-1] + ("0" if bob[-1] != "0" else "1"), "en")
    assert approvals.act_by_link(bob, Act(do="approve")).visit == 2
    for token in (bob, cat):
        with pytest.raises(ApprovalRefused, match="has been used"):
            approvals.act_by_link(token, Act(do="approve"))
    assert stage.view("ann", request).request.visit == 2


def _seats(stage: Stage, request_id: str) -> list[str]:
    with stage.platform.records.reading(stage.people["ann"]) as transaction:
        return [seat.id for seat in stage.platform.approvals.tools.rows.seats(transaction.connection, [request_id])]


@pytest.mark.promise("APR-03")
def test_steps_left_out_are_listed_with_their_values_and_without_any_it_is_approved_at_once(
    stage: Stage, tmp_path: Path
) -> None:
    left_out, request = (stage.submit(stage.deal(discount="0.3", amount=amount)) for amount in ("5", "600"))
    for each, amount, ends in ((left_out, "5", "approved"), (request, "600", "open")):
        stage.act("bob", each, "approve")
        board = stage.view("ann", each).visits[1]
        assert board.condition is not None
        assert (board.visit.state, board.condition.text, board.condition.value, board.condition.parts[0].value) == (
            "skipped" if ends == "approved" else "open",
            "amount > 500 CNY",
            ends == "open",
            Money(Decimal(amount), "CNY"),
        )
        assert stage.view("ann", each).request.state == ends
    # Side by side: both have to agree, in whatever order.
    for who, state in (("cat", "open"), ("bob", "approved")):
        assert stage.act(who, request, "approve").state == state
    rules = """
        approval a on deal step one by owner if count = 1 step two by owner if count = 2 else skip
        approval b on deal step one by owner if count = 1 else approve
    """
    write_shop(tmp_path, rules)
    problems = check_app_folders([tmp_path / "shop"]).problems
    assert [(each.code, each.severity) for each in problems] == [("RUL463", Severity.WARNING)]


@pytest.mark.promise("APR-12")
def test_the_first_approval_by_priority_is_taken_unless_one_is_named(stage: Stage) -> None:
    # may edit, after approval, submitted by, on submit and so on are in the corpus of rules, case by case.
    both = {"discount": "0.3", "count": 1}
    assert stage.submit(stage.deal(**both)).approval == "big"
    assert stage.submit(stage.deal(**both), approval="either").approval == "either"
    assert stage.submit(stage.deal(discount="0.1"), approval="big").approval == "big"
    with pytest.raises(ApprovalRefused, match="No approval is for this record"):
        stage.submit(stage.deal(discount="0.1"))


def test_another_process_goes_on_with_a_request_by_the_trees_that_were_kept(stage: Stage) -> None:
    request = stage.submit(stage.deal(discount="0.3", amount="600"))
    first = stage.platform
    assert first.keeping.keep(first.releases.current())
    other = Platform.open(first.settings, plugins=first.plugins, clock=stage.clock)
    try:
        assert other.releases.current().trees
        assert other.approvals.act(stage.people["bob"], request.id, Act(do="approve")).visit == 2
    finally:
        other.close()


def test_a_request_keeps_the_approval_that_it_was_made_by(stage: Stage, tmp_path: Path) -> None:
    request = stage.submit(stage.deal(discount="0.3", amount="600"))
    write_shop(tmp_path, "rule nothing when deal is created then stop")
    stage.platform.apply_release([tmp_path / "shop"], author="test")
    try:
        stage.act("bob", request, "approve")
        with pytest.raises(ValidationFailed, match="locked"):
            stage.platform.records.update(stage.people["ann"], "deal", request.record_id, {"amount": "1"})
        stage.act("bob", request, "approve")
        assert stage.act("cat", request, "approve").state == "approved"
    finally:
        write_shop(tmp_path, RULES)
        stage.platform.apply_release([tmp_path / "shop"], author="test")


COUNTED = """
rule counted when approval either is submitted
  then create job { subject: "once" } as system
  once per record ever
rule limited when approval either is submitted
  then create job { subject: "limited" } as system
  limit 1 per hour
"""


def test_rules_of_approvals_are_held_back_like_all_others_and_no_mail_is_made_that_cannot_leave(
    database_url: str, tmp_path: Path
) -> None:
    with approvals_stage(database_url, tmp_path, base_url="http://localhost") as stage:
        publish_rules(stage.platform, tmp_path, RULES + COUNTED)
        deals = [stage.deal(count=1), stage.deal(count=1)]
        for deal in (deals[0], deals[0], deals[1]):
            stage.act("ann", stage.submit(deal), "recall")
        do_runs(stage.platform)
        found = runs_of(stage.platform)
        assert sorted(row["subject"] for row in rows_of(stage.platform, "job")) == ["limited", "once", "once"]
        held = [run for run in found if run["state"] == "skipped"]
        assert sorted(run["rule"] for run in held) == ["counted", "limited", "limited"]
        assert not [run for run in found if "mail" in run["rule"]]
