"""Every field type says what other layers ask, in whole messages of two languages; plugins add types of their own."""

from __future__ import annotations

from datetime import datetime

import pytest

from metamodel.field_types import COMMON_KEYS, FieldType, FieldValueError, StorageKind, ValueContext, message
from metamodel.field_types.messages import MESSAGES
from metamodel.field_types.temporal import first_valid_instant
from metamodel.fields import FieldDef
from tests.support.field_values import BAD, TYPES, field, parse


@pytest.mark.parametrize("field_type", list(TYPES), ids=lambda t: t.name)
def test_every_type_says_what_other_layers_ask(field_type: FieldType) -> None:
    assert field_type.dsl_type in {
        "text", "integer", "decimal", "money", "percent", "boolean", "date", "datetime", "time", "duration", "choice",
        "list", "compound", "record",
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
