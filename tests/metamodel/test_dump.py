"""What is loaded can be written back and loaded again as the same, for the sample apps and for generated ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel import Metamodel, load_metamodel, load_sources
from metamodel.comparing import essence
from metamodel.dump import dump_metamodel, to_yaml
from metamodel.names import RESERVED_WORDS
from metamodel.objects import SYSTEM_FIELDS
from metamodel.source import Problems
from metamodel.yaml_nodes import SourceText
from metamodel.yaml_source import read_yaml

ROOT = Path(__file__).resolve().parent.parent.parent
WHOLE_APP = ROOT / "tests" / "corpus" / "metadata" / "whole_app" / "shop"
SAMPLES = sorted(path.parent for path in (ROOT / "sample_apps").glob("*/app.yaml"))


def said(metamodel: Metamodel) -> object:
    return essence(replace(metamodel, sources={}))


def check_round_trip(metamodel: Metamodel) -> None:
    dumped = dump_metamodel(metamodel)
    again, problems = load_sources(dumped)
    assert [str(problem) for problem in problems.errors] == []
    assert again is not None
    assert said(again) == said(metamodel)
    assert dump_metamodel(again) == dumped


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_a_sample_app_is_the_same_after_writing_and_loading(folder: Path) -> None:
    metamodel, _ = load_metamodel([folder])
    assert metamodel is not None
    check_round_trip(metamodel)


def test_every_part_of_an_app_is_the_same_after_writing_and_loading() -> None:
    metamodel, problems = load_metamodel([WHOLE_APP])
    assert [str(problem) for problem in problems.errors] == []
    assert metamodel is not None
    check_round_trip(metamodel)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True).filter(
    lambda name: name not in RESERVED_WORDS and name not in SYSTEM_FIELDS and name not in ("core", "tasks", "tags")
)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]), min_size=1, max_size=30)
LABELS = st.one_of(TEXTS, st.fixed_dictionaries({"en": TEXTS, "zh": TEXTS}))
FLAGS = st.fixed_dictionaries({}, optional={"required": st.booleans(), "index": st.booleans(), "label": LABELS})
KINDS = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "email", "phone", "url", "long_text"])}),
    st.fixed_dictionaries(
        {"type": st.just("text")}, optional={"default": TEXTS.filter(lambda t: t.strip() and t[0] != "=")}
    ),
    st.fixed_dictionaries({"type": st.just("decimal")}, optional={"min": st.integers(-9, 0), "max": st.integers(0, 9)}),
    st.fixed_dictionaries({"type": st.just("boolean")}, optional={"default": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("choice"), "options": st.lists(NAMES, min_size=1, max_size=4, unique=True)}),
    st.fixed_dictionaries({"type": st.just("date")}, optional={"default": st.sampled_from(["today", "2026-11-21"])}),
)
FIELDS = st.dictionaries(NAMES, st.builds(lambda kind, flags: {**kind, **flags}, KINDS, FLAGS), min_size=1, max_size=5)
OBJECTS = st.dictionaries(NAMES.map(lambda name: f"x_{name}"), st.tuples(FIELDS, LABELS), min_size=1, max_size=3)


@pytest.mark.promise("DEV-09")
@settings(max_examples=25)
@given(OBJECTS)
def test_any_generated_app_is_the_same_after_writing_and_loading(
    objects: dict[str, tuple[dict[str, dict[str, object]], object]],
) -> None:
    sources = {"gen/app.yaml": "app: gen\nversion: 1.0.0\nlanguages: [en, zh]\n"}
    for name, (fields, label) in objects.items():
        plain = {"object": name, "label": label, "fields": fields}
        sources[f"gen/objects/{name}.yaml"] = to_yaml(plain)  # type: ignore[arg-type]
    metamodel, problems = load_sources(sources)
    assert [str(problem) for problem in problems.errors] == []
    assert metamodel is not None
    check_round_trip(metamodel)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_is_written_as_yaml_reads_back_as_the_same(plain: object) -> None:
    problems = Problems()
    node = read_yaml(SourceText("a.yaml", to_yaml({"key": plain})), problems)  # type: ignore[dict-item]
    assert list(problems) == []
    assert node is not None
    assert node.plain == {"key": plain}
