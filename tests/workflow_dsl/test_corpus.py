"""Every case of the language's corpus on the Python back end, and what the corpus itself must be."""

from __future__ import annotations

import pytest

from engine.testing.expression_cases import expression_faults
from tests.support.dsl_corpus import Case, load_cases
from workflow_dsl.standard_functions import standard_functions

CASES = load_cases()


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("case", [c for c in CASES if c.problem is not None], ids=lambda c: f"{c.topic}: {c.name}")
def test_a_mistake_is_reported_with_its_place(case: Case) -> None:
    assert expression_faults(case, standard_functions()) == ()


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("case", [c for c in CASES if c.problem is None], ids=lambda c: f"{c.topic}: {c.name}")
def test_an_expression_has_its_value_in_memory(case: Case) -> None:
    assert expression_faults(case, standard_functions()) == ()


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 400
