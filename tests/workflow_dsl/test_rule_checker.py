"""Rules against the metamodel: what a right rule becomes, and each mistake with its code and place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.checked_rules import (
    CheckedCallAction,
    CheckedCreate,
    CheckedForEach,
    CheckedIf,
    CheckedNotify,
    CheckedRule,
    CheckedSet,
    CheckedUpdate,
)
from workflow_dsl.rule_checker import CheckedRules, check_all_rules
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.syntax import EventKind, RunAs
from workflow_dsl.typed import ObjectSource

METAMODEL = sample_metamodel()
EVERY_FORM = Path(__file__).resolve().parents[1] / "corpus" / "rules" / "every_form.rules"


def check(*texts: str) -> CheckedRules:
    files = tuple(LocatedText.plain(text, f"rules/{index}.rules") for index, text in enumerate(texts))
    app = replace(METAMODEL.main, rule_files=files)
    return check_all_rules(replace(METAMODEL, apps=(app,)), standard_functions(), ["erp.push"])


def the_rule(text: str) -> CheckedRule:
    checked = check(text)
    assert not checked.problems.errors, list(map(str, checked.problems))
    (rule,) = checked.rules
    return rule


def test_a_rule_has_index_keys_typed_conditions_and_stable_paths() -> None:
    rule = the_rule("""rule big "Big deals" when deal is created or deal.stage changes from "qualify" to "won"
      if amount >= 100 and old.stage = "qualify"
      then
        set note = "x", urgent = true
        if urgent then create task { subject: "Review {name}", about: this } as review
                       notify owner.manager, role "manager" "{review.subject}" unless note is empty
        else if score > 1 then stop
        else log "no" end
      else log "not big"
      priority 10 as system retry 2 times inactive""")
    first, second = rule.on_record
    assert (first.object, first.kinds, first.field) == ("deal", frozenset({EventKind.CREATED}), None)
    assert (second.field, second.kinds) == ("stage", frozenset({EventKind.CREATED, EventKind.UPDATED}))
    assert second.before is not None
    assert rule.condition is not None
    assert rule.condition.reads.own == {"amount", "stage"}
    assert (rule.label, rule.priority, rule.run_as, rule.retries, rule.active) == (
        "Big deals",
        10,
        RunAs.SYSTEM,
        2,
        False,
    )
    sets, branch = rule.actions
    assert isinstance(sets, CheckedSet)
    assert [each.field for each in sets.fields] == ["note", "urgent"]
    assert isinstance(branch, CheckedIf)
    create, notify = branch.then
    assert isinstance(create, CheckedCreate)
    assert isinstance(notify, CheckedNotify)
    assert notify.unless is not None
    inner = branch.otherwise[0]
    assert isinstance(inner, CheckedIf)
    paths = [sets.path, create.path, notify.path, inner.path, inner.then[0].path, inner.otherwise[0].path]
    assert paths == [
        "actions/0", "actions/1/then/0", "actions/1/then/1", "actions/1/else/0", "actions/1/else/0/then/0",
        "actions/1/else/0/else/0",
    ]  # fmt: skip
    assert rule.otherwise[0].path == "else/0"
    assert ("task", "subject") in rule.writes


def test_rows_are_a_path_a_list_or_an_object() -> None:
    rule = the_rule("""rule rows when deal is updated then
      update account { tier: "gold", employees: it.employees }
      update lines where quantity > this.quantity { cancelled: true }
      update product where sku = name { stock: 0 }
      for each l in lines sorted by -quantity do update l { cancelled: false } end
      delete contact""")
    one, lines, products, loop, gone = rule.actions
    assert isinstance(one, CheckedUpdate)
    assert one.rows.one is not None
    assert one.rows.object == "account"
    assert isinstance(lines, CheckedUpdate)
    assert lines.rows.many is not None
    assert lines.rows.many.level == 0
    assert isinstance(products, CheckedUpdate)
    assert products.rows.many is not None
    assert isinstance(products.rows.many.source, ObjectSource)
    assert isinstance(loop, CheckedForEach)
    assert loop.rows.many is not None
    assert loop.rows.many.sorted_by is not None
    assert loop.rows.many.sorted_by.descending
    assert gone.path == "actions/4"


def test_a_schedule_gives_its_rule_the_record_of_for_each() -> None:
    rule = the_rule(
        'rule silent every day at 09:00 for each a in account where tier = "gold" and last_activity_at < now - 3 days '
        'then create task { subject: "Call {name} {a.name}", about: this }'
    )
    assert (rule.object, rule.each_name) == ("account", "a")
    assert rule.each is not None
    assert rule.each.many is not None
    assert rule.on_time[0].text == "every day at 09:00"


def test_an_action_of_a_plugin_is_known_by_its_name() -> None:
    rule = the_rule(
        'rule push when deal is created then call erp.push { "deal-name": name } as answer log "{answer.id}"'
    )
    assert isinstance(rule.actions[0], CheckedCallAction)
    assert rule.actions[0].inputs[0].name == "deal-name"


def test_rules_of_other_apps_may_have_the_same_name_and_get_a_key_of_their_own() -> None:
    text = LocatedText.plain("rule same when deal is created then stop")
    first = replace(METAMODEL.main, name="one", rule_files=(text,))
    second = replace(METAMODEL.main, name="two", rule_files=(text,))
    checked = check_all_rules(replace(METAMODEL, apps=(first, second)), standard_functions())
    assert not checked.problems
    assert [rule.key for rule in checked.rules] == ["same", "two.same"]


MISTAKES = {
    "when dael is created then stop": ("RUL201", 13),
    "when deal.stge changes then stop": ("RUL202", 18),
    "when deal.account.name changes then stop": ("RUL406", 13),
    "when deal is created or task is created then stop": ("RUL401", 32),
    "before deal is saved or every day at 09:00 then stop": ("RUL401", 6),
    "when 3 days after deal.name then stop": ("RUL406", 26),
    "every 5 seconds then stop": ("RUL412", 14),
    'every cron "0 9 * *" then stop': ("RUL419", 14),
    'every cron "61 9 * * *" then stop': ("RUL419", 14),
    'every cron "0 9 * * *" in "Asia/Shangai" then stop': ("RUL419", 14),
    'every monday at 09:00 in "China" then stop': ("RUL419", 14),
    'when deal.stage changes to "wonn" then stop': ("EXP306", 35),
    "when deal is created if ammount > 5 then stop": ("EXP201", 32),
    "when deal is created then set ammount = 5": ("RUL202", 38),
    "when deal is created then set amount = 5": ("EXP307", 47),
    "when deal is created then set weighted = 5 CNY": ("RUL301", 38),
    "when deal is created then set lines_total = 5 CNY": ("RUL301", 38),
    "when deal is created then set created_at = now": ("RUL301", 38),
    'when deal is created then set account.name = "x"': ("RUL404", 38),
    "every day at 09:00 then set note = empty": ("RUL407", 32),
    "when deal is created then create deal { account: account }": ("RUL302", 41),
    "when deal is created then create tsk { subject: name }": ("RUL201", 41),
    "when deal is created then create task { subject: name, subject: name }": ("RUL304", 63),
    "when deal is created then update product { stock: 1 }": ("RUL405", 41),
    "when deal is created then update name { stock: 1 }": ("RUL405", 41),
    'when deal is created then notify amount "x"': ("RUL303", 41),
    "when deal is created then send email welcom to contact.email": ("RUL203", 45),
    "when deal is created then send email welcome to contact.email": ("RUL203", 45),
    "when deal is created then call webhook finanse": ("RUL204", 47),
    "when deal is created then call erp.pull": ("RUL205", 39),
    "before deal is saved then wait 3 days": ("RUL402", 34),
    'before deal is saved then create task { subject: "x" }': ("RUL402", 34),
    'when deal is created then reject "no"': ("RUL403", 34),
    'before deal is saved then reject amout "no"': ("RUL202", 41),
    "when deal is created then wait 3": ("EXP307", 39),
    "when deal is created then stop priority 1 priority 2": ("RUL409", 50),
    "before deal is saved then stop retry 3 times": ("RUL413", 39),
    "when dael comes to match urgent then stop": ("RUL201", 13),
    "when deal comes to match urgnt then stop": ("EXP201", 33),
    "when deal comes to match amount then stop": ("EXP304", 33),
    "when deal comes to match urgent or score > 5 then stop": ("EXP112", 40),
    "when deal is created then assign to next of queue east": ("EXP112", 52),
    "when button go on deal is pressed by role boss then stop": ("EXP112", 45),
    "when deal is created then stop as admin": ("RUL103", 39),
    "when deal comes to match amount > old.amount then stop": ("EXP403", 42),
    "when deal comes to match stage is changed then stop": ("EXP403", 33),
    "when deal.name rises above 80 then stop": ("RUL406", 13),
    "when deal rises above 80 then stop": ("RUL406", 13),
    "when deal.account.employees falls below 80 then stop": ("RUL406", 13),
    'when deal.score rises above "x" then stop': ("EXP305", 13),
    "when deal.score rises above old.score then stop": ("EXP403", 36),
    'when deal is created then add tag "x" on amount': ("RUL405", 49),
    'when deal is created then add tag "x" on product': ("RUL405", 49),
    'when deal is created then add tag "{nme}"': ("EXP201", 44),
    "when deal is created then restore lines": ("RUL405", 42),
    "when deal is created then restore product": ("RUL405", 42),
    "before deal is saved then restore this": ("RUL402", 34),
    'before deal is saved then post comment "x"': ("RUL402", 34),
    'before deal is saved then add tag "x" on account': ("RUL402", 49),
    'every day at 09:00 then post comment "x"': ("RUL407", 32),
    "when button go on dael is pressed then stop": ("RUL201", 26),
    "before button go on deal is pressed then stop": ("RUL401", 15),
    "when button go on deal is pressed by amount then stop": ("RUL303", 45),
    'when button go on deal is pressed by role "bos" then stop': ("EXP208", 45),
    "when button go on deal is pressed asking reason: txt then stop": ("RUL472", 57),
    "when button go on deal is pressed asking a: text, a: date then stop": ("RUL472", 58),
    'when button go on deal is pressed asking a: date = "x" then stop': ("EXP307", 59),
    "when button go on deal is pressed asking a: text, b: text = input.a then stop": ("EXP201", 68),
    "when button go on deal is pressed asking reason: text then log input.reson": ("RUL101", 71),
    'when button go on deal is pressed asking reason: text then log "{input.reson}"': ("EXP201", 73),
    "when button go on deal is pressed asking reason: text if input.reason > 5 then stop": ("EXP305", 65),
    "when button go on deal is pressed if old.amount > 5 CNY then stop": ("EXP403", 45),
    "when button go on deal is pressed then open lines": ("RUL405", 47),
    "when button go on deal is pressed then open amount": ("RUL405", 52),
    'when deal is created then show "x"': ("RUL471", 34),
    "when deal is created then open account": ("RUL471", 34),
    "when webhook stock is received then stop": ("RUL221", 21),
    "when form nothing is submitted then stop": ("RUL223", 18),
    "when deal is created then send survey nps to owner": ("RUL209", 46),
    "when webhook stock is received or deal is created then stop": ("RUL401", 13),
    "when event erp.pushed then stop": ("RUL222", 19),
    "when user logs in or deal is created then stop": ("RUL401", 29),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_rule_has_its_code_and_place(text: str) -> None:
    checked = check(f"rule r {text}")
    assert not checked.rules
    found = [(problem.code, problem.at.column) for problem in checked.problems.errors]
    assert found == [MISTAKES[text]], list(map(str, checked.problems))


def test_two_rules_of_one_name_in_two_files_are_reported_at_the_second() -> None:
    text = "rule same when deal is created then stop"
    (problem,) = check(text, text).problems
    assert (problem.code, problem.at.file, problem.at.column) == ("RUL206", "rules/1.rules", 6)
    assert "rules/0.rules:1:1" in problem.message


def test_warnings_leave_the_rule_in_place() -> None:
    checked = check(
        "rule formula when deal.weighted changes then stop\n"
        'rule named when deal is created then create task { subject: name } as contact log "{contact.subject}"\n'
        'rule both when deal is created then update account where tier = "gold" { employees: 1 }'
    )
    assert [problem.code for problem in checked.problems] == ["RUL408", "RUL410"]
    assert len(checked.rules) == 3


def test_an_edge_is_a_condition_and_the_fields_that_turn_it() -> None:
    rule = the_rule(
        "rule r when deal comes to match (amount > 5 CNY or weighted > 5 CNY) and account is not empty\n"
        "or deal.score falls below 20 then stop"
    )
    first, second = rule.on_record
    assert first.kinds == second.kinds == {EventKind.CREATED, EventKind.UPDATED}
    assert (first.field, first.text.split()[1]) == (None, "comes")
    assert first.watched >= {"amount", "weighted", "account"}
    assert "score" not in first.watched
    assert second.match is not None
    assert second.watched == frozenset({"score"})
    assert second.text == "deal.score falls below 20"


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ('account.tier = "gold"', "other records"),
        ("exists(lines)", "other records"),
        ("close_date < today", "today"),
        ("created_at < now - 3 days and exists(lines)", "other records and now"),
        ("owner = user and urgent", ""),
        ("account is not empty", ""),
    ],
)
def test_an_edge_that_reads_more_than_the_saved_record_is_warned_of(condition: str, read: str) -> None:
    checked = check(f"rule r when deal comes to match {condition} then stop")
    assert len(checked.rules) == 1
    assert [problem.code for problem in checked.problems] == ["RUL411"] * bool(read)
    assert all(f"reads {read}, and the rule looks only when" in problem.message for problem in checked.problems)


def test_what_this_version_cannot_run_is_reported_with_its_place_and_nothing_crashes() -> None:
    checked = check(EVERY_FORM.read_text(encoding="utf-8"))
    assert checked.problems
    assert all(problem.at.line >= 1 for problem in checked.problems)
    later = [problem for problem in checked.problems if problem.code.startswith("RUL9")]
    assert all(problem.message.endswith("is not available in this version") for problem in later)
