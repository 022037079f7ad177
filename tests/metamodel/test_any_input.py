"""Whatever stands in the files of an app, loading ends with a metamodel or with problems that have a place."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel import Severity, load_sources
from metamodel.dump import to_yaml
from metamodel.source import Problems
from metamodel.writing.values import Plain
from metamodel.yaml_nodes import SourceText
from metamodel.yaml_source import read_yaml

WHOLE_APP = Path(__file__).resolve().parent.parent / "corpus" / "metadata" / "whole_app"
SOURCES = {
    path.relative_to(WHOLE_APP).as_posix(): path.read_text("utf-8")
    for path in sorted(WHOLE_APP.rglob("*"))
    if path.is_file()
}
YAML_FILES = [file for file in SOURCES if file.endswith(".yaml")]
JUNK: st.SearchStrategy[Plain] = st.sampled_from(
    [None, True, 12, "", "a.b.c", "any", "*", "-x", "{", [], {}, [None], [[1]], {"a": {"b": []}}, {"name": None}]
)
SNIPPETS = st.sampled_from(
    ["", ":", ": ", "{", "}", "[", "- ", "'", '"', "\n", "&a ", "*a", ", ", "!", "\t", "|", "#", "商"]
)


def check(sources: dict[str, str]) -> None:
    """Load an app: what is wrong with it is told of in its own files, never in core because of them."""
    metamodel, problems = load_sources(sources)
    assert (metamodel is None) == any(problem.severity is Severity.ERROR for problem in problems)
    for problem in problems:
        assert problem.message
        assert problem.at.column >= 1
        assert 1 <= problem.at.line <= sources[problem.at.file].count("\n") + 2


@settings(max_examples=20)
@given(st.sampled_from(sorted(SOURCES)), st.floats(0, 1), st.integers(0, 5), SNIPPETS)
def test_any_edit_of_a_file_is_read_or_told_of(file: str, where: float, removed: int, added: str) -> None:
    text = SOURCES[file]
    start = int(where * len(text))
    check(SOURCES | {file: text[:start] + added + text[start + removed :]})


@settings(max_examples=20)
@given(st.sampled_from(YAML_FILES), st.randoms(use_true_random=False), JUNK)
def test_any_value_in_any_place_is_read_or_told_of(file: str, random: Random, junk: Plain) -> None:
    node = read_yaml(SourceText(file, SOURCES[file]), Problems())
    assert node is not None
    check(SOURCES | {file: to_yaml(replaced(node.plain, random, junk))})


def replaced(plain: object, random: Random, junk: Plain) -> Plain:
    """Give plain data with one part of it, chosen at random, replaced by junk."""
    choose = random.random
    if isinstance(plain, dict) and plain and choose() < 0.8:
        key = list(plain)[int(choose() * len(plain))]
        return {str(k): replaced(v, random, junk) if k == key else as_plain(v) for k, v in plain.items()}
    if isinstance(plain, list) and plain and choose() < 0.8:
        chosen = int(choose() * len(plain))
        return [replaced(v, random, junk) if n == chosen else as_plain(v) for n, v in enumerate(plain)]
    return junk


def as_plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {str(key): as_plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
