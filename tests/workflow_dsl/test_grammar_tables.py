"""The parser's stored tables are those of the grammar beside them."""

from __future__ import annotations

from lark import Lark

from workflow_dsl.parsing.grammar import OPTIONS, grammar_text
from workflow_dsl.parsing.tables import load_parser


def test_stored_tables_are_of_todays_grammar() -> None:
    assert load_parser(grammar_text(), OPTIONS) is not None, "run python -m workflow_dsl.parsing.tables"


def test_stored_tables_parse_as_the_grammar_does() -> None:
    stored, fresh = load_parser(grammar_text(), OPTIONS), Lark(grammar_text(), **OPTIONS)
    assert stored is not None
    texts = ('a.b = 1 and not (c in ["x", 2 days]) or d between 1% and 2 CNY', "sum(lines.x where y is empty) / -3")
    for text in texts:
        assert stored.parse(text, start="expression") == fresh.parse(text, start="expression")


def test_tables_of_another_grammar_are_not_used() -> None:
    assert load_parser(grammar_text() + "\n// changed", OPTIONS) is None
