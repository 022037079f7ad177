"""Blueprints: what is wrong with one by itself, and with each use, at both places; what becomes of a use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.formatting.rules_text import format_rules
from workflow_dsl.keeping.reading import TreeReader
from workflow_dsl.keeping.writing import TreeWriter
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import CheckedRules, check_all_rules
from workflow_dsl.standard_functions import standard_functions

METAMODEL = sample_metamodel()
REMIND = """blueprint remind (what: object, pause: duration = 3 days, assignee: field) "Remind"
  every day at 09:00
  for each what where last_activity_at < now - pause
  then create task { subject: "Follow up {name}", assignee: assignee, about: this }
"""


def check(*texts: str) -> CheckedRules:
    files = tuple(LocatedText.plain(text, f"{index}.rules") for index, text in enumerate(texts))
    app = replace(METAMODEL.main, rule_files=files)
    return check_all_rules(replace(METAMODEL, apps=(app,)), standard_functions(), ["erp.push"])


def problems(*texts: str) -> list[str]:
    return [str(problem) for problem in check(*texts).problems]


def test_a_use_is_an_ordinary_rule_whose_text_has_its_values() -> None:
    (rule,) = check(REMIND, "use remind as silent (what: account, assignee: owner)").rules
    assert (rule.key, rule.label, rule.object, str(rule.at)) == ("silent", "Remind", "account", "1.rules:1:15")
    assert rule.text == (
        'rule silent "Remind"\n  every day at 09:00\n'
        "  for each account where last_activity_at < now - 3 days\n  then\n"
        '    create task { subject: "Follow up {name}", assignee: owner, about: this }'
    )
    assert rule.actions[0].text == 'create task { subject: "Follow up {name}", assignee: owner, about: this }'
    assert str(rule.actions[0].at) == "0.rules:4:8"
    assert parse_rules(LocatedText.plain(rule.text)).items


def test_what_is_kept_of_a_use_is_what_was_checked() -> None:
    rules = check(REMIND, "use remind as silent (what: account, assignee: owner)").rules
    kept = TreeWriter(METAMODEL, standard_functions()).write(rules)
    assert tuple(TreeReader(METAMODEL, standard_functions()).read(kept.shared, kept.values)) == rules


USES = {
    "use remid (what: account)": ["1.rules:1:5 RUL501 'remid' is not a blueprint; did you mean 'remind'?"],
    "use remind (what: account)": [
        "1.rules:1:5 RUL502 'assignee' (field) of blueprint remind is not given; write assignee: …"
    ],
    "use remind (what: account, assignee: owner, whta: 1)": [
        "1.rules:1:45 RUL502 'whta' is no input of blueprint remind, which has what (object), pause (duration), "
        "assignee (field); did you mean 'what'?"
    ],
    "use remind (what: account, what: deal, assignee: owner)": ["1.rules:1:28 RUL502 'what' is given twice"],
    "use remind (what: acount, assignee: owner)": [
        "1.rules:1:19 RUL201 'acount' is not an object; did you mean 'account'?"
    ],
    'use remind (what: account, assignee: "me")': [
        "1.rules:1:38 RUL503 the input 'assignee' takes the name of a field; got \"me\""
    ],
    "use remind (what: account, assignee: owner, pause: 3)": [
        "1.rules:1:52 EXP307 the input 'pause' (duration) takes a duration, not a number; a whole number is never a "
        "duration: write n * 1 day"
    ],
    "use remind (what: account, assignee: ownr)": [
        "1.rules:1:38 EXP201 'ownr' is not a field of account (in blueprint remind, 0.rules:4:61); "
        "did you mean 'owner'?"
    ],
    "use remind (what: account, assignee: billing_email)": [
        "1.rules:1:38 EXP307 the field 'assignee' takes a user, not a text (in blueprint remind, 0.rules:4:61)"
    ],
    "use remind (what: account, pause: 3 days + 1 day, assignee: owner.x)": [
        "1.rules:1:61 EXP201 'x' is not a field of user or queue (in blueprint remind, 0.rules:4:61)"
    ],
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_what_is_wrong_with_a_use_is_told_there_with_the_line_of_the_blueprint(use: str) -> None:
    found = [text for text in problems(REMIND, use) if " RUL506 " not in text]
    assert found == USES[use]
    assert not check(REMIND, use).rules


BLUEPRINTS = {
    "blueprint b (x: objct) when deal is saved then stop": [
        "RUL504 'objct' is no type of inputs; did you mean 'object'?"
    ],
    "blueprint b (x) when deal is saved then stop": [
        "RUL504 the input 'x' has no type; write x: and one of object, field"
    ],
    'blueprint b (this: text) when deal is saved then log "x"': [
        "RUL504 'this' is a reserved word"
    ],
    "blueprint b (x: text, x: text) when deal is saved then stop": [
        "RUL504 there is an input 'x' already"
    ],
    "blueprint b (x: text = 3) when deal is saved then stop": [
        "EXP307 the input 'x' (text) takes a text, not a number"
    ],
    "blueprint b (x: object = del) when x is saved then stop": [
        "RUL201 'del' is not an object; did you mean 'deal'?"
    ],
    "blueprint b (x: duration) when x is saved then stop": [
        "RUL505 the input 'x' stands for a value, which can't stand"
    ],
    'blueprint b (x: duration) when deal is saved then log "{x.days}"': [
        "RUL505 'x' is an input of type duration, which has no fields"
    ],
    "blueprint b (x: text) when deal is saved then set note = x, x = 1": [
        "RUL505 the input 'x' stands for a value"
    ],
    "blueprint b (x: template) when deal is saved then set note = x": [
        "RUL505 the input 'x' is the name of a template"
    ],
    "blueprint b (x: text) when deal is saved then create task { subject: x } as x": [
        "RUL505 'x' is an input already"
    ],
    "blueprint b (x: text) when deal is saved then stop": [
        "RUL507 the input 'x' stands nowhere in the blueprint"
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", BLUEPRINTS)
def test_what_is_wrong_with_a_blueprint_is_told_at_its_own_lines(text: str) -> None:
    found = [f"{each.code} {each.sentence}" for each in check(text).problems if each.code != "RUL506"]
    assert [told[: len(start)] for told, start in zip(found, BLUEPRINTS[text], strict=True)] == BLUEPRINTS[text]


def test_a_blueprint_that_nobody_uses_is_a_warning_and_names_are_given_once() -> None:
    (unused,) = check(REMIND).problems
    assert (unused.code, unused.severity) == ("RUL506", "warning")
    use = "use remind as one (what: account, assignee: owner)"
    assert [text.split(" ")[1] for text in problems(REMIND, f"{use}\n{use}")] == ["RUL206"]
    assert [text.split(" ")[1] for text in problems(REMIND + REMIND, use)] == ["RUL206"]
    assert problems(REMIND, "use remind (what: account, assignee: owner)") == []


def test_a_blueprint_of_another_app_is_used_by_its_name_or_with_its_apps() -> None:
    file = LocatedText.plain(REMIND, "base.rules")
    base = replace(METAMODEL.main, name="base", rule_files=(file,))
    for name, wrong in (("remind", 0), ("base.remind", 0), ("other.remind", 1)):
        text = f"use {name} as silent (what: account, assignee: owner)"
        apps = (base, replace(METAMODEL.main, rule_files=(LocatedText.plain(text, "u.rules"),)))
        checked = check_all_rules(replace(METAMODEL, apps=apps), standard_functions())
        assert len(checked.problems.errors) == wrong, name
        assert [(rule.key, rule.app) for rule in checked.rules] == ([] if wrong else [("silent", METAMODEL.main.name)])
    both = (
        base,
        replace(base, name="second"),
        replace(METAMODEL.main, rule_files=(LocatedText.plain("use remind ()"),)),
    )
    (problem,) = check_all_rules(replace(METAMODEL, apps=both), standard_functions()).problems.errors
    assert problem.hint == "write base.remind or second.remind"


def test_values_that_bind_weaker_than_what_they_stand_in_keep_their_meaning() -> None:
    blueprint = 'blueprint b (x: number) before deal is saved if score * x > 4 - x then set note = "{x}!"\n'
    (rule,) = check(blueprint + "use b as r (x: 1 + 2)").rules
    assert "if score * (1 + 2) > 4 - (1 + 2)" in rule.text
    (text,) = check(
        'blueprint b (x: text) before deal is saved then set note = "a {x}b"\nuse b as r (x: "q\\"{{")'
    ).rules
    assert 'set note = "a q\\"{{b"' in text.text


def test_fmt_prints_blueprints_and_uses_in_one_form() -> None:
    text = "use  base.remind as silent( what:account , assignee:owner )"
    assert format_rules(text) == "use base.remind as silent (what: account, assignee: owner)\n"
    assert format_rules(format_rules(REMIND)) == format_rules(REMIND)
