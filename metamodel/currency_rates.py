"""What money of other currencies is worth in the base currency: by the rate of a day, as `currencies.yaml` has it.

Pure: which day counts for a record is said here too, where its values and the zone are given.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from metamodel.apps import Metamodel
from metamodel.definitions.service import CurrencyDef
from metamodel.field_types.number import MONEY_DIGITS
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef


def rate_on(currency: CurrencyDef, day: dt.date) -> Decimal | None:
    """Give what one unit is worth on a day; None before the first rate."""
    at = bisect_right(currency.rates, day, key=lambda pair: pair[0])
    return currency.rates[at - 1][1] if at else None


def rate_or_first(currency: CurrencyDef, day: dt.date) -> Decimal | None:
    """Give what one unit is worth on a day; before the first rate that one counts. None without any rate."""
    return rate_on(currency, day) or (currency.rates[0][1] if currency.rates else None)


def rate_day(object_def: ObjectDef, values: Mapping[str, Any], today: dt.date, zone: dt.tzinfo) -> dt.date:
    """Give the day whose rates count for a record: of its `rate_date`, else the day it was created, else today."""
    for name in (object_def.rate_date, "created_at"):
        value = values.get(name) if name is not None else None
        if isinstance(value, dt.datetime):
            return value.astimezone(zone).date()
        if isinstance(value, dt.date):
            return value
    return today


def known_currencies(metamodel: Metamodel) -> tuple[str, ...]:
    """Give the currencies that amounts may be in, the base currency first."""
    base = metamodel.main.currency
    return (base, *(each.name for each in metamodel.currencies.values() if each.rates and each.name != base))


def rated_fields(fields: Iterable[FieldDef], metamodel: Metamodel) -> tuple[str, ...]:
    """Give the money fields that people enter, where there are other currencies than the base one."""
    if not metamodel.currencies:
        return ()
    return tuple(
        field.name for field in fields if field.value_type == "money" and field.formula is None and not field.rollup
    )


def money_digits(metamodel: Metamodel, definition: FieldDef, currency: str) -> int:
    """Give the places an amount is rounded to: what the field says, else those of its currency, two at the most."""
    if definition.digits is not None:
        return definition.digits
    known = metamodel.currencies.get(currency)
    return MONEY_DIGITS if known is None else min(known.digits, MONEY_DIGITS)


def rounded(amount: Decimal, digits: int) -> Decimal:
    """Round half up, as money is stored."""
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
