"""Runs the corpus of small broken apps: each mistake gives the wanted code, place, message and hint, and no other."""

from __future__ import annotations

import re

import pytest

from metamodel import load_sources
from tests.support.metadata_corpus import MetadataCase, metadata_cases, told

CASES = tuple(metadata_cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}: {case.name}")
def test_each_mistake_is_told_with_its_place(case: MetadataCase) -> None:
    assert told(case.sources) == case.problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}: {case.name}")
def test_a_folder_with_an_error_gives_no_metamodel(case: MetadataCase) -> None:
    has_error = any(not re.match(r"\S+ \S+ (warning|info): ", line) for line in case.problems)
    metamodel, _ = load_sources(case.sources)
    assert (metamodel is None) == has_error


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}: {case.name}")
def test_each_place_lies_in_its_file_and_the_caret_on_its_line(case: MetadataCase) -> None:
    sources = case.sources
    for problem in load_sources(sources)[1]:
        lines = [*sources.get(problem.at.file, "").split("\n"), ""]
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
