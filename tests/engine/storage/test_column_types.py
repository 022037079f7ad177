"""Columns: every kind gives back the value it took, with the same order on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, func, select

from engine.storage.codecs import AnyCodec, MoneyCodec, TargetsCodec
from engine.storage.column_types import ColumnKind, column_type, instant_text, scale_up
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from metamodel.values import Money, Ref

ID = "0199e5a0-0000-7000-8000-000000000001"
VALUES: list[tuple[ColumnKind, list[Any]]] = [
    (ColumnKind.ID, [ID]),
    (ColumnKind.TEXT, ["", "Äbc", "阀门", "a'b\"c\\"]),
    (ColumnKind.INTEGER, [0, -1, 2**63 - 1]),
    (ColumnKind.DECIMAL, [Decimal("0"), Decimal("-12.34"), Decimal("90071992547409.93")]),
    (ColumnKind.BOOLEAN, [True, False]),
    (ColumnKind.DATE, [date(2026, 2, 28), date(1, 1, 1)]),
    (ColumnKind.DATETIME, [datetime(2026, 11, 21, 23, 59, 59, 999999, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]),
    (ColumnKind.JSON, [{"a": [1, None, "阀"]}, []]),
]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def _table(database: Database, kind: ColumnKind, scale: int = 2) -> Table:
    table = Table(f"probe_{kind.value}", MetaData(), Column("value", column_type(kind, database.dialect, scale=scale)))
    with database.write() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
    return table


def test_each_kind_gives_back_what_it_took_and_empty_stays_empty(database: Database) -> None:
    for kind, values in VALUES:
        table = _table(database, kind)
        for value in [*values, None]:
            with database.write() as connection:
                connection.execute(table.delete())
                connection.execute(table.insert(), [{"value": value}])
                found = connection.execute(select(table.c.value)).scalar_one()
            assert found == value
            assert type(found) is type(value)


def test_a_datetime_of_another_zone_comes_back_in_utc(database: Database) -> None:
    table = _table(database, ColumnKind.DATETIME)
    moment = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    with database.write() as connection:
        connection.execute(table.insert(), [{"value": moment}])
        found = connection.execute(select(table.c.value)).scalar_one()
    assert found == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.utcoffset() == timedelta()


def test_texts_are_in_the_order_of_their_code_points(database: Database) -> None:
    table = _table(database, ColumnKind.TEXT)
    texts = ["b", "B", "a", "Z", "é", "阀", "_", "10", "9"]
    with database.write() as connection:
        connection.execute(table.insert(), [{"value": text} for text in texts])
        found = connection.execute(select(table.c.value).order_by(table.c.value)).scalars().all()
    assert list(found) == sorted(texts)


def test_sums_of_decimals_are_exact(database: Database) -> None:
    table = _table(database, ColumnKind.DECIMAL)
    with database.write() as connection:
        connection.execute(table.insert(), [{"value": Decimal("0.10")}] * 1000)
        total = connection.execute(select(func.sum(table.c.value))).scalar_one()
    assert total == Decimal("100.00")


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_the_texts_of_instants_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


@given(st.decimals(-10_000, 10_000, places=6))
def test_scaling_rounds_half_up_to_the_columns_places(value: Decimal) -> None:
    scaled = Decimal(scale_up(value, 2)).scaleb(-2)
    assert abs(scaled - value) <= Decimal("0.005")
    assert scale_up(Decimal("0.005"), 2) == 1
    assert scale_up(Decimal("-0.005"), 2) == -1


def test_a_number_with_too_many_digits_is_refused_by_name() -> None:
    with pytest.raises(OverflowError, match="too many digits"):
        scale_up(Decimal(10) ** 18, 4)


def _columns(*names: str) -> tuple[Column[Any], ...]:
    table = Table("t", MetaData(), *(Column(name, column_type(ColumnKind.TEXT, Dialect.SQLITE)) for name in names))
    return tuple(table.c)


def test_fields_of_several_columns_are_taken_apart_and_put_together() -> None:
    money = MoneyCodec(field="m", columns=_columns("m", "m_currency", "m_base"), base_currency="CNY")
    owner = TargetsCodec(field="owner", columns=_columns("owner", "owner_queue"), targets=("user", "queue"))
    about = AnyCodec(field="about", columns=_columns("about", "about_object"))
    for codec, value in (
        (money, Money(Decimal("1.50"), "CNY")),
        (money, None),
        (owner, Ref("queue", ID)),
        (owner, None),
        (about, Ref("deal", ID)),
        (about, None),
    ):
        parts = codec.to_columns(value)
        assert tuple(parts) == codec.names
        assert codec.from_columns(list(parts.values())) == value
    assert money.to_columns(Money(Decimal(2), "CNY"))["m_base"] == Decimal(2)
    assert money.to_columns(Money(Decimal(2), "USD"), Decimal(14))["m_base"] == Decimal(14)
