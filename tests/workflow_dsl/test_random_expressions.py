"""Properties over random typed expressions: they check, print and parse back, and end within their budget."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.source import LocatedText
from metamodel.values import Money, Ref
from tests.support.dsl_corpus import sample_context, sample_scope
from tests.support.dsl_model import sample_metamodel
from tests.support.expressions import ExpressionMaker
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.parser import parse_expression
from workflow_dsl.printer import print_expression
from workflow_dsl.syntax import Expr
from workflow_dsl.types import Kind

METAMODEL = sample_metamodel()
SQL = ExpressionMaker(METAMODEL, "deal").any()
MEMORY = ExpressionMaker(METAMODEL, "deal", sql_only=False).any()
PYTHON_TYPES: dict[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.PERCENT: Decimal,
    Kind.MONEY: Money,
    Kind.BOOLEAN: bool,
    Kind.DATE: dt.date,
    Kind.DATETIME: dt.datetime,
    Kind.RECORD: (str, Ref),
    Kind.TIME: dt.time,
    Kind.DURATION: Duration,
    Kind.CHOICE: str,
    Kind.LIST: tuple,
}


@settings(max_examples=60, deadline=None)
@given(SQL)
def test_what_the_maker_makes_for_sql_checks_where_sql_is_needed(text: str) -> None:
    scope = sample_scope(needs_sql=True, place="a filter")
    checked = check_text(LocatedText.plain(text), scope)
    assert checked.typed is not None, (text, [str(problem) for problem in checked.problems])


# The table of binding, weakest first: each line's operators bind less than those of all lines below it.
_BINDING = (
    ("{} or {}",),
    ("{} and {}",),
    ("not {}",),
    (
        "{} = {}", "{} != {}", "{} < {}", "{} <= {}", "{} > {}", "{} >= {}", "{} in {}", "{} not in {}",
        "{} contains {}", "{} starts with {}", "{} ends with {}", "{} is empty", "{} is not empty", "{} is changed",
        "{} has role {}", "{} between {} and {}", "{} in last 3 days",
    ),
    ("{} + {}", "{} - {}", "{} & {}"),
    ("{} * {}", "{} / {}"),
    ("-{}",),
)  # fmt: skip


def tree_of(text: str) -> Expr:
    tree = parse_expression(LocatedText.plain(text)).expression
    assert tree is not None, text
    return tree


@pytest.mark.promise("EXP-04")
def test_operators_bind_as_the_table_says() -> None:
    for strength, weak in ((number, form) for number, line in enumerate(_BINDING) for form in line):
        for strong in (form for line in _BINDING[strength + 1 :] for form in line):
            inner = strong.format("p", "q", "r")
            for place in range(weak.count("{}")):
                names = ["a", "b", "c"]
                bare, closed = ([*names[:place], each, *names[place + 1 :]] for each in (inner, f"({inner})"))
                assert tree_of(weak.format(*bare)) == tree_of(weak.format(*closed)), (weak, strong)
                if weak.count("{}") > 1 and strong.count("{}") == 2:
                    other = weak.format("p", "q", "r")
                    assert tree_of(strong.format(f"({other})", "s")) != tree_of(strong.format(other, "s"))
    for same in _BINDING[4] + _BINDING[5]:
        for next_to in _BINDING[4] if same in _BINDING[4] else _BINDING[5]:
            left = next_to.format(same.format("a", "b"), "c")
            assert tree_of(left) == tree_of(next_to.format(f"({same.format('a', 'b')})", "c")), left


@pytest.mark.promise("EXP-04")
@settings(max_examples=60, deadline=None)
@given(st.one_of(SQL, MEMORY))
def test_printing_and_parsing_again_gives_the_same_tree(text: str) -> None:
    tree = parse_expression(LocatedText.plain(text)).expression
    assert tree is not None
    printed = print_expression(tree)
    assert parse_expression(LocatedText.plain(printed)).expression == tree


@settings(max_examples=80, deadline=None)
@given(MEMORY)
def test_a_value_has_the_type_that_the_checker_said(text: str) -> None:
    checked = check_text(LocatedText.plain(text), sample_scope())
    assert checked.typed is not None, (text, [str(problem) for problem in checked.problems])
    try:
        value = compile_expression(checked.typed).evaluate(sample_context())
    except EvaluationError:
        return
    assert value is None or isinstance(value, PYTHON_TYPES[checked.typed.type.kind]), (text, value)


@settings(max_examples=30, deadline=None)
@given(MEMORY)
def test_explaining_gives_the_value_that_evaluating_gives(text: str) -> None:
    checked = check_text(LocatedText.plain(text), sample_scope())
    assert checked.typed is not None
    evaluator = compile_expression(checked.typed, LocatedText.plain(text))
    try:
        value = evaluator.evaluate(sample_context())
    except EvaluationError:
        return
    explained = evaluator.explain(sample_context())
    assert explained.value == value
    assert explained.source in text
