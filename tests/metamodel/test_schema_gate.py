"""The gate says yes where the validator finds nothing, and never where it finds something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.folder import file_kind
from metamodel.schema_set import SCHEMA_KINDS, SchemaSet
from metamodel.source import Problems
from metamodel.yaml_nodes import Node, SourceText
from metamodel.yaml_source import read_yaml
from tests.support.metadata_corpus import MetadataCase, metadata_cases

SCHEMAS = SchemaSet()
KEYS = sorted(json.loads((Path("metamodel") / "schemas" / "definitions.json").read_text("utf-8"))["field_keys"])
TEXTS = st.sampled_from(["", "a", "name", "a.b", "-a", "Name", "x" * 41, "*", "count", "2026-11-21", "restrict", "yes"])
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 70_000), TEXTS, st.sampled_from([0.5, -1.5])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS.filter(bool), inner, max_size=3)),
    max_leaves=8,
)


def node_of(text: str) -> Node | None:
    return read_yaml(SourceText("demo/x.yaml", text), Problems())


@settings(max_examples=300)
@given(st.sampled_from(KEYS), PLAIN)
def test_the_gate_of_a_key_agrees_with_the_validator(key: str, plain: object) -> None:
    node = node_of(json.dumps(plain))
    assert node is not None
    errors = list(SCHEMAS.field_errors(key, node.plain))
    if SCHEMAS.key_gate(key)(node):
        assert errors == []


@pytest.mark.parametrize("case", tuple(metadata_cases()), ids=lambda case: case.name)
def test_the_gate_of_a_file_agrees_with_the_validator(case: MetadataCase) -> None:
    for path, text in case.files.items():
        kind = file_kind(path)
        if text is None or kind is None or kind.value not in SCHEMA_KINDS or not path.endswith(".yaml"):
            continue
        node = node_of(text)
        if node is not None:
            assert SCHEMAS.is_sound(kind.value, node) == (not list(SCHEMAS.errors(kind.value, node.plain))), path


@pytest.mark.parametrize("kind", [kind for kind in SCHEMA_KINDS if kind != "template"])
def test_the_gate_knows_every_keyword_of_the_schemas(kind: str) -> None:
    """A gate that refuses everything would be right, and slow."""
    folder = Path("tests/corpus/metadata/whole_app/shop")
    files = [path for path in folder.rglob("*.yaml") if (file_kind(path.relative_to(folder).as_posix()) or "") == kind]
    if not files:
        pytest.skip("the app that has everything has none of this kind")
    for file in files:
        node = node_of(file.read_text("utf-8"))
        assert node is not None
        assert SCHEMAS.is_sound(kind, node)
