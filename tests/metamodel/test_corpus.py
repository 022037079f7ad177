"""Runs the corpus of small broken apps: each mistake gives the wanted code, place, message and hint, and no other."""

from __future__ import annotations

import re
from functools import cache

import pytest

from engine.releases.candidate import Language
from engine.testing.app_cases import app_faults
from metamodel import Metamodel, Problems, load_sources
from metamodel.field_types import standard_field_types
from tests.support.metadata_corpus import metadata_cases
from workflow_dsl.standard_functions import standard_functions

CASES = tuple(metadata_cases())
IDS = tuple(f"{case.topic}: {case.name}" for case in CASES)


@cache
def loaded(number: int) -> tuple[Metamodel | None, Problems]:
    return load_sources(CASES[number].sources)


@pytest.mark.promise("DEV-03")
@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_each_mistake_is_told_with_its_place(number: int) -> None:
    # The files alone: expressions and rules have corpora of their own, and core's need not be checked for each case.
    language = Language(field_types=standard_field_types(), functions=standard_functions())
    assert app_faults(CASES[number], language) == ()


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_a_folder_with_an_error_gives_no_metamodel(number: int) -> None:
    has_error = any(not re.match(r"\S+ \S+ (warning|info): ", line) for line in CASES[number].problems)
    assert (loaded(number)[0] is None) == has_error


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_each_place_lies_in_its_file_and_the_caret_on_its_line(number: int) -> None:
    for problem in loaded(number)[1]:
        lines = [*CASES[number].sources.get(problem.at.file, "").split("\n"), ""]
        assert problem.at.line <= len(lines)
        assert problem.at.column - 1 + problem.length <= max(1, len(lines[problem.at.line - 1]))


def test_the_corpus_has_more_than_a_hundred_mistakes_of_every_file_kind() -> None:
    lines = [line for case in CASES for line in case.problems]
    places = {re.sub(r"[^/:]+\.(yaml|md|csv):.*", r"*.\1", line.split("/", 1)[1]) for line in lines}
    assert len(lines) > 100
    assert places >= {
        "*.yaml", "objects/*.yaml", "extensions/*.yaml", "roles/*.yaml", "option_sets/*.yaml", "connections/*.yaml",
        "templates/*.md", "translations/*.yaml", "data/*.csv", "data/*.yaml", "reports/*.yaml",
    }  # fmt: skip
