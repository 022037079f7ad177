"""Ids made of keys and back, and what drivers give turned into values of fields."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outer.keys import id_of_key, key_of_id
from engine.outer.values import value_reader
from metamodel.fields import FieldDef
from metamodel.source import Location
from metamodel.values import Money

AT = Location(file="customer.yaml")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60))
def test_an_id_gives_its_key_back_and_is_safe_in_an_address(key: str) -> None:
    made = id_of_key(key)
    assert key_of_id(made) == key
    assert all(letter.isascii() and (letter.isalnum() or letter in "~_-") for letter in made)
    assert made not in ("new", "import", "export")


@pytest.mark.parametrize("text", ["", "new", "~", "~x", "~QzAwMw", "a b", "../etc", "客户", "~____", "1" * 300, "C1\n"])
def test_what_no_key_makes_is_no_id(text: str) -> None:
    assert key_of_id(text) is None


READ: list[tuple[str, Any, Any]] = [
    ("text", "  a  ", "  a  "),
    ("text", "   ", None),
    ("text", "", None),
    ("text", b"\xe5\xae\xa2", "客"),
    ("text", 7, "7"),
    ("integer", "12", 12),
    ("integer", Decimal("12.00"), 12),
    ("integer", "12.5", None),
    ("integer", 10**30, None),
    ("decimal", 0.1, Decimal("0.1000")),
    ("decimal", "NaN", None),
    ("decimal", "1e40", None),
    ("percent", Decimal("0.05"), Decimal("0.0500")),
    ("money", 62.5, Money(Decimal("62.50"), "CNY")),
    ("money", "many", None),
    ("boolean", 1, True),
    ("boolean", "N", False),
    ("boolean", None, False),
    ("boolean", "perhaps", None),
    ("date", "2026-01-02 00:00:00", dt.date(2026, 1, 2)),
    ("date", dt.datetime.fromisoformat("2026-01-02T05:00"), dt.date(2026, 1, 2)),
    ("date", "soon", None),
    ("date", "infinity", None),
    ("date", "0044-01-01 BC", None),
    ("date", dt.datetime.fromisoformat("2026-01-02T20:00+00:00"), dt.date(2026, 1, 3)),
    ("datetime", "2026-01-02T08:00:00", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
    ("datetime", "2026-01-02T08:00:00+00:00", dt.datetime(2026, 1, 2, 8, tzinfo=dt.UTC)),
    ("datetime", dt.date(2026, 1, 2), dt.datetime(2026, 1, 1, 16, tzinfo=dt.UTC)),
    ("time", dt.timedelta(hours=8, minutes=5), dt.time(8, 5)),
    ("time", "08:05", dt.time(8, 5)),
]


@pytest.mark.parametrize(("kind", "raw", "value"), READ)
def test_what_a_driver_gives_becomes_the_fields_value_and_nonsense_is_empty(kind: str, raw: Any, value: Any) -> None:
    definition = FieldDef(name="f", type=kind, app="shop", at=AT)
    read = value_reader(definition, currency="CNY", zone=ZoneInfo("Asia/Shanghai"), table="erp.customers")
    assert read(raw) == value
