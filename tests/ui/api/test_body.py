"""JSON bodies: what is ambiguous, huge or not storable is a 400, everything else is read exactly."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.api.body import MAX_DEPTH, parse_object, take_confirm
from ui.errors import ApiProblem


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"text"',
        b"12",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": ["\\udc00x"]}',
        b"\xff\xfe{}",
        b'{"a": "\xc3\x28"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1e999999}',
        b'{"a": 1E-999999}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b'{"a": 1} {"b": 2}',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 01}',
    ],
)
def test_a_malformed_or_ambiguous_body_is_refused(body: bytes) -> None:
    with pytest.raises(ApiProblem) as refused:
        parse_object(body)
    assert refused.value.status == 400


def test_numbers_keep_their_digits() -> None:
    assert parse_object(b'{"a": 12.10, "b": 12345678901234567890123}') == {
        "a": Decimal("12.10"),
        "b": 12345678901234567890123,
    }
    assert str(parse_object(b'{"a": 12.10}')["a"]) == "12.10"


def test_a_depth_just_within_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 2
    assert parse_object(b'{"a": ' + b"[" * depth + b"1" + b"]" * depth + b"}")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5), JSON_VALUES, max_size=4
    )
)
def test_what_is_well_formed_is_read_as_it_is(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    assert refusal_of(body) in (None, 400)


def refusal_of(body: bytes) -> int | None:
    try:
        parse_object(body)
    except ApiProblem as refused:
        return refused.status
    return None


def test_confirm_is_taken_out_only_as_a_list_of_texts() -> None:
    values: dict[str, object] = {"name": "x", "confirm": ["dup"]}
    assert take_confirm(values) == ("dup",)
    assert values == {"name": "x"}
    kept: dict[str, object] = {"confirm": True}
    assert take_confirm(kept) == ()
    assert kept == {"confirm": True}
    with pytest.raises(ApiProblem):
        take_confirm({"confirm": [1]})
