"""Approvals through the engine: paths, stand-ins, two at once, locks of every entrance, links of mails, the report."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.requests import Request
from engine.approvals.submitting import Submission
from engine.automation.calls.inputs import input_field
from engine.errors import EngineError, ValidationFailed
from engine.records.types import SaveRow
from metamodel.texts import label_text
from tests.support.approvals import MONDAY, Stage
from tests.support.automation import do_runs, rows_of


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


def test_steps_runs_and_what_buttons_ask_for_are_called_as_translations_call_them(stage: Stage) -> None:
    chinese, platform = replace(stage.people["ann"], language="zh"), stage.platform
    deal = stage.deal(discount="0.3", amount="600")
    with platform.records.reading(chinese) as transaction:
        path = platform.approvals.preview(transaction, "deal", Submission(record_id=deal))
    assert path is not None
    assert (path.label, [each.label for each in path.steps]) == ("大额折扣", ["经理", "board"])
    request = stage.submit(deal)
    with platform.records.reading(chinese) as transaction:
        found = platform.approvals.view(transaction, request.id)
        deals = transaction.object_def("deal")
        asked = input_field(deals, platform.automation.calls.buttons.find(transaction, deals, "sample").inputs[0])
    assert (found.label, [each.label for each in found.visits]) == ("大额折扣", ["经理"])
    assert [label_text(asked.label, language, asked.name) for language in ("zh", "en")] == ["原因", "Reason"]
    rules = platform.automation.insight.rules(replace(system_actor(), language="zh"))
    assert "大额折扣：邮件" in {each.label for each in rules}
