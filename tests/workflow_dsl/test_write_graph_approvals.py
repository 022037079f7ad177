"""Approvals, conversions and merges among the rules: what they write, what they start, and how that goes round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.rule_checker import CheckedRules, check_all_rules
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.write_graph import build_write_graph, check_together

FUNCTIONS = standard_functions()
METAMODEL = sample_metamodel()
ASKED = """approval discount on deal
  step lead by owner{entry}
    after approval set urgent = true
  on submit set note = "asked"
  on approve set note = "yes" create task {{ subject: name }}
  lock record
"""


def checked(text: str) -> CheckedRules:
    app = replace(METAMODEL.main, rule_files=(LocatedText.plain(text, "a.rules"),))
    found = check_all_rules(replace(METAMODEL, apps=(*METAMODEL.apps[:-1], app)), FUNCTIONS)
    assert not found.problems.errors, list(map(str, found.problems.errors))
    return found


def told(text: str) -> list[str]:
    found = checked(text)
    problems = check_together(METAMODEL, found.rules, FUNCTIONS, found.approvals)
    return sorted(f"{each.code} {each.message}" for each in problems)


def codes(text: str) -> list[str]:
    return [line.split(" ")[0] for line in told(text)]


def started(text: str) -> set[tuple[str, str]]:
    found = checked(text)
    graph = build_write_graph(METAMODEL, found.rules, FUNCTIONS, None, found.approvals)
    return {(edge.source, edge.target) for edge in graph.edges}


def approval(entry: str = "") -> str:
    return ASKED.format(entry=entry)


def test_blocks_of_approvals_are_started_by_submissions_and_start_rules() -> None:
    rules = (
        "rule ask when deal.score changes then submit for approval discount\n"
        'rule told when approval discount is rejected then log "x"\n'
        'rule noted when deal.note changes to "yes" then log "x"\n'
        'rule done when task is created then log "x"\n'
    )
    assert started(approval() + rules) == {
        ("ask", "discount: on submit"),
        ("ask", "discount: on approve"),
        ("ask", "discount: lead after approval"),
        ("ask", "told"),
        ("discount: on approve", "noted"),
        ("discount: on approve", "done"),
    }


def test_a_circle_through_an_approval_is_endless_only_where_nobody_has_to_decide() -> None:
    assert "RUL421" not in codes(approval().replace('"yes"', "text(now)") + SUBMITS)
    alone = approval(" if score > 3 else approve").replace('"yes"', "text(now)")
    (endless, *_) = [each for each in told(alone + SUBMITS) if each.startswith("RUL421")]
    assert "submits deal for approval in line" in endless
    assert "'discount: on approve' (a.rules:5) sets deal.note" in endless


SUBMITS = "rule ask when deal.note changes then submit for approval discount"


def test_a_block_that_starts_itself_through_rules_is_refused() -> None:
    rules = (
        "rule up when deal.note changes then set score = score + 1\n"
        "rule on when deal.score changes then set note = text(score)"
    )
    assert "RUL421" in codes(approval() + rules)


def test_two_writers_on_one_decision_are_told() -> None:
    rule = 'rule told when approval discount is approved then set note = "no"'
    assert [each for each in told(approval() + rule) if "RUL422" in each] == [
        "RUL422 'discount: on approve' sets deal.note, and so does 'told' (a.rules:7), on one event"
    ]
    assert codes(approval() + rule.replace("approved", "rejected")) == []
    assert codes(approval() + rule.replace('"no"', '"yes"')) == []


def test_what_is_read_on_a_decision_depends_on_the_order_only_of_what_is_not_saved_with_it() -> None:
    first = "rule told when approval discount is approved then create task { subject: note }"
    assert codes(approval() + first) == []
    assert codes(approval() + first + "\nrule more when approval discount is approved then set note = name") == [
        "RUL422",
        "RUL423",
    ]


FATES = {
    "converted": (
        "rule a when deal is updated then convert to task { subject: name }\n"
        'rule b when deal is converted then log "x"\nrule c when task is created then log "x"'
    ),
    "merged": (
        "rule a when deal is updated then merge this into this\n"
        'rule b when deal is merged then log "x"\nrule c when deal is deleted then log "x"'
    ),
    "restored": (
        'rule a when deal is updated then restore this\nrule b when deal is restored then log "x"\n'
        'rule c when deal is restored or deal is created then log "x"'
    ),
}


@pytest.mark.parametrize("name", FATES)
def test_what_becomes_of_a_record_starts_who_waits_for_it(name: str) -> None:
    assert {("a", "b"), ("a", "c")} <= started(FATES[name])


def test_a_record_is_converted_once_and_so_ends_a_circle_unless_new_ones_are_made() -> None:
    back = (
        "rule a when deal is updated then convert to task { subject: name }\n"
        "rule b when task is created then update deal where account is empty { note: text(now) }"
    )
    assert "RUL421" not in codes(back)
    again = (
        "rule a when deal is created then convert to task { subject: name }\n"
        'rule b when task is created then create deal { name: "x" }'
    )
    assert "RUL421" in codes(again)


def test_a_merge_fills_fields_of_the_one_that_stays_and_is_over_when_the_other_is_gone() -> None:
    rule = 'rule a when deal is updated then merge this into this\nrule b when deal.name changes then log "x"'
    assert ("a", "b") in started(rule)
    assert "RUL421" not in codes(rule)
