"""Approvals through the engine: paths, stand-ins, two at once, locks of every entrance, links of mails, the report."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.approvals.deciding import Act
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.reporting import ReportAsked
from engine.approvals.requests import Request
from engine.approvals.submitting import Submission
from engine.errors import EngineError, ValidationFailed
from engine.platform import Platform, check_app_folders
from engine.records.types import SaveRow
from metamodel.source import Severity
from metamodel.values import Money
from tests.support.approvals import MONDAY, RULES, Stage, approvals_stage, write_shop
from tests.support.automation import do_runs, rows_of


@pytest.fixture(scope="module")
def installation(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with approvals_stage(module_database_url, tmp_path_factory.mktemp("shop")) as stage:
        yield stage


@pytest.fixture
def stage(installation: Stage) -> Stage:
    installation.clock.move_to(MONDAY)
    for who in ("bob", "cat", "ann"):
        installation.away(who, None)
    return installation


@pytest.mark.promise("APR-08")
def test_the_steps_taken_are_those_of_the_preview_with_people_stand_ins_and_the_end(stage: Stage) -> None:
    stage.away("bob", "dan")
    deal = stage.deal(discount="0.3", amount="600")
    other = stage.deal(discount="0.3", amount="5")
    for record_id in (deal, other):
        with stage.platform.records.reading(stage.people["ann"]) as transaction:
            path = stage.platform.approvals.preview(transaction, "deal", Submission(record_id=record_id))
        assert path is not None
        manager, board = path.steps
        assert [(each.name, each.stand_in) for each in manager.people] == [("bob", "dan")]
        assert manager.due_at == dt.datetime(2026, 11, 25, 2, 0, tzinfo=dt.UTC)
        assert board.condition is not None
        assert (board.state, board.condition.value) == (("asked", True) if record_id == deal else ("skip", False))
        assert path.ends_at == (None if record_id == deal else manager.due_at)
        request = stage.submit(record_id)
        stage.act("dan", request, "approve")
        taken = stage.view("ann", request).visits
        expected = [(step.name, [each.id for each in step.people]) for step in path.steps]
        assert [(each.visit.step, [seat.user_id for seat in each.seats]) for each in taken] == expected


@pytest.mark.promise("APR-06")
def test_who_is_away_has_a_stand_in_for_that_time_and_history_names_both(stage: Stage) -> None:
    stage.away("bob", "dan")
    deal, later = stage.deal(discount="0.3"), stage.deal(discount="0.3")
    request, open_later = stage.submit(deal), stage.submit(later)
    assert deal in stage.waiting("dan")
    assert deal not in stage.waiting("bob")
    with pytest.raises(ApprovalRefused, match="not asked"):
        stage.act("bob", request, "approve")
    stage.act("dan", request, "approve", comment="for bob")
    decided = next(event for event in stage.view("ann", request).events if event.kind == "approved")
    assert (decided.actor, decided.for_user) == ("dan", "bob")
    stage.clock.move_to(MONDAY + dt.timedelta(days=2))
    assert later in stage.waiting("bob")
    assert later not in stage.waiting("dan")
    with pytest.raises(EngineError):
        stage.act("dan", open_later, "approve")
    assert stage.act("bob", open_later, "approve").state == "approved"


@pytest.mark.promise("APR-05")
def test_who_is_not_asked_now_decides_nothing_and_nothing_is_changed(stage: Stage) -> None:
    request = stage.submit(stage.deal(discount="0.3", amount="600"))
    before = stage.view("ann", request)
    for who in ("ann", "dan", "cat", "eve"):
        for do in ("approve", "reject", "return", "delegate", "add"):
            with pytest.raises(EngineError):
                stage.act(who, request, do, comment="x", user=stage.people["dan"].user_id)
    assert stage.view("ann", request) == before
    stage.act("bob", request, "approve", visit=1)
    with pytest.raises(ApprovalRefused, match="no longer open"):
        # A second press of the same page is about the step it was made for.
        stage.act("bob", request, "approve", visit=1)
    for end, who in (("recall", "ann"), ("reject", "bob")):
        over = stage.submit(stage.deal(discount="0.3"))
        stage.act(who, over, end)
        with pytest.raises(ApprovalRefused, match="over"):
            stage.act("bob", over, "approve")


def test_of_two_who_decide_at_once_one_is_told_that_it_is_over(stage: Stage) -> None:
    for _ in range(3):
        told = _both_at_once(stage, stage.submit(stage.deal(count=1)))
        assert told in (["not_open", "open"], ["decided", "rejected"])


def _both_at_once(stage: Stage, request: Request) -> list[str]:
    told, gate = [], threading.Barrier(2)

    def decide(who: str, do: str) -> None:
        gate.wait()
        try:
            told.append(stage.act(who, request, do, visit=1).state.value)
        except ApprovalRefused as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=decide, args=each) for each in (("bob", "approve"), ("cat", "reject"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def test_of_two_submissions_at_once_one_is_refused(stage: Stage) -> None:
    deal, told = stage.deal(discount="0.3"), []
    gate = threading.Barrier(2)

    def submit() -> None:
        gate.wait()
        try:
            told.append(stage.submit(deal).state.value)
        except ApprovalRefused as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["open", "open_already"]


@pytest.mark.promise("APR-01")
def test_a_step_that_finds_nobody_waits_with_a_message_and_goes_on_once_somebody_is_found(stage: Stage) -> None:
    # Where people come from is in the corpus of rules, case by case.
    deal = stage.deal(count=2)
    request = stage.submit(deal)
    assert request.state == "parked"
    told = stage.platform.automation.inbox.list(stage.people["ann"])[0].text
    assert "waits: No one was found" in told
    stage.platform.records.update(stage.people["ann"], "deal", deal, {"reviewer": stage.people["dan"].user_id})
    stage.act("ann", request, "submit")
    assert deal in stage.waiting("dan")


@pytest.mark.promise("APR-02")
def test_a_quorum_above_the_people_found_is_cut_with_a_note(stage: Stage) -> None:
    # Any, all, quorum and one of each listed are in the corpus of rules, case by case.
    request = stage.submit(stage.deal(count=3))
    assert stage.view("ann", request).visits[0].visit.note == "5 must agree, 2 were found: all of them must."
    stage.act("bob", request, "approve")
    assert stage.act("cat", request, "approve").state == "approved"


@pytest.mark.promise("APR-07")
def test_the_time_of_a_step_is_business_time_reminds_before_and_acts_once(stage: Stage) -> None:
    stage.clock.move_to(dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC))  # a Friday, ten o'clock in Shanghai
    deal = stage.deal(discount="0.3")
    request = stage.submit(deal)
    keeper = stage.platform.automation.keeper

    def kinds() -> list[str]:
        return [event.kind for event in stage.view("ann", request).events if event.kind not in ("submitted", "opened")]

    for day, hour, wanted in (
        (22, 2, []),
        (23, 6, []),
        (23, 9, ["reminded"]),
        (24, 1, ["reminded"]),
        (24, 3, ["reminded", "timed_out", "escalated"]),
        (28, 3, ["reminded", "timed_out", "escalated"]),
    ):
        stage.clock.move_to(dt.datetime(2026, 11, day, hour, 0, tzinfo=dt.UTC))
        keeper().tick()
        keeper().tick()
        assert kinds() == wanted, (day, hour)
    assert deal in stage.waiting("cat")
    assert deal not in stage.waiting("bob")


@pytest.mark.promise("APR-09")
def test_a_locked_record_refuses_every_way_of_writing_but_what_the_step_allows(stage: Stage, tmp_path: Path) -> None:
    records, ann, bob = stage.platform.records, stage.people["ann"], stage.people["bob"]
    deal = stage.deal(discount="0.3")
    request = stage.submit(deal)
    told = "locked by the approval “Big discount”"
    for who in (ann, bob):
        with pytest.raises(ValidationFailed, match=told):
            records.update(who, "deal", deal, {"amount": "1"})
    (row,) = records.save_many(ann, "deal", [SaveRow(id=deal, values={"amount": "2"})]).rows
    assert told in row.errors[0].message
    file = tmp_path / "deals.csv"
    file.write_text(f"id,amount\n{deal},3\n", encoding="utf-8")
    outcome = stage.platform.imports.import_csv(ann, "deal", file)
    assert "locked" in str(outcome)
    assert records.update(ann, "deal", deal, {"note": "allowed"}).changed == ("note",)
    stage.act("bob", request, "return", comment="explain")
    assert records.update(ann, "deal", deal, {"sent_on": "2026-12-01"}).changed == ("sent_on",)
    stage.act("ann", request, "submit")
    # The rule's step comes when the record is locked again, and may set the note; the amount it may not.
    do_runs(stage.platform)
    values = next(row for row in rows_of(stage.platform, "deal") if row["id"] == deal)
    assert (values["amount"], values["note"]) == (None, "a rule was here")
    stage.act("bob", request, "approve")
    assert records.update(ann, "deal", deal, {"amount": "4"}).changed


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
    assert approvals.asked_by_link(bob).step == "one"
    assert stage.view("ann", request).request.visit == 1
    with pytest.raises(ApprovalRefused):
        approvals.asked_by_link(bob[:-1] + ("0" if bob[-1] != "0" else "1"))
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
