"""Every case of the corpus on the Python back end, and what the corpus itself must be."""

from __future__ import annotations

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_corpus import Case, constant, load_cases, sample_context, sample_scope
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError

CASES = load_cases()


def _checked(case: Case):  # type: ignore[no-untyped-def]
    return check_text(LocatedText.plain(case.expr), sample_scope(**case.scope))


@pytest.mark.parametrize("case", [c for c in CASES if c.problem is not None], ids=lambda c: f"{c.topic}: {c.name}")
def test_a_mistake_is_reported_with_its_place(case: Case) -> None:
    assert case.problem is not None
    checked = _checked(case)
    found = [(problem.code, problem.at.column) for problem in checked.problems.errors]
    assert found == [(case.problem["code"], case.problem["at"])], [str(problem) for problem in checked.problems]
    assert checked.typed is None


@pytest.mark.parametrize("case", [c for c in CASES if c.problem is None], ids=lambda c: f"{c.topic}: {c.name}")
def test_an_expression_has_its_value_in_memory(case: Case) -> None:
    checked = _checked(case)
    assert checked.typed is not None, [str(problem) for problem in checked.problems]
    evaluator = compile_expression(checked.typed)
    context = sample_context(case.record, case.old, is_new=case.is_new)
    if case.error is not None:
        with pytest.raises(EvaluationError, match=case.error):
            evaluator.evaluate(context)
        return
    value = evaluator.evaluate(context)
    wanted = constant(case.value)
    assert (value, type(value) is bool) == (wanted, type(wanted) is bool)
    if case.notes:
        assert tuple(context.notes) == case.notes


def test_names_of_cases_are_unique_in_their_topic() -> None:
    names = [(case.topic, case.name) for case in CASES]
    assert len(names) == len(set(names))


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 400
