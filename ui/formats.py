"""How values are written for one person: numbers, money, dates and times in a language and time zone.

A `Formats` is made once a language and zone and kept; what costs (CLDR patterns of Babel) is looked up once a distinct
value and remembered, since dates, currencies and clock times of a list repeat. Markup is not made here.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import get_currency_precision, get_currency_symbol, get_decimal_symbol, get_group_symbol

from metamodel.field_types.spans import clock_text, time_text
from metamodel.field_types.temporal import first_valid_instant
from metamodel.values import Duration, Money

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_US"}
_KEPT = 4_096


class Formats:
    """Writes values for people; every method gives plain text."""

    def __init__(self, language: str, timezone: str, base_currency: str = "") -> None:
        self.language = language
        self._base_currency = base_currency
        self.locale = Locale.parse(_LOCALES.get(language, language))
        self.zone = _zone(timezone)
        self._decimal = get_decimal_symbol(self.locale)
        self._group = get_group_symbol(self.locale)
        self._plain = (self._decimal, self._group) == (".", ",")
        self.date = lru_cache(_KEPT)(self._date)
        self._clock = lru_cache(_KEPT)(self._clock_text)
        self._symbol = lru_cache(256)(self._currency_symbol)

    def number(self, value: Decimal | int) -> str:
        """Write a number with grouped thousands and no trailing zeros."""
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,d}"
        return self._localise(_trimmed(text))

    def percent(self, value: Decimal) -> str:
        """Write a share (0.2) as a percentage (20%)."""
        return self._localise(_trimmed(f"{value * 100:,f}")) + "%"

    def money(self, value: Money) -> str:
        """Write an amount with its currency's symbol and digits."""
        return self._money(value, self._symbol(value.currency)[1])

    def money_short(self, value: Money) -> str:
        """Write an amount, without decimals where it is a whole one."""
        whole = value.amount == value.amount.to_integral_value()
        return self._money(value, 0 if whole else self._symbol(value.currency)[1])

    def _money(self, value: Money, digits: int) -> str:
        symbol = self._symbol(value.currency)[0]
        text = f"{abs(value.amount):,.{digits}f}"
        sign = "-" if value.amount < 0 else ""
        return f"{sign}{symbol}{self._localise(text)}"

    def datetime(self, value: dt.datetime) -> str:
        """Write an instant as date and time of day in the person's zone."""
        local = value.astimezone(self.zone)
        return f"{self.date(local.date())} {self._clock(local.hour, local.minute)}"

    def time(self, value: dt.time) -> str:
        """Write a time of day."""
        return time_text(value)

    def duration(self, value: Duration) -> str:
        """Write a length of time as hours and minutes."""
        return clock_text(value)

    def input_number(self, value: Decimal | int) -> str:
        """Write a number as an input shows it: no grouping, the language's decimal sign."""
        text = _trimmed(f"{value:f}" if isinstance(value, Decimal) else str(value))
        return text if self._plain else text.replace(".", self._decimal)

    def input_datetime(self, value: dt.datetime) -> str:
        """Write an instant as `datetime-local` inputs take it, in the person's zone."""
        return value.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def read_number(self, text: str) -> str:
        """Bring a number as people type it to the neutral form (`1,234.5` → `1234.5`); other text is left alone."""
        found = text.strip().replace("\u00a0", "").replace(" ", "")
        if not found or any(ch not in f"+-0123456789{self._decimal}{self._group}%" for ch in found):
            return text
        return found.replace(self._group, "").replace(self._decimal, ".")

    def read_datetime(self, text: str) -> str:
        """Bring what a `datetime-local` input posts to an ISO instant: in a gap of the clock the first one after it."""
        try:
            local = dt.datetime.fromisoformat(text)
        except ValueError:
            return text
        return text if local.tzinfo else first_valid_instant(local, self.zone.key).isoformat()

    def long_date(self, value: dt.date) -> str:
        """Write a day with its weekday, for heads of pages."""
        return format_date(value, "full", self.locale)

    def _date(self, value: dt.date) -> str:
        return format_date(value, "medium", self.locale)

    def _clock_text(self, hour: int, minute: int) -> str:
        return format_time(dt.time(hour, minute), "HH:mm", locale=self.locale)

    def _currency_symbol(self, currency: str) -> tuple[str, int]:
        symbol = get_currency_symbol(currency, self.locale)
        if currency == self._base_currency:
            # Among people who count in yuan, CN¥ is just ¥.
            symbol = symbol.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or symbol
        return symbol, get_currency_precision(currency)

    def _localise(self, text: str) -> str:
        if self._plain:
            return text
        return text.translate({ord(","): self._group, ord("."): self._decimal})


@lru_cache(256)
def formats_for(language: str, timezone: str, base_currency: str = "") -> Formats:
    """Give the formats of a language and time zone (an unknown zone counts as UTC), for who counts in a currency."""
    return Formats(language, timezone, base_currency)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
