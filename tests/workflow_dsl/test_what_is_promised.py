"""What is promised of the language and shown by checking alone: types, limits, patterns, names, texts, places."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_corpus import load_cases, sample_context, sample_scope
from tests.workflow_dsl.test_docs import SPECIFIED
from workflow_dsl.checker import check_message, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.types import TEXT

_WRITTEN = (
    "20%|3 days|2 business days|100 CNY|queue |role |team | or | and |not | = | != | < | <= | > | >= | in | not in |"
    " between | contains | starts with | ends with | matches | is empty| is not empty| is changed| is not changed|"
    " has role | is a | & | / | * | in last | in next | in this "
)
ROOT = Path(__file__).resolve().parents[2]


def problems(text: str, **scope: object) -> list[str]:
    return [problem.sentence for problem in check_text(LocatedText.plain(text), sample_scope(**scope)).problems]


def value(text: str, **options: object) -> object:
    checked = check_text(LocatedText.plain(text), sample_scope())
    assert checked.typed is not None, list(map(str, checked.problems))
    return compile_expression(checked.typed).evaluate(sample_context(**options))  # type: ignore[arg-type]


@pytest.mark.promise("EXP-07")
def test_every_function_has_a_signature_docs_and_an_example_and_names_a_wrong_argument() -> None:
    docs = (ROOT / "docs" / "dsl.md").read_text(encoding="utf-8")
    for function in standard_functions():
        assert function.doc
        assert function.written
        assert all(f"`{written}`".replace("|", "\\|") in docs for written in function.written)
        assert f"`{function.example.expression}` → `{function.example.value}`" in docs
        checked = check_text(LocatedText.plain(function.example.expression), sample_scope())
        assert checked.typed is not None, function.name
        for signature in function.signatures:
            if any(param.kinds for param in signature.params[: signature.required]):
                _assert_names_a_wrong_argument(function.name, len(signature.params[: signature.required]))


def _assert_names_a_wrong_argument(name: str, count: int) -> None:
    # A truth value fits no parameter that has a type.
    found = problems(f"{name}({', '.join(['urgent'] * count)})")
    assert len(found) == 1, (name, found)
    assert f"'{name}' takes" in found[0]
    assert "as its argument '" in found[0]
    assert "boolean" in found[0]


# Forms and aggregates take what no signature says; each wrong argument with what its message names.
_WRONG = {
    "if(amount, 1, 2)": ("'if' takes true or false as its argument 'condition'", "'amount' is money"),
    "if(urgent, 1, name)": ("'if' gives a number here", "a text by its argument 'otherwise'"),
    "case(stage, 5, 1)": ("'case' compares its argument 'value', a choice (", "with '5', a number"),
    "case(quantity, 1, name, 2, 3)": ("'case' gives a text here", "a number by its argument 'then 2'"),
    "coalesce(name, 5)": ("'coalesce' gives a text here", "a number by its argument '2'"),
    "label(name)": ("'label' takes the field of a choice as its argument 'value'", "'name' is a text"),
    "decide(rebate, stage, 5)": (
        "'decide' takes a choice (gold, silver, bronze) as its argument 'tier'",
        "'stage' is a",
    ),
    "lookup(user, email, 5)": ("'lookup' takes a text, as 'email' is, as its argument 'value'", "'5' is a number"),
    'has_role(5, "manager")': ("'has_role' takes record as its argument 'user'", "'5' is a number"),
    "has_role(owner, 5)": ("'has_role' takes text as its argument 'role'", "'5' is a number"),
    "in_subtree(5, account)": ("'in_subtree' takes record as its argument 'record'", "'5' is a number"),
    "join(lines.name sorted by name, 5)": ("'join' takes text in quotes as its argument 'separator'", "a number"),
    "first(lines sorted by cancelled)": ("'first' takes", "as its argument 'sorted by'", "'cancelled' is a boolean"),
    "count(lines.price)": ("'count' takes a list as its argument 'list'", "'lines.price' is money"),
    **{
        f"{name}({given})": (f"'{name}' takes", "as its argument 'list", f"'{given}' is {kind}")
        for name in ("sum", "avg")
        for given, kind in (("lines.name", "a text"), ("amount", "money"), ("owner.name", "a text"))
    },
    **{
        f"{name}(urgent)": (f"'{name}' takes a list as its argument 'list'", "'urgent' is a boolean")
        for name in ("count", "exists", "first", "last", "sum", "avg")
    },
    **{
        f"{name}(lines.cancelled)": (f"'{name}' takes", "as its argument 'list.field'", "is a boolean")
        for name in ("min", "max", "sum", "avg")
    },
}


@pytest.mark.promise("EXP-07")
@pytest.mark.parametrize("text", list(_WRONG))
def test_a_wrong_argument_of_a_form_names_function_argument_and_both_types(text: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    for part in _WRONG[text]:
        assert part in found[0], found


@pytest.mark.promise("EXP-11")
def test_nothing_is_coerced_silently() -> None:
    for text, first, second in (
        ("stage > 5", "choice (qualify, proposal, won, lost)", "number"),
        ("name + 1", "text", "number"),
        ("urgent + 1", "boolean", "number"),
        ("urgent = 1", "boolean", "number"),
        ("name = 5", "text", "number"),
        ("close_date = sent_at", "date", "datetime"),
        ("close_date + 3", "date", "number"),
        ("if(urgent, 1, 'a')", "number", "text"),
    ):
        (found,) = problems(text)
        assert first in found, text
        assert second in found, text


@pytest.mark.promise("EXP-13")
def test_patterns_are_of_the_whole_text_linear_and_refused_where_they_can_not_be() -> None:
    assert value('name matches "Big"') is False
    assert value('name matches "Big.*"') is True
    # Exponential for a backtracking matcher, at once for this one.
    assert value('note matches "(a|aa)+$"', changes={"note": '"' + "a" * 5000 + 'b"'}) is False
    for pattern in (r"(a)\1", "(?<=a)b", "(?=a)b"):
        (found,) = problems(f'name matches "{pattern}"')
        assert "pattern can't be used" in found
    (found,) = problems('name matches "a"', needs_sql=True, place="a filter")
    assert "'matches'" in found


@pytest.mark.promise("EXP-17")
def test_no_text_reaches_what_python_could_run() -> None:
    for text in ("this.__class__", "name.upper", "__import__", "import os", 'eval("1")', 'exec("1")', "name.__len__",
                 'getattr(name, "x")', 'format(name, "{0.__class__}")', '"{name.__class__}"', "lambda: 1",
                 "().__class__", "user.__dict__", 'open("x")'):  # fmt: skip
        assert problems(text), text
    for path in (*(ROOT / "workflow_dsl").rglob("*.py"), *(ROOT / "engine" / "expressions").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec", "__import__"}, path


@pytest.mark.promise("EXP-21")
def test_plain_numbers_beside_money_and_percents() -> None:
    assert value("10 USD = 70") is True
    assert value("10 USD between 69 and 71") is True
    assert value("amount > 0 and 0 < amount and discount > 0") is True
    (found,) = problems("amount + 1")
    assert "name the currency" in found
    (found,) = problems("discount > 20")
    assert "20%" in found
    assert problems("discount > 20%") == []
    assert problems("discount > 0.2") == []
    assert any("%" in each for each in problems("quantity % 2"))
    (found,) = problems("1 < quantity < 9")
    assert "between" in found


@pytest.mark.promise("EXP-22")
def test_filled_extremes_orders_objects_and_foreign_signs() -> None:
    assert value("filled(note, name, cost)") == 1
    assert value("min(score, empty, quantity)") == value("score")
    assert value("max(cost, empty)") is None
    assert value("avg(lines.quantity)") == value("sum(lines.quantity) / 2")
    for text in ("first(lines)", "last(lines.name)", 'join(lines.name, ", ")'):
        (found,) = check_text(LocatedText.plain(text), sample_scope()).problems
        assert (found.code, found.at.column) == ("EXP406", 1)
    (found,) = check_text(LocatedText.plain("name = task"), sample_scope()).problems
    assert (found.code, found.at.column) == ("EXP205", 8)
    for text, sign in (
        ("name = “Big”", "“"),
        ("quantity == 7", "=="),
        ("urgent && urgent", "&&"),
        ("urgent || urgent", "||"),
    ):
        (message,) = problems(text)
        assert sign in message


@pytest.mark.promise("EXP-15")
def test_what_needs_a_change_is_refused_with_the_reason_where_there_is_none() -> None:
    for text in ('old.stage = "won"', "stage is changed", "is_new()"):
        assert problems(text, place="a validation") == []
        for place in ("a view", "a scope", "a report"):
            (found,) = problems(text, allows_old=False, needs_sql=True, place=place)
            assert place in found
    assert problems('comment = "x"', allows_old=False, place="a view")
    assert problems('comment = "x"', given={"comment": TEXT}) == []


@pytest.mark.promise("EXP-01")
def test_the_corpus_has_every_literal_operator_and_function() -> None:
    cases = load_cases()
    assert len(cases) >= 800
    text = "\n".join(case.expr for case in cases)
    assert [name for name in SPECIFIED.split() if f"{name}(" not in text] == []
    for word in _WRITTEN.split("|"):
        assert word in text, word


@pytest.mark.promise("EXP-19")
def test_a_text_holds_expressions_braces_and_escapes_and_a_pattern_none_of_them() -> None:
    for text, wanted in (
        ('"<{note}>"', "<>"),
        ('"{stage}: {name}"', "Proposal: Big valves"),
        ("\"{split(name, ' ')}\"", "Big, valves"),
        ('"{{{name}}}"', "{Big valves}"),
        ('"{{x}}"', "{x}"),
        (r'"a\nb\"c\'d\\e"', "a\nb\"c'd\\e"),
        (r'number matches "D-\d{1}"', True),
        ('name matches "{name}"', False),
        (r'name matches "Big\\nvalves"', False),
    ):
        assert value(text) == wanted, text
    for text, column in (('"Hello {nmae}!"', 9), ('"阀门 {name}{nmae}"', 12)):
        (found,) = check_text(LocatedText.plain(text), sample_scope()).problems
        assert (found.code, found.at.column) == ("EXP201", column)
        assert "'nmae'" in found.message
    (found,) = check_message(LocatedText.plain("Hello {nmae}!"), sample_scope()).problems
    assert (found.code, found.at.column) == ("EXP201", 8)


@pytest.mark.promise("EXP-20")
def test_on_creation_nothing_was_there_before_and_what_is_filled_is_changed() -> None:
    for name, field in sample_scope().metamodel.objects["deal"].fields.items():
        if field.rollup is None:
            assert value(f"old.{name} is empty", is_new=True) is True, name
            assert value(f"{name} is changed", is_new=True) is value(f"{name} is not empty", is_new=True), name
