"""Every case of the corpus that is not of memory alone has the same value in SQL, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.expressions.sql.environment import NotInSql
from tests.support.dsl_corpus import Case, constant, load_cases
from tests.support.dsl_corpus_sql import SampleDatabase, as_compared, check_for_sql, short
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.types import Kind

CASES = [case for case in load_cases() if case.problem is None]
IN_SQL = [case for case in CASES if not case.memory]


@pytest.fixture(scope="module")
def sample(module_database_url: str) -> Iterator[SampleDatabase]:
    database = SampleDatabase(module_database_url)
    yield database
    database.close()


@pytest.mark.parametrize("case", IN_SQL, ids=lambda case: f"{case.topic}: {case.name}")
def test_an_expression_has_its_value_in_sql(sample: SampleDatabase, case: Case) -> None:
    checked = check_for_sql(case)
    assert checked.typed is not None, [str(problem) for problem in checked.problems]
    if case.error is not None:
        with pytest.raises(EvaluationError, match=case.error):
            sample.value(case, checked.typed)
        return
    wanted = short(constant(case.value))
    got = sample.value(case, checked.typed)
    if checked.typed.type.kind is Kind.BOOLEAN and got is not None:
        got = bool(got)
    assert as_compared(got) == as_compared(wanted)
    if checked.typed.type.kind is Kind.BOOLEAN:
        assert sample.holds(case, checked.typed) is bool(wanted)


@pytest.mark.parametrize("case", [c for c in CASES if c.memory], ids=lambda case: f"{case.topic}: {case.name}")
def test_what_is_marked_as_of_memory_is_refused_by_sql(sample: SampleDatabase, case: Case) -> None:
    checked = check_for_sql(case)
    if checked.typed is None:
        return
    with pytest.raises(NotInSql):
        sample.value(case, checked.typed)
