"""How many rows an expression may look at in all its lists together."""

from __future__ import annotations

import pytest

from workflow_dsl.compiling.aggregation import Budget, count
from workflow_dsl.evaluation_errors import StepsExceeded

ROWS = ({"n": 1}, {"n": 2}, {"n": 3})


def test_a_budget_lets_as_many_rows_pass_as_it_has_steps_and_no_more() -> None:
    budget = Budget(steps=6)
    assert count(budget, ROWS, None) == 3
    assert count(budget, ROWS, lambda row: row["n"] > 2) == 1
    with pytest.raises(StepsExceeded):
        count(budget, ROWS[:1], None)
