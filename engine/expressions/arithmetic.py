"""Exact decimal arithmetic as SQL functions: 28 digits, rounded half to even, the same on both databases.

On SQLite a number is a pair (value, places): an integer scaled by `places`, or a decimal text where places is NULL; a
result is always a decimal text. On PostgreSQL numbers are `numeric` and only rounding and division need functions.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

import orjson

from engine.storage.functions import SqlFunction

PRECISION = 28

Stored = str | int | None

_EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow, DivisionByZero])
_WIDE = Context(prec=100, traps=[InvalidOperation])


def arithmetic_functions() -> tuple[SqlFunction, ...]:
    """Make the functions of arithmetic for both databases."""
    return (
        SqlFunction(name="fs_add", call=_binary(_EXACT.add), arguments=4),
        SqlFunction(name="fs_sub", call=_binary(_EXACT.subtract), arguments=4),
        SqlFunction(name="fs_mul", call=_binary(_EXACT.multiply), arguments=4),
        SqlFunction(name="fs_div", call=_divide, arguments=4, postgresql=(_PG_SIGNIFICANT, _PG_DIVIDE)),
        SqlFunction(name="fs_cmp", call=_compare, arguments=4),
        SqlFunction(name="fs_number", call=_number, arguments=2),
        SqlFunction(name="fs_scaled", call=_scaled, arguments=3),
        SqlFunction(name="fs_abs", call=_changed(abs), arguments=2),
        SqlFunction(name="fs_floor", call=_changed(lambda n: n.to_integral_value(ROUND_FLOOR)), arguments=2),
        SqlFunction(name="fs_ceil", call=_changed(lambda n: n.to_integral_value(ROUND_CEILING)), arguments=2),
        SqlFunction(name="fs_round", call=_round, arguments=3),
        SqlFunction(name="fs_sum_of", call=_sum, arguments=2),
        SqlFunction(name="fs_average_of", call=_average, arguments=2),
        SqlFunction(name="fs_least_of", call=_least, arguments=2),
        SqlFunction(name="fs_greatest_of", call=_greatest, arguments=2),
    )


def read_number(value: object, places: object) -> Decimal | None:
    """Read a number of SQLite: an integer scaled by `places`, or a decimal text."""
    if value is None:
        return None
    if places is None:
        return Decimal(str(value))
    return Decimal(int(str(value))).scaleb(-int(str(places)), _WIDE)


def write_number(value: Decimal | None) -> str | None:
    """Write a number as SQLite's decimal text; equal numbers have equal texts."""
    if value is None:
        return None
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _binary(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., Stored]:
    def call(left: object, left_places: object, right: object, right_places: object) -> Stored:
        if left is None or right is None:
            return None
        first, second = read_number(left, left_places), read_number(right, right_places)
        assert first is not None
        assert second is not None
        return write_number(operation(first, second))

    return call


def _divide(left: object, left_places: object, right: object, right_places: object) -> Stored:
    first, second = read_number(left, left_places), read_number(right, right_places)
    if first is None or second is None or second == 0:
        return None
    return write_number(_EXACT.divide(first, second))


def _compare(left: object, left_places: object, right: object, right_places: object) -> Stored:
    first, second = read_number(left, left_places), read_number(right, right_places)
    if first is None or second is None:
        return None
    return (first > second) - (first < second)


def _number(value: object, places: object) -> Stored:
    return write_number(read_number(value, places))


def _scaled(value: object, places: object, wanted: object) -> Stored:
    """Give a number as an integer of `wanted` places, rounded half up: how columns keep it."""
    number = read_number(value, places)
    if number is None:
        return None
    return int(number.scaleb(int(str(wanted)), _WIDE).to_integral_value("ROUND_HALF_UP"))


def _changed(change: Callable[[Decimal], Decimal]) -> Callable[..., Stored]:
    def call(value: object, places: object) -> Stored:
        number = read_number(value, places)
        return None if number is None else write_number(change(number))

    return call


def _round(value: object, places: object, digits: object) -> Stored:
    number = read_number(value, places)
    if number is None or digits is None:
        return None
    try:
        return write_number(number.quantize(Decimal(1).scaleb(-int(str(digits))), ROUND_HALF_UP))
    except InvalidOperation:
        return write_number(number)


def _members(values: object, places: object) -> list[Decimal]:
    members = orjson.loads(str(values)) if values is not None else []
    return [number for item in members if (number := read_number(item, places)) is not None]


def _sum(values: object, places: object) -> Stored:
    total = Decimal(0)
    for number in _members(values, places):
        total = _EXACT.add(total, number)
    return write_number(total)


def _average(values: object, places: object) -> Stored:
    members = _members(values, places)
    if not members:
        return None
    total = Decimal(0)
    for number in members:
        total = _EXACT.add(total, number)
    return write_number(_EXACT.divide(total, Decimal(len(members))))


def _least(values: object, places: object) -> Stored:
    members = _members(values, places)
    return write_number(min(members)) if members else None


def _greatest(values: object, places: object) -> Stored:
    members = _members(values, places)
    return write_number(max(members)) if members else None


# Rounds to 28 significant digits, half to even; most numbers have fewer and leave at once.
_PG_SIGNIFICANT = """
CREATE OR REPLACE FUNCTION fs_sig(x numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $sig$
DECLARE written text; whole int; places int; cut numeric; rest numeric; unit numeric;
BEGIN
  written := abs(x)::text;
  IF length(written) <= 28 OR x = 0 THEN RETURN x; END IF;
  IF abs(x) >= 1 THEN
    whole := length(split_part(written, '.', 1));
  ELSE
    written := split_part(written, '.', 2);
    whole := length(ltrim(written, '0')) - length(written);
  END IF;
  places := 28 - whole;
  IF scale(x) <= places THEN RETURN x; END IF;
  unit := ('1e' || (-places))::numeric;
  cut := trunc(x, places);
  rest := abs(x - cut) * 2;
  IF rest > unit OR (rest = unit AND mod(trunc(abs(cut) * ('1e' || places)::numeric), 2) = 1) THEN
    cut := cut + sign(x) * unit;
  END IF;
  RETURN cut;
END $sig$"""

# Cuts the quotient to more than 28 digits and marks a rest with one more digit, so that fs_sig rounds it rightly.
_PG_DIVIDE = """
CREATE OR REPLACE FUNCTION fs_div(a numeric, b numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $div$
DECLARE near numeric; written text; whole int; places int; grown numeric; quotient numeric; marked numeric;
BEGIN
  IF b = 0 THEN RETURN NULL; END IF;
  IF a = 0 THEN RETURN 0; END IF;
  near := abs(round(a / b, 60));
  IF near >= 1 THEN
    whole := length(trunc(near)::text);
  ELSE
    written := split_part(near::text, '.', 2);
    whole := length(ltrim(written, '0')) - length(written);
  END IF;
  places := 30 - whole;
  grown := a * ('1e' || places)::numeric;
  quotient := div(grown, b);
  marked := quotient * 10 + CASE WHEN quotient * b = grown THEN 0 ELSE sign(a) * sign(b) END;
  RETURN fs_sig(trim_scale(marked * ('1e' || (-places - 1))::numeric));
END $div$"""
