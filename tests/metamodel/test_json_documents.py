"""Documents are one text for one meaning, held against their schema; what is wrong is named by its JSON path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metamodel.field_types import FieldValueError, message
from metamodel.field_types.json_documents import canonical
from metamodel.json_schemas import schema_faults
from tests.support.field_values import TYPES, field

LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PARTS = st.recursive(LEAVES | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)
SCHEMA = {
    "type": "object",
    "properties": {
        "size": {"type": "integer", "minimum": 1},
        "color": {"enum": ["red", "blue"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "maxItems": 2},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
    },
    "required": ["size"],
    "additionalProperties": False,
    "$defs": {"line": {"type": "object", "properties": {"price": {"type": ["number", "null"]}}, "required": ["price"]}},
}


@given(st.lists(PARTS) | st.dictionaries(TEXTS, PARTS))
def test_a_document_is_the_same_text_however_it_is_written(document: Any) -> None:
    text = canonical(document)
    assert canonical(text) == text
    assert canonical(json.dumps(document, indent=3)) == text
    assert json.loads(text) == document


@pytest.mark.promise("OBJ-18")
@pytest.mark.parametrize(
    ("document", "english", "chinese"),
    [
        ({"size": "7"}, "$.size: must be integer.", "$.size：类型必须是 integer。"),
        ({}, "$: 'size' is missing.", "$：缺少“size”。"),
        ({"size": 1, "lines": [{"price": 1}, {}]}, "$.lines[1]: 'price' is missing.", "$.lines[1]：缺少“price”。"),
        (
            {"size": 1, "lines": [{"price": "x"}]},
            "$.lines[0].price: must be number, null.",
            "$.lines[0].price：类型必须是 number, null。",
        ),
        ({"size": 1, "lines": [{"price": 1}] * 3}, "$.lines: does not fit 'maxItems: 2'.",
         "$.lines：不符合“maxItems: 2”。"),
        ({"size": 1, "code": "abc"}, "$.code: does not fit 'pattern: ^[A-Z]{2}$'.",
         "$.code：不符合“pattern: ^[A-Z]{2}$”。"),
        ({"size": 1, "color": "green"}, "$.color: must be one of: red, blue.", "$.color：必须是以下之一：red, blue。"),
        (
            {"size": 1, "sise": 2},
            "$: 'sise' is not one of the keys: code, color, lines, size.",
            "$：“sise”不在允许的键中：code, color, lines, size。",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(document: Any, english: str, chinese: str) -> None:
    with pytest.raises(FieldValueError) as caught:
        TYPES.parse(document, field("json", json_schema=json.dumps(SCHEMA)))
    assert str(caught.value) == english
    assert message(caught.value.code, "zh", **caught.value.params) == chinese


@pytest.mark.promise("OBJ-18")
def test_a_document_that_fits_is_taken() -> None:
    document = {"size": 1, "lines": [{"price": None}], "code": "AB", "color": "red"}
    kept = TYPES.parse(document, field("json", json_schema=json.dumps(SCHEMA)))
    assert json.loads(str(kept)) == document
    assert list(schema_faults(SCHEMA)) == []


def test_what_a_rule_gives_is_brought_to_its_form_and_judged() -> None:
    definition = field("json")
    json_type = TYPES.of(definition)
    assert json_type.keep('{"b": 1, "a": 2}', definition) == '{"a":2,"b":1}'
    assert json_type.keep("no document", definition) == "no document"
    with pytest.raises(FieldValueError):
        json_type.check("no document", definition)


def test_a_pattern_takes_linear_time() -> None:
    schema = json.dumps({"items": {"type": "string", "pattern": "^(a+)+$"}})
    with pytest.raises(FieldValueError, match="pattern"):
        TYPES.parse(["a" * 40_000 + "!"], field("json", json_schema=schema))
