"""Each field type reads text and JSON strictly, gives back what it read, and says in two languages what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metamodel.field_types import (
    FieldTypeRegistry,
    FieldValueError,
    StorageKind,
)
from metamodel.field_types.messages import MESSAGES
from metamodel.source import LocatedText
from metamodel.values import Money, Ref
from tests.support.field_values import BAD, GOOD, TYPES, field, parse


def code_of(type_: str, raw: object, **options: object) -> str:
    with pytest.raises(FieldValueError) as caught:
        parse(type_, raw, **options)
    return caught.value.code


@pytest.mark.parametrize(("type_", "raw", "value"), GOOD)
def test_a_good_value_is_read_as_the_type_s_python_value(type_: str, raw: object, value: object) -> None:
    found = parse(type_, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("type_", "raw", "value"), [case for case in GOOD if case[2] is not None])
def test_what_is_given_as_json_is_read_as_the_same_value(type_: str, raw: object, value: object) -> None:
    assert parse(type_, TYPES.to_json(value, field(type_))) == value


@pytest.mark.parametrize(("type_", "raw", "code"), BAD)
def test_a_bad_value_is_refused_with_its_code(type_: str, raw: object, code: str) -> None:
    assert code_of(type_, raw) == code


@pytest.mark.parametrize("type_", [name for name in TYPES.names if name != "boolean"])
@pytest.mark.parametrize("raw", [None, "", "   "])
def test_nothing_is_empty(type_: str, raw: object) -> None:
    assert parse(type_, raw) is None


@pytest.mark.parametrize("raw", [None, ""])
def test_a_boolean_is_never_empty(raw: object) -> None:
    assert parse("boolean", raw) is False


def test_a_phone_number_without_country_asks_for_it() -> None:
    with pytest.raises(FieldValueError) as caught:
        TYPES.parse("13800138000", field("phone"))
    assert caught.value.code == "phone_country"


@pytest.mark.parametrize(
    ("type_", "options", "raw", "code"),
    [
        ("text", {"max_length": 3}, "abcd", "too_long"),
        ("text", {"pattern": LocatedText.plain("[A-Z]{2}")}, "ABC", "pattern"),
        ("integer", {"minimum": 5}, 4, "below_minimum"),
        ("decimal", {"maximum": Decimal("0.5")}, "0.6", "above_maximum"),
        ("decimal", {"digits": 1}, "0.25", "too_many_digits"),
        ("percent", {"maximum": Decimal(1)}, "101%", "above_maximum"),
        ("money", {"minimum": Money(Decimal(0), "CNY")}, "-1", "below_minimum"),
        ("date", {"minimum": date(2026, 1, 1)}, "2025-12-31", "below_minimum"),
        ("datetime", {"maximum": datetime(2026, 1, 1, tzinfo=UTC)}, "2026-01-02T00:00Z", "above_maximum"),
    ],
)  # fmt: skip
def test_the_bounds_of_a_field_hold(type_: str, options: dict[str, object], raw: object, code: str) -> None:
    assert code_of(type_, raw, **options) == code


@pytest.mark.parametrize(
    ("how", "raw", "value"),
    [("trim", " a ", "a"), ("lower", "Ann", "ann"), ("upper", "de", "DE"), ("digits", "A-1 2", "12")],
)
def test_texts_are_normalised_as_the_field_says(how: str, raw: str, value: str) -> None:
    assert parse("text", raw, normalise=how) == value


def test_a_text_that_is_normalised_to_nothing_is_empty() -> None:
    assert parse("text", "abc", normalise="digits") is None


def test_a_lookup_of_several_objects_needs_to_know_which() -> None:
    several = {"targets": ("user", "queue")}
    assert parse("lookup", {"object": "queue", "id": "01"}, **several) == Ref("queue", "01")
    assert parse("lookup", "user:01", **several) == Ref("user", "01")
    assert code_of("lookup", "01", **several) == "not_record"
    assert code_of("lookup", "account:01", **several) == "wrong_object"
    assert TYPES.to_json(Ref("queue", "01"), field("lookup", targets=("user", "queue"))) == {
        "object": "queue",
        "id": "01",
    }


def test_a_lookup_of_any_object_takes_every_object() -> None:
    assert parse("lookup", "account:01", targets=()) == Ref("account", "01")


def test_the_storage_of_a_lookup_follows_from_its_targets() -> None:
    lookup = TYPES.find("lookup")
    assert lookup is not None
    assert lookup.storage(field("lookup")) is StorageKind.REFERENCE
    assert lookup.storage(field("lookup", targets=("user", "queue"))) is StorageKind.ANY_REFERENCE


RAW = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.decimals(),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.sampled_from(["amount", "currency", "id", "object"]),
    st.one_of(st.text(max_size=5), st.integers(), st.none()), max_size=3),
)  # fmt: skip


@given(st.sampled_from(TYPES.names), RAW)
def test_any_value_is_read_or_refused_with_a_code_and_never_kept_as_a_float(type_: str, raw: object) -> None:
    value, code = read_or_code(type_, raw)
    assert code is None or code in MESSAGES
    assert not isinstance(value, float)
    if value is not None:
        assert parse(type_, TYPES.to_json(value, field(type_))) == value


def read_or_code(type_: str, raw: object) -> tuple[object, str | None]:
    try:
        return parse(type_, raw), None
    except FieldValueError as error:
        return None, error.code


def test_the_registry_finds_the_type_of_a_roll_up_s_values() -> None:
    assert TYPES.of(field("rollup", result_type="money")).name == "money"
    assert isinstance(TYPES, FieldTypeRegistry)
