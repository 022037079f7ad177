"""The eleven steps of a save in their documented order, as the trace of a save tells them, and what is judged when."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import Actor, system_actor
from engine.errors import ValidationFailed
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from tests.support.automation import APP, do_runs, person, publish_rules, rows_of, runs_of, shop

RULES = """
    rule c_last before line is saved then set state = state & "c", quantity = quantity + 1 priority 9
    rule b_first before line is saved then set state = "b" priority 5
    rule a_middle before line is saved then set state = state & "a" priority 7
    rule none before line is saved if quantity > 1_000 then set state = "never"
    rule told when line is saved then log "{state} {quantity} {deal.pieces}" priority 1
    rule told_too when line is created then log "{name}"
    rule of_parent when deal.pieces changes then log "{pieces}"
    """
LINE = (
    APP["objects/line.yaml"]
    + """
        validations:
          - {name: few, check: quantity < 50, message: Too many., field: quantity}
    """
)
RULES_OF_DEALS = """
    rule first before deal is saved if note = "fill" then set count = 3, amount = 5 CNY, stage = "proposal"
    rule back before deal is saved if note = "back" then set stage = old.stage
    rule clear before deal is saved if note = "clear" then set reviewer = empty
    """
DEAL = """
    object: deal
    title: "{name}"
    fields:
      name: {type: text, required: true}
      stage:
        type: choice
        default: open
        options: {open: {}, proposal: {requires: [count]}, won: {}, lost: {}}
        transitions: {open: [proposal, lost], proposal: [won]}
      amount: {type: money}
      doubled: {type: money, formula: amount * 2}
      count: {type: integer}
      note: {type: text}
      reviewer: {type: user, inverse: reviews, required_if: stage = "lost"}
      discount: {type: percent}
      sent_on: {type: date}
      sent_at: {type: datetime}
      secret: {type: text}
      pieces: {type: rollup, of: lines.quantity, function: sum}
    validations:
      - {name: cheap, check: doubled < 100, message: Too dear., field: amount, when: doubled is not empty}
    """


def order_of(platform: Platform, rule: str) -> list[tuple[int, tuple[str, ...]]]:
    """Give the steps that the trace of the last run of a rule tells."""
    found = [run["id"] for run in runs_of(platform) if run["rule"] == rule]
    trace = platform.automation.runs.get(system_actor(), found[-1])
    return [(step.number, step.names) for step in trace.order]


@pytest.mark.promise("RUL-22")
def test_a_trace_shows_the_eleven_steps_of_its_save_in_their_order(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, RULES, files={"objects/line.yaml": LINE}) as platform:
        ann = person(platform, "ann", "rep")
        deal = platform.records.create(ann, "deal", {"name": "D"}).record.id
        platform.records.create(ann, "line", {"name": "L", "deal": deal, "quantity": 4})
        do_runs(platform)
        expected = [
            (1, ()), (2, ()), (3, ()), (4, ("b_first", "a_middle", "c_last")), (5, ("few",)), (6, ()),
            (7, ("deal.pieces",)), (8, ()), (9, ("told_too", "told")), (10, ()),
        ]  # fmt: skip
        assert order_of(platform, "told") == [*expected, (11, ("told",))]
        assert order_of(platform, "told_too") == [*expected, (11, ("told_too",))]
        # The roll-up of the parent is a step of the same save, and what follows from it is of that save too.
        assert order_of(platform, "of_parent")[:8] == expected[:8]
        (line,) = rows_of(platform, "line")
        assert (line["state"], line["quantity"]) == ("bac", 5)
        with pytest.raises(ValidationFailed):
            platform.records.create(ann, "line", {"name": "M", "deal": deal, "quantity": 49})
        assert [row["pieces"] for row in rows_of(platform, "deal")] == [5]


@pytest.mark.promise("RUL-22")
def test_formulas_required_fields_and_transitions_are_judged_on_what_before_rules_left(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES_OF_DEALS, files={"objects/deal.yaml": DEAL}) as platform:
        ann = person(platform, "ann", "rep")
        records = platform.records
        # The formula and what the stage requires follow the rule.
        first = records.create(ann, "deal", {"name": "A", "note": "fill"}).record.id
        assert [(str(row["doubled"].amount), row["stage"]) for row in rows_of(platform, "deal")] == [
            ("10.00", "proposal")
        ]
        assert refused(platform, ann, first, {"note": "x", "stage": "lost", "reviewer": ann.user_id}) == {"stage"}
        # A transition that is not allowed is undone by a rule before it is judged.
        records.update(ann, "deal", first, {"note": "back", "stage": "open"})
        assert [row["stage"] for row in rows_of(platform, "deal")] == ["proposal"]
        # What a rule clears is missing where it is required, though it was given.
        second = records.create(ann, "deal", {"name": "B", "reviewer": ann.user_id}).record.id
        assert refused(platform, ann, second, {"note": "clear", "stage": "lost"}) == {"reviewer"}
        # And a validation over a formula refuses what only the rule made too dear.
        assert refused(platform, ann, second, {"amount": "50"}) == {"amount"}


def test_the_runs_of_a_batch_tell_the_rules_and_checks_that_their_records_met(
    database_url: str, tmp_path: Path
) -> None:
    rules = RULES.replace("rule none before line is saved if", 'rule none before line is saved if name = "M" and')
    rules += '\n    rule big before line is saved if quantity > 20 then set state = state & "!" priority 10'
    with shop(database_url, tmp_path, rules, files={"objects/line.yaml": LINE}) as platform:
        ann = person(platform, "ann", "rep")
        deal = platform.records.create(ann, "deal", {"name": "D"}).record.id
        rows = [SaveRow(values={"name": name, "deal": deal, "quantity": n}) for name, n in (("A", 4), ("B", 30))]
        assert [each.outcome for each in platform.records.save_many(ann, "line", rows).rows] == ["created"] * 2
        do_runs(platform)
        of_all = [(5, ("few",)), (6, ()), (7, ("deal.pieces",)), (8, ()), (9, ("told_too", "told")), (10, ())]
        lines = {row["id"]: row["name"] for row in rows_of(platform, "line")}
        shown = {}
        for run in runs_of(platform):
            trace = platform.automation.runs.get(system_actor(), run["id"])
            if run["rule"] == "told":
                shown[lines[run["record_id"]]] = [(step.number, step.names) for step in trace.order]
        three = ("b_first", "a_middle", "c_last")
        assert shown["A"][3:-1] == [(4, three), *of_all]
        assert shown["B"][3:-1] == [(4, (*three, "big")), *of_all]
        assert order_of(platform, "of_parent")[6] == (7, ("deal.pieces",))


def refused(platform: Platform, actor: Actor, record_id: str, values: dict[str, object]) -> set[str | None]:
    with pytest.raises(ValidationFailed) as found:
        platform.records.update(actor, "deal", record_id, values)
    return {error.field for error in found.value.errors}


UNCLEAR = """
    rule plain before line is saved if pad("x", quantity) = "x" then set state = "taken"
    rule turned before line is saved if not (pad("x", quantity) = "y") then set state = "taken"
    rule chosen when line is saved if pad("x", quantity) != "y" or quantity > 5 then create job { subject: "taken" }
      else create job { subject: "else" }
    """


@pytest.mark.promise("RUL-24")
def test_a_condition_that_cannot_be_evaluated_is_never_taken_as_true(database_url: str, tmp_path: Path) -> None:
    before, after = UNCLEAR.split("    rule chosen")
    with shop(database_url, tmp_path, before) as platform:
        ann = person(platform, "ann", "rep")
        deal = platform.records.create(ann, "deal", {"name": "D"}).record.id
        with pytest.raises(ValidationFailed) as refused:
            platform.records.create(ann, "line", {"name": "L", "deal": deal, "quantity": 70_000})
        told = "\n".join(error.message for error in refused.value.errors)
        assert "The rule 'plain' could not be evaluated" in told
        assert "The rule 'turned' could not be evaluated" in told
        assert rows_of(platform, "line") == []
        publish_rules(platform, tmp_path, "\n    rule chosen" + after)
        platform.records.create(ann, "line", {"name": "L", "deal": deal, "quantity": 70_000})
        do_runs(platform)
        assert [row["state"] for row in rows_of(platform, "line")] == [None]
        assert rows_of(platform, "job") == []
        (run,) = runs_of(platform)
        trace = platform.automation.runs.get(system_actor(), run["id"])
        assert (run["state"], trace.steps, trace.rule_at) == ("skipped", (), "shop/rules/all.rules:1:6")
        assert "Its condition could not be evaluated: a value has more than 65536 bytes" in run["error"]
