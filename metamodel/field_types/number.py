"""Number types: integer, rating, decimal, percent, money. Values are exact; floats become what they print as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from metamodel.field_types.base import DEFAULT_CONTEXT, FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm, CellPart, number_text
from metamodel.fields import FieldDef
from metamodel.values import ForeignMoney, Money

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?\Z", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}\Z", re.ASCII)
_BIGGEST_STORED = Decimal(2**63 - 1)
DEFAULT_DIGITS = 4
MONEY_DIGITS = 2
PERCENT_POINT_DIGITS = 2
MAX_PLACES = 30
MOST_STARS = 5


class IntegerType(FieldType):
    """A whole number of at most 63 bits."""

    name: str = "integer"
    dsl_type: str = "integer"
    widget: str = "number"
    keys = frozenset(("min", "max", "empty_as", "external_id"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.INTEGER

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        number = read_decimal(raw, "not_integer")
        if number != number.to_integral_value():
            raise FieldValueError("not_integer")
        return int(number)

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldValueError("not_integer")
        check_bounds(Decimal(value), field, digits=0)


class RatingType(IntegerType):
    """A number of stars: 1 up to `max`, 5 where nothing is said."""

    name: str = "rating"
    widget: str = "rating"
    keys = frozenset(("max",))

    def check(self, value: object, field: FieldDef) -> None:
        super().check(value, field)
        most = most_stars(field)
        if not isinstance(value, int) or not 1 <= value <= most:
            raise FieldValueError("not_rating", most=most)


class DecimalType(FieldType):
    """A number with a fixed number of decimal places."""

    name: str = "decimal"
    dsl_type: str = "decimal"
    widget: str = "number"
    keys = frozenset(("min", "max", "digits", "empty_as"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.DECIMAL

    def digits(self, field: FieldDef) -> int:
        """Give the decimal places that are stored."""
        return DEFAULT_DIGITS if field.digits is None else field.digits

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        number = read_decimal(raw, "not_number")
        check_digits(number, self.digits(field))
        return number

    def check(self, value: object, field: FieldDef) -> None:
        check_bounds(Decimal(str(value)), field, digits=self.digits(field))

    def to_json(self, value: object, field: FieldDef) -> object:
        return decimal_text(Decimal(str(value)))

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return (number_text(Decimal(str(value))),)


class PercentType(DecimalType):
    """A share: 20% is kept as 0.20; `digits` counts places of percent points."""

    name: str = "percent"
    dsl_type: str = "percent"
    widget: str = "percent"

    def digits(self, field: FieldDef) -> int:
        return (PERCENT_POINT_DIGITS if field.digits is None else field.digits) + 2

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, str) and raw.strip().endswith("%"):
            number = read_decimal(raw.strip()[:-1].strip(), "not_percent") / 100
        else:
            number = read_decimal(raw, "not_percent")
        if _places(number) > self.digits(field):
            raise FieldValueError("too_many_digits", digits=self.digits(field) - 2)
        return number

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return (f"{number_text(Decimal(str(value)) * 100)}%",)


class MoneyType(FieldType):
    """An amount in a currency; a bare number is in the base currency."""

    name: str = "money"
    dsl_type: str = "money"
    widget: str = "money"
    keys = frozenset(("min", "max", "digits", "empty_as"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.MONEY

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, str):
            return _money_of_text(raw, context)
        if isinstance(raw, Money):
            return raw
        if isinstance(raw, Mapping):
            return _money_of_mapping(raw, context)
        return Money(read_decimal(raw, "not_money"), context.currency)

    def parse(self, raw: object, field: FieldDef, context: ValueContext = DEFAULT_CONTEXT) -> object:
        """Read and check it; bounds of an amount in another currency are judged when what it is worth is known."""
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return self.empty()
        value = self.read(raw, field, context)
        if isinstance(value, Money) and value.currency != context.currency:
            value = ForeignMoney(value.amount, value.currency)
        if value is not None:
            self.check(value, field)
        return value

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, Money):
            raise FieldValueError("not_money")
        digits = MONEY_DIGITS if field.digits is None else field.digits
        if not isinstance(value, ForeignMoney):
            check_bounds(value.amount, field, digits=digits)
            return
        check_size(value.amount, digits=digits)
        if value.base is not None:
            check_bounds(value.base, field, digits=digits)

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, Money)
        return {"amount": decimal_text(value.amount), "currency": value.currency}

    def cell_parts(self, field: FieldDef) -> tuple[CellPart, ...]:
        return (CellPart(name="", key="amount"), CellPart(name="currency", key="currency", labels=("Currency", "货币")))

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        assert isinstance(value, Money)
        return (decimal_text(value.amount), value.currency)


def most_stars(field: FieldDef) -> int:
    """Give the most stars that a rating has."""
    return field.maximum if isinstance(field.maximum, int) else MOST_STARS


def read_decimal(raw: object, code: str) -> Decimal:
    """Read a number from a Decimal, an int, a text, or a float as it prints.

    Raises: FieldValueError with `code` where it is none, or not finite.
    """
    if isinstance(raw, bool):
        raise FieldValueError(code)
    if isinstance(raw, Decimal):
        number = raw
    elif isinstance(raw, int):
        number = Decimal(raw)
    elif isinstance(raw, float):
        number = Decimal(repr(raw))
    elif isinstance(raw, str) and _NUMBER.match(raw.strip()):
        number = Decimal(raw.strip())
    else:
        raise FieldValueError(code)
    if not number.is_finite():
        raise FieldValueError(code)
    # Money is rounded only when it is stored, so that nothing else stops a float's hundreds of places.
    check_digits(number, MAX_PLACES)
    return number


def check_digits(number: Decimal, digits: int) -> None:
    """Refuse a number with more decimal places than are stored, zeros at its end aside."""
    exponent = number.as_tuple().exponent
    # Zeros at the end are looked at only where there are too many places with them.
    if isinstance(exponent, int) and exponent < -digits and _places(number) > digits:
        raise FieldValueError("too_many_digits", digits=digits)


def check_bounds(number: Decimal, field: FieldDef, *, digits: int) -> None:
    """Refuse a number outside the field's bounds, or outside what its column can hold."""
    check_size(number, digits=digits)
    low, high = _bound(field.minimum), _bound(field.maximum)
    if low is not None and number < low:
        raise FieldValueError("below_minimum", minimum=decimal_text(low))
    if high is not None and number > high:
        raise FieldValueError("above_maximum", maximum=decimal_text(high))


