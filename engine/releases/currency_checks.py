"""Looks, before a release takes currencies away, whether there are amounts in them.

A currency is taken away that has no rate any more, or whose rates begin later than before; the base currency too,
where another one takes its place and gives it no rate.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, inspect, select

from engine.storage.codecs import MoneyCodec
from engine.storage.tables import Tables
from metamodel.apps import Metamodel
from metamodel.currency_rates import known_currencies
from metamodel.fields import FieldDef
from metamodel.source import Problem


def check_currencies(connection: Connection, old: Metamodel, tables: Tables, new: Metamodel) -> Iterator[Problem]:
    """Give a problem for each field with amounts that would have no rate.

    Problems: APP806.
    """
    gone = sorted(_gone(old, new))
    present = set(inspect(connection).get_table_names()) if gone else set()
    for key in old.objects if gone else ():
        table = tables.of(key)
        for name, codec in table.codecs.items():
            field = new.objects[key].fields.get(name) if key in new.objects else None
            if field is not None and isinstance(codec, MoneyCodec) and table.table.name in present:
                currency = table.table.c[codec.names[1]]
                query = select(currency, func.count()).where(currency.in_(gone)).group_by(currency).order_by(currency)
                for code, count in connection.execute(query):
                    yield _problem(key, field, code, count, new)


def _gone(old: Metamodel, new: Metamodel) -> set[str]:
    known = set(known_currencies(new))
    gone = set(known_currencies(old)) - known
    for name, before in old.currencies.items():
        after = new.currencies.get(name)
        if name in known and before.rates and after is not None and after.rates:
            gone |= {name} if after.rates[0][0] > before.rates[0][0] else set()
    return gone


def _problem(key: str, field: FieldDef, code: str, count: int, new: Metamodel) -> Problem:
    later = new.currencies.get(code) is not None and code in known_currencies(new)
    why = "its rates now begin later than before" if later else "there is no rate for it any more"
    return Problem(
        code="APP806",
        message=f"{count} records have '{field.name}' of {key} in {code}, and {why}",
        at=field.at,
        hint=f"keep the rates of {code} in currencies.yaml",
    )
