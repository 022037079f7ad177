"""What a scope allows to name, and what an expression is said to read."""

from __future__ import annotations

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_corpus import sample_context, sample_scope
from workflow_dsl.checker import check_message, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.reads import Read
from workflow_dsl.types import DATE, DATETIME, DECIMAL, DURATION, INTEGER, MONEY, TEXT, Type, record_of


def _said(text: str, hidden: str) -> list[str]:
    scope = sample_scope(may_read=lambda object_key, field: field != hidden)
    return [problem.sentence for problem in check_text(LocatedText.plain(text), scope).problems]


def test_an_unreadable_field_is_exactly_an_unknown_one() -> None:
    for text in (
        "{0} = empty",
        "account.{0} = empty",
        "count(lines where {0} = empty) > 1",
        "lookup(user, {0}, 1) = user",
    ):
        unknown = _said(text.format("credxt"), "credit")
        hidden = _said(text.format("credit"), "credit")
        assert [sentence.replace("credxt", "credit") for sentence in unknown] == hidden


def test_reads_tell_own_fields_from_those_of_others() -> None:
    text = 'amount > 5 and account.tier = "gold" and exists(lines where quantity > 1)'
    checked = check_text(LocatedText.plain(text), sample_scope())
    assert checked.reads.own == {"amount", "account"}
    assert Read("account", "tier") in checked.reads.along_paths
    assert checked.reads.lists == {Read("deal", "lines")}
    assert not checked.reads.is_stable
    assert check_text(LocatedText.plain("amount * discount"), sample_scope()).reads.is_stable
    assert not check_text(LocatedText.plain("close_date < today"), sample_scope()).reads.is_stable


def test_a_value_must_fit_the_type_that_is_wanted() -> None:
    checked = check_text(LocatedText.plain("quantity"), sample_scope(), wanted=MONEY, what="the field 'amount'")
    assert [problem.code for problem in checked.problems] == ["EXP307"]
    assert "'amount' takes money, not a number" in checked.problems.errors[0].message
    assert check_text(LocatedText.plain("0"), sample_scope(), wanted=MONEY).typed is not None


def test_a_literal_above_one_beside_a_percent_is_a_warning() -> None:
    checked = check_text(LocatedText.plain("discount > 20"), sample_scope())
    assert checked.typed is not None
    assert [(problem.code, problem.hint) for problem in checked.problems.warnings] == [("EXP310", "write 20%")]


def test_names_given_by_a_trigger_are_followed_where_they_are_records() -> None:
    scope = sample_scope(given={"line": record_of("line")})
    checked = check_text(LocatedText.plain("line.quantity * 2"), scope)
    assert checked.typed is not None
    context = sample_context()
    context.names = {"line": "l2"}
    assert compile_expression(checked.typed).evaluate(context) == 6


def test_an_unknown_name_in_a_message_has_its_place() -> None:
    (problem,) = check_message(LocatedText.plain("Dear {nam}, {amount}"), sample_scope()).problems
    assert (problem.code, problem.at.column) == ("EXP201", 7)


def test_code_of_an_expression_has_no_builtins_and_no_names_of_the_author() -> None:
    checked = check_text(LocatedText.plain('account.owner.name & "eval" & note'), sample_scope())
    assert checked.typed is not None
    function = compile_expression(checked.typed).function
    assert function.__globals__["__builtins__"] == {}
    assert not {"account", "owner", "name", "eval", "note"} & set(function.__code__.co_names)


@pytest.mark.parametrize(
    ("wanted", "text", "hint"),
    [
        (TEXT, "quantity", 'write text(…), or put it in a text: "{…}"'),
        (DATE, "now", "write date(…)"),
        (DATE, "name", ""),
        (DATETIME, "today", "write datetime(…)"),
        (MONEY, "quantity", "name the currency: 100 CNY, or n * 1 CNY"),
        (INTEGER, "amount / 1 CNY", "write round(…), floor(…) or ceil(…)"),
        (INTEGER, "name", "write number(…)"),
        (DECIMAL, "name", "write number(…)"),
        (DECIMAL, "today", ""),
        (DURATION, "quantity", "a whole number is never a duration: write n * 1 day"),
        (DURATION, "name", ""),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_what_makes_it_the_right_one(wanted: Type, text: str, hint: str) -> None:
    (problem,) = check_text(LocatedText.plain(text), sample_scope(), wanted=wanted, what="the field 'x'").problems
    assert (problem.code, problem.hint) == ("EXP307", hint)


@pytest.mark.parametrize(
    ("text", "given"), [("left()", "no argument"), ("left(name)", "1 argument"), ("len(name, 1)", "2 arguments")]
)
def test_a_wrong_count_of_arguments_is_told(text: str, given: str) -> None:
    (problem,) = check_text(LocatedText.plain(text), sample_scope()).problems
    assert problem.message == f"'{text[: text.index('(')]}' is called with {given}"
    assert problem.hint.startswith("it is written ")
