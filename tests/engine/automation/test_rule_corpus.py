"""The rule corpus, tests/corpus/rules/*.yaml: a few rules, what people do, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from engine.testing.corpus import load_corpus
from engine.testing.rule_cases import RuleCase, RuleStage, open_stage

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "rules"
CASES = [case for case in load_corpus(CORPUS) if isinstance(case, RuleCase)]
# Files whose cases together show all that a promise says.
SHOWN = {"changes": ("RUL-03",), "approvals": ("APR-01", "APR-02", "APR-12")}


def _shown(case: RuleCase) -> ParameterSet:
    marks = [pytest.mark.promise(each) for each in SHOWN.get(case.topic, ())]
    return pytest.param(case, marks=marks, id=f"{case.topic}: {case.name}")


@pytest.fixture(scope="module")
def stage(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuleStage]:
    with open_stage(module_database_url, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.mark.promise("DEV-03")
@pytest.mark.parametrize("case", map(_shown, CASES))
def test_rules_do_what_the_corpus_says(case: RuleCase, stage: RuleStage) -> None:
    assert stage.faults(case) == ()
