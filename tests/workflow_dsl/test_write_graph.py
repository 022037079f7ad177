"""Rules seen together: who starts whom, loops and what ends them, two writers, order, and what never matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from metamodel import load_sources
from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.write_graph import WriteGraph, build_write_graph, check_together

FUNCTIONS = standard_functions()
SALES = {
    "shop/app.yaml": "app: shop\nversion: 1.0.0\n",
    "shop/objects/order.yaml": """object: order
fields:
  name: {type: text}
  stage: {type: choice, options: [open, packed, sent], transitions: {open: [packed], packed: [sent], sent: []}}
  total: {type: rollup, of: lines.quantity, function: sum}
  twice: {type: integer, formula: total * 2}
""",
    "shop/objects/line.yaml": """object: line
fields:
  name: {type: text}
  quantity: {type: integer}
  order: {type: child_of, to: order, inverse: lines}
""",
}


def shop() -> Metamodel:
    metamodel, problems = load_sources(SALES)
    assert metamodel is not None, list(map(str, problems))
    return metamodel


def together(text: str, metamodel: Metamodel | None = None) -> list[str]:
    """Check rules and give what is told of them together, each by code, place and message."""
    changed, checked = _checked(text, metamodel or sample_metamodel())
    return sorted(f"{each.at.line} {each.code} {each.message}" for each in check_together(changed, checked, FUNCTIONS))


def graph_of(text: str, metamodel: Metamodel | None = None) -> WriteGraph:
    changed, rules = _checked(text, metamodel or sample_metamodel())
    return build_write_graph(changed, rules, FUNCTIONS)


def _checked(text: str, metamodel: Metamodel) -> tuple[Metamodel, tuple[CheckedRule, ...]]:
    app = replace(metamodel.main, rule_files=(LocatedText.plain(text, "a.rules"),))
    changed = replace(metamodel, apps=(*metamodel.apps[:-1], app))
    checked = check_all_rules(changed, FUNCTIONS)
    assert not checked.problems.errors, list(map(str, checked.problems.errors))
    return changed, checked.rules


def codes(text: str, metamodel: Metamodel | None = None) -> list[str]:
    return [line.split(" ")[1] for line in together(text, metamodel)]


ENDLESS = {
    "it counts on": "rule a when deal.score changes then set score = score + 1",
    "it counts down under an upper limit": "rule a when deal.score changes if score < 9 then set score = score - 1",
    "it notes the time at each change": "rule a when deal is updated then set note = text(now)",
    "it makes one of its own kind": 'rule a when deal is created then create deal { name: "x" }',
    "it appends to what it waits for": 'rule a when deal.name changes then set name = name & "x"',
    "two go to and fro": 'rule a when deal.stage changes to "won" then set stage = "qualify"\n'
    'rule b when deal.stage changes to "qualify" then set stage = "won"',
    "two set one field on every change": 'rule a when deal is updated then set note = "x"\n'
    'rule b when deal is updated then set note = "y"',
    "a before rule in the circle": "rule a when deal.score changes then set note = text(score)\n"
    "rule b before deal is saved then set score = score + 1",
    "over another object": "rule a when deal.score changes then update account { name: text(now) }\n"
    "rule b when account.name changes then for each d in deals do update d { score: d.score + 1 } end",
    "a condition that the rules don't touch": "rule a when deal.score changes if urgent then set score = score * 2",
    "in the else": "rule a when deal.score changes if urgent then stop else set score = score * 2",
}
ENDING = {
    "a limit": "rule a when deal.score changes if score < 10 then set score = score + 1",
    "a limit below": "rule a when deal.score changes if score > 0 then set score = score - 2",
    "always the same value": 'rule a when deal is updated then set note = "x"',
    "a value of other fields": "rule a when deal is updated then set score = quantity * 2",
    "it fills what is empty": "rule a when deal is updated if note is empty then set note = text(now)",
    "it asks for another change": "rule a when deal is updated if note is changed then set score = score + 1",
    "it waits for another value": 'rule a when deal.stage changes to "won" then set stage = "qualify"',
    "its unless": 'rule a when deal is updated then set note = "x " & text(now) unless note is not empty',
    "a form that stays": "rule a when deal.name changes then set name = trim(name)",
    "conditions that exclude each other": 'rule a when deal is updated if score > 5 then set note = "x"\n'
    'rule b when deal is updated if score <= 5 then set note = "y"',
    "both branches": 'rule a when deal is updated if score > 5 then set note = "x" else set note = "y"',
    "another kind is made": 'rule a when task is created if subject != "x" then create task { subject: "x" }',
    "only where there is none": 'rule a when task is created then create task { subject: "x" }\n'
    '  unless exists(task where status = "open")',
    "a queue takes what has no owner": "rule a when deal is updated if owner is empty\n"
    '  then assign to next of queue "inside_sales"',
    "before rules alone": "rule a before deal is saved then set score = score + 1",
    "its author allows it": "rule a when deal.score changes then set score = score + 1 allow loop at most 1",
    "one of the circle allows it": "rule a when deal.score changes then set note = text(score)\n"
    "rule b when deal.note changes then set score = score + 1 allow loop at most 3",
    "it is switched off": "rule a when deal.score changes then set score = score + 1 inactive",
    "what is deleted does not come back": "rule a when task is deleted then delete task where about = this.about",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_rules_that_start_each_other_without_end_are_refused(name: str) -> None:
    assert "RUL421" in codes(ENDLESS[name])


@pytest.mark.parametrize("name", ENDING)
def test_what_ends_is_not_refused(name: str) -> None:
    assert "RUL421" not in codes(ENDING[name])


@pytest.mark.promise("RUN-09")
def test_a_cycle_is_refused_with_all_its_rules_in_order_unless_a_condition_or_the_author_ends_it() -> None:
    third = "rule third when deal.quantity changes{} then set score = score + 1{}"
    text = (
        "rule first when deal.score changes then set note = text(score)\n"
        "rule second when deal.note changes\n  then set quantity = quantity + 1\n" + third
    )
    (told,) = together(text.format("", ""))
    assert told == (
        "1 RUL421 rules start each other without end: "
        "'first' (a.rules:1) sets deal.note in line 1 and so starts 'second', "
        "'second' (a.rules:2) sets deal.quantity in line 3 and so starts 'third', "
        "'third' (a.rules:4) sets deal.score in line 4 and so starts 'first'"
    )
    assert together(text.format(" if score < 100", "")) == []
    assert together(text.format("", " allow loop at most 3")) == []
    # A condition that nothing of the circle makes false ends nothing.
    assert codes(text.format(" if urgent", "")) == ["RUL421"]


def test_a_write_of_a_line_starts_what_waits_for_its_roll_up_and_what_is_computed_of_it() -> None:
    endless = "rule {0} when order.{0} changes then update lines where quantity > 1 {{ quantity: it.quantity + 1 }}"
    for field in ("total", "twice"):
        assert codes(endless.format(field), shop()) == ["RUL421"]
    made = 'rule a when order.total changes then create line { order: this, name: "x" }'
    assert codes(made, shop()) == ["RUL421"]
    assert codes('rule a when order.total changes then update lines { name: "x" }', shop()) == []
    edges = graph_of(
        'rule a when line.name changes then set quantity = 1\nrule b when order.total changes then log "x"', shop()
    )
    assert [(edge.source, edge.target, edge.via) for edge in edges.edges] == [("a", "b", "line.quantity")]


NEVER = {
    "amount > 10 and amount < 5": "amount can't be above 10 and below 5 at once",
    'stage = "won" and stage = "lost"': "stage can't be 'won' and 'lost' at once",
    'stage.closed and stage = "qualify"': "stage can't be one of 'lost', 'won' and 'qualify' at once",
    'stage in ["won"] and stage not in ["won", "lost"]': "",
    "quantity > 1 and quantity < 2": "",
    "not urgent and urgent": "",
    "name is empty and name is not empty": "",
    "discount between 10% and 20% and discount > 30%": "",
    "close_date < 2026-01-01 and close_date >= 2026-02-01": "",
    "(score > 5 or score is empty) and score between 1 and 2": "",
    "not (score > 1 or score <= 1) and score is not empty": "",
    "score < score": "",
    "name is changed and name is not changed": "",
    'old.stage = "won" and stage = "won" and stage is changed': "",
    "false": "",
}
SOMETIMES = [
    "amount > 5 and amount < 10",
    "amount >= 5 and amount <= 5",
    'stage != "won" and stage != "lost"',
    "score > 1 and score < 2",
    'stage.closed and stage = "won"',
    "not (amount > 5) and amount is empty",
    'old.stage = "won" and stage = "lost"',
    "amount > 5 or amount < 3",
    'stage in ["won", "lost"] and stage != "won"',
    "urgent or not urgent",
    "amount > 10 and cost < 5",
    'name = "a" and account.name = "b"',
    "quantity > 1 and quantity < 3",
]


@pytest.mark.parametrize("condition", NEVER)
def test_a_condition_that_never_holds_is_told(condition: str) -> None:
    (told,) = together(f'rule a when deal is updated if {condition} then log "x"')
    assert told.startswith("1 RUL424 the condition of 'a' never holds")
    assert NEVER[condition] in told


@pytest.mark.parametrize("condition", SOMETIMES)
def test_a_condition_that_can_hold_is_not_told(condition: str) -> None:
    assert together(f'rule a when deal is updated if {condition} then log "x"') == []


NEVER_STARTED = [
    'when deal.stage changes from "won" to "won" then log "x"',
    'when deal.stage changes to "won" if stage = "lost" then log "x"',
    'when deal.stage changes to "won" or deal.stage changes to "lost" if stage = "won" then log "x"',
    'when deal is created if old.stage = "won" then log "x"',
    'when deal is updated if is_new() then log "x"',
    'when deal comes to match score > 5 if score < 3 then log "x"',
    'when deal is updated then if score > 4 and score < 2 then log "x" end',
    'when deal is updated then for each l in lines where quantity > 4 and quantity < 2 do log "x" end',
    'every day at 09:00 for each deal where score > 4 and score < 2 then log "x"',
]


@pytest.mark.parametrize("rule", NEVER_STARTED)
def test_triggers_branches_and_rows_that_never_come_are_told(rule: str) -> None:
    assert codes(f"rule a {rule}") == ["RUL424"]


def test_a_change_that_the_transitions_forbid_never_happens() -> None:
    (told,) = together('rule a when order.stage changes from "sent" to "open" then log "x"', shop())
    assert told.endswith("never happens: no transition leads away from 'sent'")
    assert together('rule a when order.stage changes from "open" to "packed" then log "x"', shop()) == []


def test_two_writers_of_one_field_on_one_event_are_told_unless_they_never_meet() -> None:
    two = (
        "rule a when deal.stage changes{} then set urgent = true{}\n"
        "rule b when deal.stage changes{} then set urgent = false"
    )
    (told,) = together(two.format("", "", ""))
    assert told == "2 RUL422 'b' sets deal.urgent, and so does 'a' (a.rules:1), on one event"
    assert together(two.format(' to "won"', "", ' to "lost"')) == []
    assert together(two.format("", " priority 3", "")) == []
    assert together(two.format(" if score > 3", "", " if score <= 3")) == []
    assert together(two.replace("false", "true").format("", "", "")) == []
    apart = (
        "rule a when deal.stage changes then set urgent = true\nrule b when deal.score changes then set urgent = false"
    )
    assert together(apart) == []


def test_what_depends_on_the_order_of_rules_is_told() -> None:
    before = (
        'rule a before deal is saved then set note = "x"{}\n'
        'rule b before deal is saved if note = "x" then set score = 3'
    )
    assert codes(before.format("")) == ["RUL423"]
    assert codes(before.format(" priority 5")) == []
    after = (
        'rule a when deal is created then set note = "x"\n'
        "rule b when deal is created then create task { subject: note }"
    )
    assert codes(after) == ["RUL423"]
    # What starts after rules is decided before any of them acts.
    assert codes(after.replace("then create task { subject: note }", 'if note = "x" then log "y"')) == []


def test_the_graph_says_who_reads_sets_and_starts_with_places() -> None:
    graph = graph_of(
        'rule won when deal.stage changes to "won" if amount > 5\n'
        "  then set urgent = true\n    create task { subject: name }\n"
        'rule told when task is created then log "x"\nrule calm when deal.urgent changes to false then log "y"'
    )
    won = next(rule for rule in graph.rules if rule.key == "won")
    assert {f"{read.object}.{read.field}" for read in won.reads} == {"deal.amount", "deal.name"}
    assert [(write.kind, write.object, write.fields, write.at.line) for write in won.writes] == [
        ("update", "deal", ("urgent",), 2),
        ("create", "task", ("subject",), 3),
    ]
    # A write of true starts nobody who waits for false.
    assert [(edge.source, edge.target, edge.via, edge.at.line) for edge in graph.edges] == [("won", "told", "task", 3)]
    assert {rule.key for rule in graph.about(["task"]).rules} == {"won", "told"}


def test_hundreds_of_rules_in_one_circle_are_told_without_looking_at_all_pairs() -> None:
    def rules() -> Iterator[str]:
        for number in range(300):
            counts = f"if quantity > {number} then set quantity = quantity + {number}"
            yield f"rule r_{number} when deal is updated {counts}\n"

    found = codes("".join(rules()))
    assert 1 <= found.count("RUL421") <= 20