def check_size(number: Decimal, *, digits: int) -> None:
    """Refuse a number outside what its column can hold."""
    # adjusted() first: scaling a number with a huge exponent would itself be the attack.
    if number and (number.adjusted() > 19 or abs(number.scaleb(digits)) > _BIGGEST_STORED):
        raise FieldValueError("too_large")


def decimal_text(number: Decimal) -> str:
    """Write a number without an exponent, its places kept."""
    return f"{number:f}"


def _places(number: Decimal) -> int:
    sign_digits_exponent = number.as_tuple()
    exponent = sign_digits_exponent.exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    digits = "".join(str(digit) for digit in sign_digits_exponent.digits)
    return max(0, -exponent - (len(digits) - len(digits.rstrip("0"))))


def _bound(bound: object) -> Decimal | None:
    if isinstance(bound, Money):
        return bound.amount
    if isinstance(bound, Decimal):
        return bound
    return Decimal(bound) if isinstance(bound, int) else None


def _money_of_mapping(raw: Mapping[object, object], context: ValueContext) -> Money | None:
    if not set(raw) <= {"amount", "currency"} or "amount" not in raw:
        raise FieldValueError("not_money")
    amount = raw["amount"]
    if amount is None or amount == "":
        return None
    return Money(read_decimal(amount, "not_money"), _currency(raw.get("currency") or context.currency))


def _money_of_text(raw: str, context: ValueContext) -> Money:
    number, _, currency = raw.strip().partition(" ")
    return Money(read_decimal(number, "not_money"), _currency(currency.strip() or context.currency))


def _currency(code: object) -> str:
    if isinstance(code, str) and _CURRENCY.match(code):
        return code
    raise FieldValueError("not_currency", currency=str(code)[:20])
