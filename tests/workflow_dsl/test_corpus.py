"""Every case of the language's corpus on the Python back end, and what the corpus itself must be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.testing.expression_cases import expression_faults
from tests.support.dsl_corpus import Case, load_cases
from tests.support.shares import faults_in, in_shares
from workflow_dsl.standard_functions import standard_functions

CASES = load_cases()


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("share", in_shares(case for case in CASES if case.problem is not None))
def test_mistakes_are_reported_with_their_place(share: Sequence[Case]) -> None:
    assert faults_in(share, lambda case: expression_faults(case, standard_functions())) == {}


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("share", in_shares(case for case in CASES if case.problem is None))
def test_expressions_have_their_values_in_memory(share: Sequence[Case]) -> None:
    assert faults_in(share, lambda case: expression_faults(case, standard_functions())) == {}


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 400
