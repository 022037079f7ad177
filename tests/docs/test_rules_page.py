"""docs/rules.md names every trigger, action and option of the grammar and no other, and says which of them run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from engine.testing.sample_model import sample_metamodel
from metamodel.source import LocatedText, Problems
from tests.support.sources import REPOSITORY
from workflow_dsl import syntax
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_item
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.syntax import Action, Event, Option, Rule, Schedule

pytestmark = pytest.mark.promise("DEV-04")

ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
IN_A_RULE = {
    "Triggers": "rule r {} then stop",
    "Actions": "rule r when deal is saved then {}",
    "Options": 'rule r when deal is saved then log "x" {}',
}


def rows(part: str) -> list[tuple[str, bool]]:
    """Give the forms of a table, and whether each is marked as not there yet."""
    text = (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8").split(f"## {part}\n")[1].split("\n## ")[0]
    return [(found[1], found[3] == "not yet") for found in ROW.finditer(text)]


def nodes(node: object) -> Iterator[object]:
    yield node
    if isinstance(node, tuple):
        for item in node:
            yield from nodes(item)
    elif is_dataclass(node):
        for item in fields(node):
            yield from nodes(getattr(node, item.name))


def text_of(part: str, form: str) -> LocatedText:
    text = IN_A_RULE[part].format(form)
    # What refuses a save stands in rules before it.
    return LocatedText.plain(text.replace("when deal", "before deal") if form.startswith("reject") else text)


def rule_of(part: str, form: str) -> Rule:
    parsed = parse_rules(text_of(part, form))
    assert not parsed.problems.errors, (form, [str(problem) for problem in parsed.problems])
    (rule,) = parsed.items
    assert isinstance(rule, Rule)
    return rule


@pytest.mark.parametrize(
    ("part", "bases"), [("Triggers", (Event, Schedule)), ("Actions", (Action,)), ("Options", (Option,))]
)
def test_the_page_names_each_kind_and_no_other(part: str, bases: tuple[type, ...]) -> None:
    kinds = {
        kind
        for kind in vars(syntax).values()
        if inspect.isclass(kind) and issubclass(kind, bases) and kind not in (Event, Schedule, Action, Option)
    }
    documented = {
        type(node) for form, _ in rows(part) for node in nodes(rule_of(part, form)) if isinstance(node, bases)
    }
    assert {kind.__name__ for kind in kinds} == {kind.__name__ for kind in documented}


@pytest.mark.parametrize("part", IN_A_RULE)
def test_what_is_marked_as_not_there_yet_is_refused_and_the_rest_is_not(part: str) -> None:
    wrong = []
    for form, is_later in rows(part):
        text, problems = text_of(part, form), Problems()
        check_item(rule_of(part, form), text, "sales", sample_metamodel(), standard_functions(), problems, frozenset())
        refused = any(problem.code.startswith("RUL9") for problem in problems)
        if refused != is_later:
            wrong.append((form, [str(problem) for problem in problems]))
    assert wrong == []
