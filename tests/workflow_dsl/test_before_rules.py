"""What a before rule may not do is refused where it stands, for every action of the language."""

from __future__ import annotations

import pytest

from engine.testing.sample_model import sample_metamodel
from metamodel.source import LocatedText, Problems
from tests.docs.test_rules_page import rows
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_item
from workflow_dsl.standard_functions import standard_functions

ALLOWED = ("set ", "assign to owner", "reject ", "if ", "for each", "stop", "log ")
"""How the forms of docs/rules.md begin that 03-rules.md allows; `warn` and `remove tag` are told beside theirs."""


def codes_of(action: str) -> set[str]:
    text = LocatedText.plain(f"rule r before deal is saved then {action}")
    parsed = parse_rules(text)
    assert not parsed.problems, (action, list(map(str, parsed.problems)))
    problems = Problems()
    check_item(parsed.items[0], text, "sales", sample_metamodel(), standard_functions(), problems, frozenset())
    return {problem.code for problem in problems.errors}


@pytest.mark.promise("RUL-09")
def test_every_action_that_a_before_rule_can_not_do_is_refused() -> None:
    forms = [form for form, _ in rows("Actions")]
    refused = {form for form in forms if codes_of(form) & {"RUL402", "RUL902"}}
    assert {form for form in forms if not form.startswith(ALLOWED)} == refused
    assert len(refused) > 15
    # Tags go on the record at hand: the form with another record is what the page shows.
    for also in ('warn discount "Too much."', 'remove tag "vip"', 'add tag "vip"'):
        assert "RUL402" not in codes_of(also)
    assert "RUL402" in codes_of('for each p in product do log "x" end')
    for inside in ("if urgent then wait 1 day end", "for each l in lines do create task { subject: l.id } end"):
        assert "RUL402" in codes_of(inside)


def test_tags_of_a_record_that_goes_to_the_bin_are_refused_with_the_place() -> None:
    for action in ('add tag "vip"', 'remove tag "vip"', 'if urgent then add tag "vip" end'):
        text = LocatedText.plain(f"rule r before deal is saved or deal is deleted then {action}")
        for written in (text, LocatedText.plain(f"rule r before deal is deleted then {action}")):
            problems = Problems()
            parsed = parse_rules(written)
            check_item(
                parsed.items[0], written, "sales", sample_metamodel(), standard_functions(), problems, frozenset()
            )
            (told,) = problems.errors
            assert told.code == "RUL402"
            assert "before rule on a deletion can't" in told.message
            assert written.text[told.at.column - 1 :].startswith(("add tag", "remove tag"))
