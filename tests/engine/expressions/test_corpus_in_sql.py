"""Every case of the corpus that is not of memory alone has the same value in SQL, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from engine.expressions.sql.environment import NotInSql
from tests.support.dsl_corpus import Case, load_cases
from tests.support.dsl_corpus_sql import SampleDatabase, check_for_sql
from tests.support.shares import faults_in, in_shares
from workflow_dsl.standard_functions import standard_functions

CASES = [case for case in load_cases() if case.problem is None]
IN_SQL = [case for case in CASES if not case.memory]


@pytest.fixture(scope="module")
def sample(module_database_url: str) -> Iterator[SampleDatabase]:
    database = SampleDatabase(module_database_url)
    yield database
    database.close()


@pytest.mark.promise("DEV-03", "EXP-01")
@pytest.mark.parametrize("share", in_shares(IN_SQL))
def test_expressions_have_their_values_in_sql(sample: SampleDatabase, share: Sequence[Case]) -> None:
    assert faults_in(share, lambda case: sample.faults(case, standard_functions())) == {}


@pytest.mark.promise("EXP-01")
@pytest.mark.parametrize("share", in_shares(case for case in CASES if case.memory))
def test_what_is_marked_as_of_memory_is_refused_by_sql(sample: SampleDatabase, share: Sequence[Case]) -> None:
    for case in share:
        checked = check_for_sql(case)
        if checked.typed is not None:
            with pytest.raises(NotInSql):
                sample.value(case, checked.typed)
