"""Every case of the corpus that is not of memory alone has the same value in SQL, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.expressions.sql.environment import NotInSql
from tests.support.dsl_corpus import Case, load_cases
from tests.support.dsl_corpus_sql import SampleDatabase, check_for_sql
from workflow_dsl.standard_functions import standard_functions

CASES = [case for case in load_cases() if case.problem is None]
IN_SQL = [case for case in CASES if not case.memory]


@pytest.fixture(scope="module")
def sample(module_database_url: str) -> Iterator[SampleDatabase]:
    database = SampleDatabase(module_database_url)
    yield database
    database.close()


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("case", IN_SQL, ids=lambda case: f"{case.topic}: {case.name}")
def test_an_expression_has_its_value_in_sql(sample: SampleDatabase, case: Case) -> None:
    assert sample.faults(case, standard_functions()) == ()


@pytest.mark.promise("EXP-01")
@pytest.mark.parametrize("case", [c for c in CASES if c.memory], ids=lambda case: f"{case.topic}: {case.name}")
def test_what_is_marked_as_of_memory_is_refused_by_sql(sample: SampleDatabase, case: Case) -> None:
    checked = check_for_sql(case)
    if checked.typed is None:
        return
    with pytest.raises(NotInSql):
        sample.value(case, checked.typed)
