"""Parsing: every form of the grammar, places of mistakes, recovery item by item, limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.source import LocatedText, Location
from workflow_dsl.parser import parse_expression, parse_rules, parse_template
from workflow_dsl.parsing.grammar import grammar
from workflow_dsl.printer import print_expression, template_text
from workflow_dsl.printer_rules import print_rules
from workflow_dsl.syntax import And, TextLiteral, TextTemplate
from workflow_dsl.syntax import Path as PathNode

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "rules"
RULES = [CORPUS / "examples.rules", CORPUS / "every_form.rules"]
EXPRESSIONS = (CORPUS / "expressions.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_example_of_the_expression_language_parses(text: str) -> None:
    parsed = parse_expression(LocatedText.plain(text))
    assert parsed.expression is not None, list(map(str, parsed.problems))
    assert parse_expression(LocatedText.plain(print_expression(parsed.expression))).expression == parsed.expression


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_form_of_rules_parses_and_prints_back(path: Path) -> None:
    parsed = parse_rules(LocatedText.plain(path.read_text(encoding="utf-8"), path.name))
    assert not parsed.problems, list(map(str, parsed.problems))
    printed = print_rules(parsed.items)
    again = parse_rules(LocatedText.plain(printed))
    assert not again.problems, list(map(str, again.problems))
    assert again.items == parsed.items


def test_white_space_and_comments_change_nothing() -> None:
    text = (CORPUS / "every_form.rules").read_text(encoding="utf-8")
    squeezed = " ".join(line.split("#")[0] for line in text.splitlines())
    spread = text.replace(" then ", "\n# a comment\n   then\n\n")
    assert parse_rules(LocatedText.plain(squeezed)).items == parse_rules(LocatedText.plain(text)).items
    assert parse_rules(LocatedText.plain(spread)).items == parse_rules(LocatedText.plain(text)).items


def test_a_place_inside_a_text_of_a_rule_is_exact() -> None:
    text = 'rule r\n  when lead is created\n  then notify owner "a \\"b\\" {name +}"\n'
    (problem,) = parse_rules(LocatedText.plain(text, "r.rules")).problems
    assert (problem.at, problem.code) == (Location(file="r.rules", line=3, column=36), "EXP102")


def test_each_broken_rule_is_reported_and_the_others_are_read() -> None:
    text = """rule a when lead is creatd then stop
rule b whne lead is created then stop
rule c when lead is created then stop
rule d
  when lead is created
  if amount > 5 than set x = 1
rule e when lead is created then send emial x to y
当 lead is created
rule f when lead is created then if x then stop
"""
    parsed = parse_rules(LocatedText.plain(text, "r.rules"))
    assert [item.name.text for item in parsed.items] == ["c"]  # type: ignore[union-attr]
    found = [(problem.at.line, problem.at.column, problem.code) for problem in parsed.problems]
    assert found == [(1, 18, "RUL103"), (2, 8, "RUL103"), (6, 17, "RUL103"), (7, 34, "RUL103"), (9, 47, "RUL102")]


def test_a_message_of_yaml_has_braces_but_no_escapes() -> None:
    parsed = parse_template(LocatedText.plain(r"{{{name}}} \n {amount}"))
    assert isinstance(parsed.expression, TextTemplate)
    assert parsed.expression.parts[0] == "{"
    assert parsed.expression.parts[2] == r"} \n "
    assert template_text(parsed.expression) == r"{{{name}}} \n {amount}"
    assert parse_template(LocatedText.plain("plain")).expression == TextLiteral(value="plain")


def test_a_sum_of_5000_terms_ends_in_a_problem_that_names_the_limit() -> None:
    (problem,) = parse_expression(LocatedText.plain("+".join("a" * 5000))).problems
    assert problem.code == "EXP402"
    assert "64" in problem.message


def test_a_sum_of_5000_terms_in_a_rule_ends_in_a_problem() -> None:
    text = f"rule r when lead is created then set x = {'+'.join('a' * 5000)}"
    assert [problem.code for problem in parse_rules(LocatedText.plain(text)).problems] == ["EXP402"]


def test_a_long_condition_is_one_shallow_node() -> None:
    parsed = parse_expression(LocatedText.plain(" and ".join("a" * 1500)))
    assert isinstance(parsed.expression, And)
    assert len(parsed.expression.operands) == 1500


def test_10001_characters_are_refused_with_the_limit() -> None:
    fits = "a" + " " * 9_999
    assert parse_expression(LocatedText.plain(fits)).expression is not None
    (problem,) = parse_expression(LocatedText.plain(fits + " ")).problems
    assert problem.code == "EXP401"
    assert "10000" in problem.message


@pytest.mark.parametrize("text", ["(" * 3000 + "a" + ")" * 3000, "[" * 3000, "not " * 2000 + "a", "-" * 9000 + "1"])
def test_deep_nesting_never_ends_in_a_traceback(text: str) -> None:
    parse_expression(LocatedText.plain(text))


def test_names_keep_their_places() -> None:
    text = LocatedText(text="account.owner", at=Location(file="f.yaml", line=4, column=10))
    expression = parse_expression(text).expression
    assert isinstance(expression, PathNode)
    assert [str(name.at.location) for name in expression.names] == ["f.yaml:4:10", "f.yaml:4:18"]


def _tokens(text: str, start: str) -> list[tuple[int, int]]:
    parser = grammar().parse_interactive(text, start)
    return [(token.start_pos or 0, token.end_pos or 0) for token in parser.iter_parse()]


SOURCES = [("expression", text) for text in EXPRESSIONS] + [
    ("rules_file", "rule " + part)
    for path in RULES
    for part in path.read_text(encoding="utf-8").split("\nrule ")[1:]
    if "approval" not in part and "blueprint" not in part
]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_token_dropped_at_random_gives_a_place_and_a_sentence_or_still_parses(data: st.DataObject) -> None:
    start, text = data.draw(st.sampled_from(SOURCES))
    spans = _tokens(text, start)
    first, last = data.draw(st.sampled_from(spans))
    broken = LocatedText.plain(text[:first] + text[last:], "f.rules")
    problems = parse_expression(broken).problems if start == "expression" else parse_rules(broken).problems
    for problem in problems:
        assert problem.at.line >= 1
        assert problem.at.column >= 1
        assert len(problem.sentence.split()) >= 3
        assert problem.at.line <= broken.text.count("\n") + 1


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1 .\"'{}()[]=<>+-*/&,\\n当“”，\n#", max_size=40))
def test_any_text_ends_in_a_tree_or_in_problems(text: str) -> None:
    for parse in (parse_expression, parse_template):
        parsed = parse(LocatedText.plain(text))
        assert (parsed.expression is None) == bool(parsed.problems.errors)
    parse_rules(LocatedText.plain(text))
