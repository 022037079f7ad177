"""Each field type reads text and JSON strictly, gives back what it read, and says in two languages what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metamodel.field_types import (
    COMMON_KEYS,
    FieldType,
    FieldTypeRegistry,
    FieldValueError,
    StorageKind,
    ValueContext,
    message,
    standard_field_types,
)
from metamodel.field_types.messages import MESSAGES
from metamodel.field_types.temporal import first_valid_instant
from metamodel.fields import ChoiceDef, FieldDef, OptionDef, RelationDef, RelationKind
from metamodel.source import NOWHERE, LocatedText
from metamodel.values import Money, Ref

TYPES = standard_field_types()
CHINA = ValueContext(currency="CNY", country="CN", timezone="Asia/Shanghai")
OPTIONS = ChoiceDef(options=(OptionDef(name="won", at=NOWHERE), OptionDef(name="lost", at=NOWHERE, active=False)))


def field(type_: str, **options: object) -> FieldDef:
    given_options: dict[str, object] = {"name": "x", "type": type_, "app": "a", "at": NOWHERE}
    if type_ == "choice":
        given_options["choice"] = OPTIONS
    if type_ in ("lookup", "child_of", "user"):
        targets = options.pop("targets", ("account",))
        given_options["relation"] = RelationDef(kind=RelationKind(type_), targets=targets, at=NOWHERE)  # type: ignore[arg-type]
    return FieldDef(**(given_options | options))  # type: ignore[arg-type]


def parse(type_: str, raw: object, **options: object) -> object:
    return TYPES.parse(raw, field(type_, **options), CHINA)


def code_of(type_: str, raw: object, **options: object) -> str:
    with pytest.raises(FieldValueError) as caught:
        parse(type_, raw, **options)
    return caught.value.code


GOOD: list[tuple[str, object, object]] = [
    ("text", "阀门", "阀门"),
    ("text", "  kept  ", "  kept  "),
    ("long_text", "a\r\nb\rc", "a\nb\nc"),
    ("email", " ann@example.com ", "ann@example.com"),
    ("email", "安@例子.公司".replace("安", "an"), "an@例子.公司"),
    ("phone", "138 0013 8000", "+8613800138000"),
    ("phone", "+1 650-253-0000", "+16502530000"),
    ("phone", "+49 30 901820 ext. 12", "+4930901820;ext=12"),
    ("url", "https://例子.cn/路?a=1", "https://例子.cn/路?a=1"),
    ("url", "http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("integer", "12", 12),
    ("integer", 12, 12),
    ("integer", "1e3", 1000),
    ("integer", 12.0, 12),
    ("decimal", "1234.5", Decimal("1234.5")),
    ("decimal", 0.1, Decimal("0.1")),
    ("decimal", "-.5", Decimal("-0.5")),
    ("decimal", "1.23450000", Decimal("1.2345")),
    ("percent", "20%", Decimal("0.2")),
    ("percent", "12.5 %", Decimal("0.125")),
    ("percent", "0.2", Decimal("0.2")),
    ("percent", Decimal("0.2"), Decimal("0.2")),
    ("money", "12.50 CNY", Money(Decimal("12.50"), "CNY")),
    ("money", "12.50", Money(Decimal("12.50"), "CNY")),
    ("money", 12, Money(Decimal(12), "CNY")),
    ("money", {"amount": "3.1", "currency": "EUR"}, Money(Decimal("3.1"), "EUR")),
    ("money", {"amount": "3.1"}, Money(Decimal("3.1"), "CNY")),
    ("money", {"amount": "", "currency": "EUR"}, None),
    ("money", Money(Decimal(1), "USD"), Money(Decimal(1), "USD")),
    ("boolean", "on", True),
    ("boolean", "False", False),
    ("boolean", 1, True),
    ("boolean", True, True),
    ("date", "2026-11-21", date(2026, 11, 21)),
    ("date", date(2026, 11, 21), date(2026, 11, 21)),
    ("datetime", "2026-11-21T09:00", datetime(2026, 11, 21, 1, 0, tzinfo=UTC)),
    ("datetime", "2026-11-21 09:00:30Z", datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)),
    ("datetime", "2026-11-21T09:00:00.25+02:00", datetime(2026, 11, 21, 7, 0, 0, 250_000, tzinfo=UTC)),
    ("choice", "won", "won"),
    ("choice", "lost", "lost"),
    ("lookup", "0193-ab", "0193-ab"),
    ("lookup", {"id": "0193-ab", "title": "ACME"}, "0193-ab"),
    ("lookup", Ref("account", "0193"), "0193"),
    ("child_of", "account:0193", "0193"),
    ("user", "0193", "0193"),
]


@pytest.mark.parametrize(("type_", "raw", "value"), GOOD)
def test_a_good_value_is_read_as_the_type_s_python_value(type_: str, raw: object, value: object) -> None:
    found = parse(type_, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("type_", "raw", "value"), [case for case in GOOD if case[2] is not None])
def test_what_is_given_as_json_is_read_as_the_same_value(type_: str, raw: object, value: object) -> None:
    assert parse(type_, TYPES.to_json(value, field(type_))) == value


BAD: list[tuple[str, object, str]] = [
    ("text", 12, "not_text"),
    ("text", ["a"], "not_text"),
    ("text", "a\nb", "line_break"),
    ("text", "a\x00b", "bad_character"),
    ("text", "\ud800", "bad_character"),
    ("text", "x" * 1_001, "too_long"),
    ("long_text", "x" * 65_537, "too_long"),
    ("email", "ann@", "not_email"),
    ("email", "ann@example", "not_email"),
    ("email", "a b@example.com", "not_email"),
    ("email", "ann@example.com\nbcc: all@example.com", "line_break"),
    ("email", "ann@-example.com", "not_email"),
    ("phone", "abc", "not_phone"),
    ("phone", "12", "not_phone"),
    ("url", "javascript:alert(1)", "not_url"),
    ("url", "https://", "not_url"),
    ("url", "https://exa mple.com", "not_url"),
    ("url", "https://example.com:port/", "not_url"),
    ("url", "//example.com", "not_url"),
    ("integer", "1.5", "not_integer"),
    ("integer", True, "not_integer"),
    ("integer", "1,000", "not_integer"),
    ("integer", "１２", "not_integer"),
    ("integer", 2**63, "too_large"),
    ("integer", "9e99", "too_large"),
    ("decimal", "NaN", "not_number"),
    ("decimal", float("inf"), "not_number"),
    ("decimal", Decimal("Infinity"), "not_number"),
    ("decimal", "1.23456", "too_many_digits"),
    ("decimal", "1e99", "too_large"),
    ("decimal", "99999999999999999", "too_large"),
    ("decimal", {}, "not_number"),
    ("percent", "20 %%", "not_percent"),
    ("percent", "12.345%", "too_many_digits"),
    ("money", "12.50 RMBs", "not_currency"),
    ("money", "CNY 12", "not_money"),
    ("money", {"amount": "1", "currency": 7}, "not_currency"),
    ("money", {"value": 1}, "not_money"),
    ("money", "¥12", "not_money"),
    ("boolean", "maybe", "not_boolean"),
    ("boolean", 2, "not_boolean"),
    ("boolean", [], "not_boolean"),
    ("date", "21.11.2026", "not_date"),
    ("date", "2026-02-30", "not_date"),
    ("date", "2026-11-21T09:00", "not_date"),
    ("date", datetime(2026, 11, 21, tzinfo=UTC), "not_date"),
    ("date", 20261121, "not_date"),
    ("datetime", "2026-11-21", "not_datetime"),
    ("datetime", "2026-11-21T25:00", "not_datetime"),
    ("datetime", "0001-01-01T00:00+14:00", "not_datetime"),
    ("choice", "wonn", "unknown_option"),
    ("choice", ["won"], "unknown_option"),
    ("lookup", 7, "not_record"),
    ("lookup", "a b", "not_record"),
    ("lookup", {"id": 7}, "not_record"),
    ("lookup", "contact:0193", "wrong_object"),
    ("autonumber", "OPP-1", "computed"),
    ("rollup", "1", "computed"),
]


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


@pytest.mark.parametrize("field_type", list(TYPES), ids=lambda t: t.name)
def test_every_type_says_what_other_layers_ask(field_type: FieldType) -> None:
    assert field_type.dsl_type in {
        "text", "integer", "decimal", "money", "percent", "boolean", "date", "datetime", "choice", "record",
    }  # fmt: skip
    assert field_type.widget
    assert field_type.storage(field(field_type.name)) in StorageKind
    assert field_type.required_keys <= field_type.allowed_keys
    assert field_type.keys.isdisjoint(COMMON_KEYS)


@pytest.mark.parametrize(("type_", "raw", "code"), BAD)
def test_every_message_is_whole_in_both_languages(type_: str, raw: object, code: str) -> None:
    with pytest.raises(FieldValueError) as caught:
        parse(type_, raw)
    english = message(code, "en", **caught.value.params)
    chinese = message(code, "zh-CN", **caught.value.params)
    assert str(caught.value) == english != chinese
    assert "{" not in english + chinese


def test_every_message_has_the_same_parts_in_both_languages() -> None:
    def parts(text: str) -> set[str]:
        return {piece.split("}")[0] for piece in text.split("{")[1:]}

    assert [code for code, (english, chinese) in MESSAGES.items() if parts(english) != parts(chinese)] == []


class ColourType(FieldType):
    """A type of a plugin."""

    name = "colour"
    dsl_type = "text"
    widget = "text"

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.TEXT

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return str(raw)


def test_a_plugin_adds_a_type_to_a_registry_of_its_own() -> None:
    more = TYPES.with_types([ColourType()])
    assert "colour" in more
    assert "colour" not in TYPES
    with pytest.raises(ValueError, match="exists already"):
        more.with_types([ColourType()])


@pytest.mark.parametrize(
    ("local", "zone", "instant"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00+00:00"),
        ("2026-03-08T02:00", "America/New_York", "2026-03-08T07:00:00+00:00"),
        ("2026-11-21T09:00", "Asia/Shanghai", "2026-11-21T01:00:00+00:00"),
    ],
)
def test_a_local_time_in_a_gap_is_the_first_instant_after_it(local: str, zone: str, instant: str) -> None:
    assert first_valid_instant(datetime.fromisoformat(local), zone).isoformat() == instant


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
