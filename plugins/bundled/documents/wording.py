"""How values stand in a document: numbers, money, dates and times as the template's language writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

from plugins import MoneyAmount, MoneyText, OptionText, Share
from plugins.bundled.email.sandbox import MAX_NUMBER

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_US"}
_WORDS = {"zh": ("是", "否"), "en": ("Yes", "No")}
_JOINS = {"zh": "、"}
_MOST_DIGITS = 6


class Wording:
    """Writes plain values in one language; timezone: of moments."""

    def __init__(self, language: str, timezone: str) -> None:
        self._language = language.split("-")[0].split("_")[0].lower()
        self._locale = _locale(_LOCALES.get(self._language, language.replace("-", "_")))
        self._zone = _zone(timezone)

    def text(self, value: object) -> str:
        """Write any value."""
        match value:
            case None:
                return ""
            case OptionText():
                return value.label
            case bool():
                return _WORDS.get(self._language, _WORDS["en"])[0 if value else 1]
            case MoneyAmount() | MoneyText():
                return self.money(value)
            case Share():
                return self.percent(value)
            case Decimal() | int() | float():
                return self.number(value)
            case dt.datetime() | dt.date():
                return self.date(value)
        return self._joined(value)

    def _joined(self, value: object) -> str:
        if isinstance(value, Mapping):
            return next((text for part in ("this", "title", "name") if (text := self.text(value.get(part)))), "")
        if isinstance(value, Sequence) and not isinstance(value, str):
            return _JOINS.get(self._language, ", ").join(map(self.text, value))
        return str(value)

    def number(self, value: object, digits: int | None = None) -> str:
        """Write a number with its thousands apart, with so many digits where they are given."""
        if not isinstance(value, Decimal | int | float) or isinstance(value, bool):
            return self.text(value) if isinstance(value, bool) else "" if value is None else str(value)
        if not -MAX_NUMBER < value < MAX_NUMBER:
            return str(value)[:60]
        if digits is None:
            pattern = "#,##0." + "#" * 9
        else:
            places = min(max(digits, 0), _MOST_DIGITS)
            pattern = "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(Decimal(str(value)), format=pattern, locale=self._locale)

    def money(self, value: object, digits: int | None = None) -> str:
        """Write an amount with its currency, or a number as an amount without one."""
        match value:
            case MoneyText():
                amount, symbol = value.amount, f"{value.currency} "
                precision = get_currency_precision(value.currency)
            case MoneyAmount():
                amount, symbol = Decimal(value), self._symbol(value.currency)
                precision = get_currency_precision(value.currency)
            case Decimal() | int() | float():
                amount, symbol, precision = Decimal(str(value)), "", 2
            case _:
                return ""
        sign = "-" if amount < 0 else ""
        return f"{sign}{symbol}{self.number(abs(amount), precision if digits is None else digits)}"

    def percent(self, value: object) -> str:
        """Write a share (0.2) as a percentage (20%)."""
        return f"{self.number(Decimal(str(value)) * 100)}%" if isinstance(value, Decimal | int | float) else ""

    def date(self, value: object, pattern: str = "medium") -> str:
        """Write a day, or a moment as day and time of day in the app's zone."""
        if isinstance(value, dt.datetime):
            local = value.astimezone(self._zone)
            clock = format_time(local.time(), "HH:mm", locale=self._locale)
            return f"{self.date(local.date(), pattern)} {clock}"
        if not isinstance(value, dt.date):
            return ""
        return format_date(value, pattern if pattern in ("short", "medium", "long", "full") else "medium", self._locale)

    def _symbol(self, currency: str) -> str:
        symbol = get_currency_symbol(currency, self._locale)
        # Among people who count in yuan, CN¥ is just ¥; a sign that fonts may lack is better spelt out.
        symbol = symbol.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or symbol
        return symbol if symbol in ("$", "€", "£", "¥", "￥") else f"{currency} "


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en_US")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
