"""The functions on numbers and money; results have 28 digits, division rounds half even."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException, localcontext
from typing import Any

from metamodel.values import Money
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.functions import Example, Function, signature
from workflow_dsl.operations import compare_key
from workflow_dsl.types import DECIMAL, INTEGER, MONEY, Kind, Type, widest

Number = int | Decimal
_MOST_DIGITS = 28


def _same(types: tuple[Type, ...]) -> Type:
    return types[0]


def _rounded(types: tuple[Type, ...]) -> Type:
    return MONEY if types[0].kind is Kind.MONEY else INTEGER


def round_type(types: tuple[Type, ...]) -> Type:
    """Give the type of `round`: whole without digits, else that of the number."""
    if types[0].kind is Kind.MONEY:
        return MONEY
    return INTEGER if len(types) == 1 else DECIMAL


def _on_amount(change: Callable[..., Any]) -> Callable[..., Any]:
    def apply(value: Number | Money, *rest: Any) -> Any:
        if isinstance(value, Money):
            return value.mapped(lambda amount: Decimal(change(amount, *rest)))
        return change(value, *rest)

    return apply


def _round(value: Number, digits: int = 0) -> Number:
    if not -_MOST_DIGITS <= digits <= _MOST_DIGITS:
        raise NotComputable(f"a number is rounded to at most {_MOST_DIGITS} digits, not {digits}")
    try:
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except DecimalException:
        return value
    return rounded


def _round_whole(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP))


def _round_money(value: Money, digits: int = 0) -> Money:
    return value.mapped(lambda amount: Decimal(_round(amount, digits)))


def _floor(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_FLOOR))


def _ceil(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_CEILING))


def _computed(compute: Callable[[], Decimal], what: str) -> Decimal:
    try:
        result = compute()
    except DecimalException as error:
        raise NotComputable(f"{what} can't be computed") from error
    if not result.is_finite() or abs(result.adjusted()) > 10_000:
        raise NotComputable(f"{what} is too large")
    return result


def _power(base: Number, exponent: Number) -> Decimal:
    if abs(Decimal(exponent)) > 10_000:
        raise NotComputable("a power has an exponent of at most 10000")
    return _computed(lambda: Decimal(base) ** Decimal(exponent), "this power")


def _sqrt(value: Number) -> Decimal | None:
    return None if value < 0 else _computed(lambda: Decimal(value).sqrt(), "this root")


def _log(value: Number, base: Number = 10) -> Decimal | None:
    if value <= 0 or base <= 0 or base == 1:
        return None
    if base == 10:
        return _computed(lambda: Decimal(value).log10(), "this logarithm")
    return _computed(lambda: _quotient_of_logarithms(value, base), "this logarithm")


def _quotient_of_logarithms(value: Number, base: Number) -> Decimal:
    # With digits to spare, so that the logarithm of 8 to base 2 is 3.
    with localcontext(prec=2 * _MOST_DIGITS):
        quotient = Decimal(value).ln() / Decimal(base).ln()
    return +quotient


def _mod(value: Number, divisor: Number) -> Number | None:
    if divisor == 0:
        return None
    # The result has the sign of the divisor, as in spreadsheets; Decimal's own % has the dividend's.
    if isinstance(value, int) and isinstance(divisor, int):
        return value % divisor
    rest = Decimal(value) % Decimal(divisor)
    return rest + divisor if rest and (rest < 0) != (divisor < 0) else rest


def _mod_type(types: tuple[Type, ...]) -> Type:
    return INTEGER if all(type_.kind is Kind.INTEGER for type_ in types) else DECIMAL


def _widest_type(types: tuple[Type, ...]) -> Type:
    found = types[0]
    for type_ in types[1:]:
        found = widest(found, type_) or found
    return found


def _extreme(pick: Callable[..., Any]) -> Callable[..., Any]:
    def choose(context: Context, *values: Any) -> Any:
        filled = [value for value in values if value is not None]
        return pick(filled, key=lambda value: compare_key(context, value)) if filled else None

    return choose


def number_functions() -> tuple[Function, ...]:
    """Make the functions on numbers."""
    return (
        Function(name="abs", group="number", sql=True, doc="The number without its sign.",
                 example=Example(expression="abs(-3.5)", value="3.5"),
                 signatures=(signature("x: amount", _same, _on_amount(abs)),)),
        Function(name="round", group="number", sql=True, doc="Rounded to n digits (0), a half away from zero.",
                 example=Example(expression="round(2.345, 2)", value="2.35"),
                 signatures=(signature("x: number", INTEGER, _round_whole),
                             signature("x: number, n: whole", DECIMAL, _round),
                             signature("x: money, [n: whole]", MONEY, _round_money))),
        Function(name="floor", group="number", sql=True, doc="The whole number at or below.",
                 example=Example(expression="floor(-1.5)", value="-2"),
                 signatures=(signature("x: amount", _rounded, _on_amount(_floor)),)),
        Function(name="ceil", group="number", sql=True, doc="The whole number at or above.",
                 example=Example(expression="ceil(1.2)", value="2"),
                 signatures=(signature("x: amount", _rounded, _on_amount(_ceil)),)),
        Function(name="power", group="number", sql=True, doc="x to the power of y.",
                 example=Example(expression="power(2, 10)", value="1024"),
                 signatures=(signature("x: number, y: number", DECIMAL, _power),)),
        Function(name="sqrt", group="number", sql=True, doc="The square root; empty for a number below 0.",
                 example=Example(expression="sqrt(16)", value="4"),
                 signatures=(signature("x: number", DECIMAL, _sqrt),)),
        Function(name="log", group="number", sql=True,
                 doc="The logarithm to base 10, or to another base; empty at or below 0.",
                 example=Example(expression="log(1000)", value="3"),
                 signatures=(signature("x: number, [base: number]", DECIMAL, _log),)),
        Function(name="mod", group="number", sql=True, doc="What is left after dividing, with the sign of the divisor.",
                 example=Example(expression="mod(10, 3)", value="1"),
                 signatures=(signature("x: number, by: number", _mod_type, _mod),)),
    )  # fmt: skip


_ORDERED = ("amount", "text", "date", "datetime", "time", "duration")
MIN_OF_VALUES = tuple(
    signature(f"a: {kind}, b: {kind}", _widest_type, _extreme(min), variadic=True, takes_empty=True, needs_context=True)
    for kind in _ORDERED
)
MAX_OF_VALUES = tuple(
    signature(f"a: {kind}, b: {kind}", _widest_type, _extreme(max), variadic=True, takes_empty=True, needs_context=True)
    for kind in _ORDERED
)
