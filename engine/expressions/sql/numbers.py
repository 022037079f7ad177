"""Numbers and money in SQL: literals, arithmetic, comparison, rounding; exact on both databases."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Integer, Numeric, Text, and_, case, cast, func, literal, null
from sqlalchemy.sql.functions import Function
from sqlalchemy.types import TypeEngine

from engine.expressions.arithmetic import write_number
from engine.expressions.sql.values import Sql, SqlMoney, SqlNumber
from engine.storage.column_types import PRECISION
from engine.storage.dialect import Dialect
from workflow_dsl.syntax import BinaryOp

_LARGEST = 2**63 - 1
_FUNCTIONS = {BinaryOp.ADD: "fs_add", BinaryOp.SUB: "fs_sub", BinaryOp.MUL: "fs_mul", BinaryOp.DIV: "fs_div"}


def call(name: str, type_: TypeEngine[Any], *args: Sql) -> Sql:
    """Call a function of the database by its name."""
    return Function(name, *args, type_=type_)


class Numbers:
    """Makes SQL of numbers for one database."""

    def __init__(self, dialect: Dialect, base_currency: str) -> None:
        self.sqlite = dialect is Dialect.SQLITE
        self._base_currency = base_currency

    def number(self, value: Decimal | int) -> SqlNumber:
        """Make a number of a Python value."""
        exact = Decimal(value)
        if not self.sqlite:
            return SqlNumber(expr=literal(exact, Numeric()), constant=exact)
        if exact == exact.to_integral_value() and abs(exact) <= _LARGEST:
            return SqlNumber(expr=literal(int(exact), BigInteger()), places=0, constant=exact)
        return SqlNumber(expr=literal(write_number(exact), Text()), constant=exact)

    def integer(self, expr: Sql) -> SqlNumber:
        """Make a number of an SQL expression that is an integer."""
        return SqlNumber(expr=expr, places=0) if self.sqlite else SqlNumber(expr=cast(expr, Numeric()))

    def text(self, expr: Sql) -> SqlNumber:
        """Make a number of what one of our functions gives: decimal text on SQLite, numeric on PostgreSQL."""
        return SqlNumber(expr=expr)

    def money(self, amount: SqlNumber) -> SqlMoney:
        """Make money in base currency."""
        currency = case((amount.expr.is_(None), null()), else_=literal(self._base_currency, Text()))
        return SqlMoney(amount=amount, currency=currency, base=amount)

    def arithmetic(self, op: BinaryOp, left: SqlNumber, right: SqlNumber) -> SqlNumber:
        """Add, subtract, multiply or divide; NULL with an empty operand and where divided by zero."""
        if self.sqlite:
            return SqlNumber(expr=call(_FUNCTIONS[op], Text(), *self.pair(left), *self.pair(right)))
        first, second = left.expr, right.expr
        if op is BinaryOp.DIV:
            return SqlNumber(expr=func.fs_div(cast(first, Numeric()), cast(second, Numeric()), type_=Numeric()))
        made = {BinaryOp.ADD: first + second, BinaryOp.SUB: first - second, BinaryOp.MUL: first * second}[op]
        return SqlNumber(expr=func.fs_sig(cast(made, Numeric()), type_=Numeric()))

    def pair(self, number: SqlNumber) -> tuple[Sql, Sql]:
        """Give a number as our SQLite functions take it: value and places."""
        places: Sql = null() if number.places is None else literal(number.places, Integer())
        return number.expr, places

    def compare(self, op: BinaryOp, left: SqlNumber, right: SqlNumber) -> Sql:
        """Compare; NULL with an empty operand."""
        aligned = self.aligned(left, right)
        if aligned is not None:
            return _COMPARE[op](*aligned)
        return _COMPARE[op](func.fs_cmp(*self.pair(left), *self.pair(right), type_=Integer()), literal(0, Integer()))

    def same(self, left: SqlNumber, right: SqlNumber) -> Sql:
        """Compare for `=`: two empties are equal; never NULL."""
        aligned = self.aligned(left, right)
        if aligned is not None:
            return aligned[0].is_not_distinct_from(aligned[1])
        # Both as decimal text: an integer of SQLite never equals a text, whatever its digits.
        return self._written(left).is_not_distinct_from(self._written(right))

    def aligned(self, left: SqlNumber, right: SqlNumber) -> tuple[Sql, Sql] | None:
        """Give both as expressions that the database compares by itself, or None where it can't."""
        if not self.sqlite:
            return left.expr, right.expr
        if left.places is not None and left.places == right.places:
            return left.expr, right.expr
        for number, other, flipped in ((left, right, False), (right, left, True)):
            scaled = _scaled_constant(number, other.places)
            if scaled is not None:
                return (other.expr, scaled) if flipped else (scaled, other.expr)
        return None

    def plain(self, number: SqlNumber) -> Sql:
        """Give a number as one value of its own: equal numbers are equal values."""
        if not self.sqlite or number.places == 0:
            return number.expr
        return self._written(number)

    def _written(self, number: SqlNumber) -> Sql:
        return func.fs_number(*self.pair(number), type_=Text())

    def rounded(self, number: SqlNumber, digits: int) -> SqlNumber:
        """Round half away from zero to `digits` places, as a column keeps it."""
        if not self.sqlite:
            return SqlNumber(expr=cast(number.expr, Numeric(PRECISION, digits)))
        if number.places == digits:
            return number
        wanted = literal(digits, Integer())
        return SqlNumber(expr=func.fs_scaled(*self.pair(number), wanted, type_=BigInteger()), places=digits)

    def negative(self, number: SqlNumber) -> SqlNumber:
        """Negate."""
        if number.places is not None or not self.sqlite:
            # PostgreSQL does not find the operator of a parameter that stands alone without its type.
            expr = cast(number.expr, number.expr.type) if isinstance(number.expr, BindParameter) else number.expr
            return SqlNumber(expr=-expr, places=number.places)
        return self.arithmetic(BinaryOp.SUB, self.number(0), number)

    def merged(self, numbers: list[SqlNumber]) -> list[SqlNumber]:
        """Give numbers in one form, for CASE and COALESCE."""
        if not self.sqlite or len({number.places for number in numbers}) == 1:
            return numbers
        return [SqlNumber(expr=func.fs_number(*self.pair(number), type_=Text())) for number in numbers]


def _scaled_constant(number: SqlNumber, places: int | None) -> Sql | None:
    if places is None or not isinstance(number.constant, Decimal):
        return None
    scaled = number.constant.scaleb(places)
    if scaled != scaled.to_integral_value(ROUND_HALF_UP) or abs(scaled) > _LARGEST:
        return None
    return literal(int(scaled), BigInteger())


_COMPARE: dict[BinaryOp, Callable[[Any, Any], Sql]] = {
    BinaryOp.EQ: lambda left, right: left == right,
    BinaryOp.LT: lambda left, right: left < right,
    BinaryOp.LE: lambda left, right: left <= right,
    BinaryOp.GT: lambda left, right: left > right,
    BinaryOp.GE: lambda left, right: left >= right,
}


def compare_plain(op: BinaryOp, left: Sql, right: Sql) -> Sql:
    """Compare two values that the database orders as we do; NULL with an empty operand."""
    return _COMPARE[op](left, right)


def all_filled(*parts: Sql) -> Sql:
    """Say that none of the parts is empty."""
    return and_(*(part.is_not(None) for part in parts))
