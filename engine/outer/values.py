"""Values of another database brought to ours: whatever a driver gives for a column, a field has its kind of value.

Money is in the base currency, a percentage is a fraction, a moment without a zone is one in the app's zone. What is no
value of the field's type is told in the log and shown as empty, since one bad row must not hide the others.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from metamodel.field_types.number import DEFAULT_DIGITS, MONEY_DIGITS, PERCENT_POINT_DIGITS
from metamodel.fields import FieldDef
from metamodel.values import Money

_LOG = logging.getLogger("fieldstone.outer")
_TRUE = frozenset(("1", "t", "true", "y", "yes", "on", "是"))
_FALSE = frozenset(("0", "f", "false", "n", "no", "off", "否"))
_LARGEST_INTEGER = 2**63 - 1
# Behind a date may stand a time, but no `BC`.
_ENDS_DATE = re.compile(r"\Z|[T ][0-9]")
Read = Callable[[Any], Any]


def value_reader(definition: FieldDef, *, currency: str, zone: ZoneInfo, table: str) -> Read:
    """Make the function from what the driver gives to the field's value."""
    read = _reader(definition, currency, zone)

    def value(raw: Any) -> Any:
        if raw is None:
            return False if definition.type == "boolean" else None
        try:
            return read(raw)
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            _LOG.warning("a value of %s is no %s for the field '%s'", table, definition.type, definition.name)
            return None

    return value


def text_of(raw: Any) -> str | None:
    """Give a text; bytes are read as UTF-8, one of nothing but blanks is none."""
    if isinstance(raw, bytes | memoryview):
        raw = bytes(raw).decode()
    if isinstance(raw, Decimal) and raw == raw.to_integral_value():
        raw = int(raw)
    text = str(raw).replace("\0", "")  # which no text of ours may hold
    return text if text.strip(" ") else None


def digits_of(definition: FieldDef) -> int:
    """Give how many decimal places a number is kept with."""
    if definition.value_type == "percent":
        return (PERCENT_POINT_DIGITS if definition.digits is None else definition.digits) + 2
    default = MONEY_DIGITS if definition.value_type == "money" else DEFAULT_DIGITS
    return default if definition.digits is None else definition.digits


def _reader(definition: FieldDef, currency: str, zone: ZoneInfo) -> Read:
    match definition.type:
        case "integer" | "rating":
            return _integer
        case "decimal" | "percent":
            return lambda raw: _number(raw, digits_of(definition))
        case "money":
            return lambda raw: Money(_number(raw, digits_of(definition)), currency)
        case "date":
            return lambda raw: _date(raw, zone)
        case "datetime":
            return lambda raw: _moment(raw, zone)
        case kind:
            return _READERS.get(kind, text_of)


def _integer(raw: Any) -> int:
    number = Decimal(str(raw).strip())
    if number != number.to_integral_value() or abs(number) > _LARGEST_INTEGER:
        raise ValueError(raw)
    return int(number)


def _number(raw: Any, digits: int) -> Decimal:
    number = Decimal(str(raw).strip())
    if not number.is_finite() or abs(number.scaleb(digits)) >= _LARGEST_INTEGER:
        raise ValueError(raw)
    return number.quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP")


def _truth(raw: Any) -> bool:
    word = str(raw).strip().lower()
    if isinstance(raw, bool | int | float | Decimal):
        return bool(raw)
    if word not in _TRUE | _FALSE:
        raise ValueError(raw)
    return word in _TRUE


def _date(raw: Any, zone: ZoneInfo) -> dt.date:
    if isinstance(raw, dt.datetime):
        return (raw if raw.tzinfo is None else raw.astimezone(zone)).date()
    if isinstance(raw, dt.date):
        return raw
    text = str(raw).strip()
    if not _ENDS_DATE.match(text[10:]):
        raise ValueError(raw)
    return dt.date.fromisoformat(text[:10])


def _moment(raw: Any, zone: ZoneInfo) -> dt.datetime:
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        raw = dt.datetime.combine(raw, dt.time())
    moment = raw if isinstance(raw, dt.datetime) else dt.datetime.fromisoformat(str(raw).strip())
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(dt.UTC)


def _time(raw: Any) -> dt.time:
    if isinstance(raw, dt.timedelta):
        raw = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + raw).time()
    return raw.replace(tzinfo=None) if isinstance(raw, dt.time) else dt.time.fromisoformat(str(raw).strip())


def plain_key(raw: Any) -> str | None:
    """Give the text of a key, by which rows and what points at them are put together."""
    return str(raw) if isinstance(raw, UUID) else text_of(raw)


_READERS: Mapping[str, Read] = MappingProxyType(
    {"boolean": _truth, "time": _time, "lookup": plain_key, "user": plain_key}
)
