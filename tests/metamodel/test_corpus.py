"""Runs the corpus of small broken apps: each mistake gives the wanted code, place, message and hint, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pytest

from engine.releases.candidate import Language
from engine.testing.app_cases import AppCase, app_faults
from engine.testing.corpus import load_corpus
from metamodel import Metamodel, Problems, load_sources
from metamodel.field_types import standard_field_types
from metamodel.folder import FileKind, file_kind
from tests.support.metadata_corpus import CORPUS, MetadataCase, metadata_cases
from tests.support.shares import faults_in, in_shares
from workflow_dsl.standard_functions import standard_functions

CASES = tuple(metadata_cases())


@cache
def loaded(sources: tuple[tuple[str, str], ...]) -> tuple[Metamodel | None, Problems]:
    return load_sources(dict(sources))


def read(case: MetadataCase) -> tuple[Metamodel | None, Problems]:
    return loaded(tuple(case.sources.items()))


@pytest.mark.promise("DEV-03")
@pytest.mark.parametrize("share", in_shares(CASES))
def test_each_mistake_is_told_with_its_place(share: Sequence[MetadataCase]) -> None:
    # The files alone: expressions and rules have corpora of their own, and core's need not be checked for each case.
    language = Language(field_types=standard_field_types(), functions=standard_functions())
    assert faults_in(share, lambda case: app_faults(case, language)) == {}


@pytest.mark.parametrize("share", in_shares(CASES))
def test_a_folder_with_an_error_gives_no_metamodel(share: Sequence[MetadataCase]) -> None:
    for case in share:
        has_error = any(not re.match(r"\S+ \S+ (warning|info): ", line) for line in case.problems)
        assert (read(case)[0] is None) == has_error, case.name


@pytest.mark.parametrize("share", in_shares(CASES))
def test_each_place_lies_in_its_file_and_the_caret_on_its_line(share: Sequence[MetadataCase]) -> None:
    for case in share:
        for problem in read(case)[1]:
            lines = [*case.sources.get(problem.at.file, "").split("\n"), ""]
            assert problem.at.line <= len(lines), case.name
            assert problem.at.column - 1 + problem.length <= max(1, len(lines[problem.at.line - 1])), case.name


def test_the_corpus_has_250_mistakes_and_some_in_every_kind_of_file() -> None:
    checked = [case for case in load_corpus(CORPUS.parent / "checked") if isinstance(case, AppCase)]
    lines = [line for case in (*CASES, *checked) for line in case.problems]
    errors = [re.fullmatch(r"[a-z]+/(\S+):\d+:\d+ (?!warning|info)([A-Z]{3}\d{3} .+)", line) for line in lines]
    told_of = {(found[2], file_kind(found[1])) for found in errors if found is not None}
    assert len({text for text, _ in told_of}) >= 250
    assert {kind for _, kind in told_of} == set(FileKind)
    assert sum("; " in text for text, _ in told_of) >= 100  # with a hint: what to write, or the nearest name
