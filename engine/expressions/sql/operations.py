"""`+ - * /`, unary minus, `if`, `case`, `coalesce`, `filled`; and values in the form a field keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, case, func, literal, or_

from engine.expressions.sql.comparing import same
from engine.expressions.sql.dates import add_duration, difference, duration_arithmetic, negative_duration
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.merging import choose, first_filled, is_empty
from engine.expressions.sql.numbers import Numbers
from engine.expressions.sql.texts import joined_text
from engine.expressions.sql.values import (
    Sql,
    SqlDate,
    SqlDatetime,
    SqlDuration,
    SqlEmpty,
    SqlMoney,
    SqlNumber,
    SqlText,
    SqlTime,
    SqlValue,
)
from metamodel.currency_rates import money_digits
from metamodel.fields import FieldDef
from workflow_dsl import typed as t
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder

_PERCENT_POINT_DIGITS, _MONEY_DIGITS, _DECIMAL_DIGITS = 2, 2, 4


def arithmetic_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `a + b` and the like by the kinds of the operands."""
    assert isinstance(node, t.Arithmetic)
    left, right = builder.value(node.left, environment), builder.value(node.right, environment)
    if isinstance(left, SqlEmpty) or isinstance(right, SqlEmpty):
        return SqlEmpty()
    if isinstance(left, SqlNumber) and isinstance(right, SqlNumber):
        return builder.numbers.arithmetic(node.op, left, right)
    if isinstance(left, SqlMoney) or isinstance(right, SqlMoney):
        return _money(builder, node, left, right)
    if isinstance(left, SqlDate | SqlDatetime | SqlTime) and isinstance(right, SqlDuration):
        return add_duration(builder, left, right, -1 if node.op is BinaryOp.SUB else 1)
    if isinstance(left, SqlDuration) and isinstance(right, SqlDate | SqlDatetime):
        return add_duration(builder, right, left, 1)
    if isinstance(left, SqlDate | SqlDatetime | SqlTime) and isinstance(right, SqlDate | SqlDatetime | SqlTime):
        return difference(builder, left, right)
    found = duration_arithmetic(builder, node.op, left, right)
    if found is None:
        raise NotInSql("this arithmetic", node.at)
    return found


def _money(builder: SqlBuilder, node: t.Arithmetic, left: SqlValue, right: SqlValue) -> SqlValue:
    """Compute with money: factors keep its currency, sums of two currencies are in base currency."""
    numbers, op = builder.numbers, node.op
    if isinstance(left, SqlMoney) and isinstance(right, SqlMoney):
        if op is BinaryOp.DIV:
            return _ratio_of_money(builder, left, right)
        return _sum_of_money(builder, op, left, right)
    if op in (BinaryOp.ADD, BinaryOp.SUB):
        # The only number that may be added to money is 0.
        if isinstance(left, SqlMoney):
            return left
        assert isinstance(right, SqlMoney)
        return negative_money(builder, right) if op is BinaryOp.SUB else right
    money, factor = (left, right) if isinstance(left, SqlMoney) else (right, left)
    if not isinstance(money, SqlMoney) or not isinstance(factor, SqlNumber):
        raise NotInSql("this arithmetic", node.at)
    amount, base = numbers.arithmetic(op, money.amount, factor), numbers.arithmetic(op, money.base, factor)
    return SqlMoney(amount=amount, currency=money.currency, base=base)


def _ratio_of_money(builder: SqlBuilder, left: SqlMoney, right: SqlMoney) -> SqlNumber:
    """Divide the amounts of one currency, else what they are worth."""
    numbers = builder.numbers
    in_base = numbers.arithmetic(BinaryOp.DIV, left.base, right.base)
    if not builder.metamodel.currencies:
        return in_base
    in_currency = numbers.arithmetic(BinaryOp.DIV, left.amount, right.amount)
    return SqlNumber(expr=case((left.currency == right.currency, in_currency.expr), else_=in_base.expr))


def _sum_of_money(builder: SqlBuilder, op: BinaryOp, left: SqlMoney, right: SqlMoney) -> SqlMoney:
    numbers = builder.numbers
    in_base = numbers.arithmetic(op, left.base, right.base)
    in_currency = numbers.arithmetic(op, left.amount, right.amount)
    one_currency = left.currency == right.currency
    amount = case((one_currency, in_currency.expr), else_=in_base.expr)
    base_currency = literal(builder.metamodel.main.currency)
    currency = case((one_currency, left.currency), else_=base_currency)
    return SqlMoney(amount=SqlNumber(expr=amount), currency=currency, base=in_base)


def negative_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `-a`."""
    assert isinstance(node, t.Negative)
    value = builder.value(node.operand, environment)
    match value:
        case SqlEmpty():
            return value
        case SqlNumber():
            return builder.numbers.negative(value)
        case SqlMoney():
            return negative_money(builder, value)
        case SqlDuration():
            return negative_duration(builder, value)
        case _:
            raise NotInSql("this arithmetic", node.at)


def negative_money(builder: SqlBuilder, value: SqlMoney) -> SqlMoney:
    """Negate money."""
    numbers = builder.numbers
    return SqlMoney(amount=numbers.negative(value.amount), currency=value.currency, base=numbers.negative(value.base))


def if_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `if(condition, a, b)`; an `if` in the place of `b` becomes a further WHEN.

    SQLite reads some 30 CASE inside each other, and rules in use have as many.
    """
    assert isinstance(node, t.IfValue)
    conditions: list[Sql] = []
    values: list[SqlValue] = []
    last: t.Typed = node
    while isinstance(last, t.IfValue):
        conditions.append(builder.condition(last.condition, environment, loose=True))
        values.append(builder.value(last.then, environment))
        last = last.otherwise
    values.append(builder.value(last, environment))

    def pick(parts: tuple[Sql, ...]) -> Sql:
        return case(*zip(conditions, parts[:-1], strict=True), else_=parts[-1])

    return choose(values, builder.numbers, pick)


def case_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `case(subject, a, 1, b, 2, 0)`."""
    assert isinstance(node, t.CaseValue)
    subject = builder.value(node.subject, environment)
    tests = [same(subject, builder.value(when, environment), builder.numbers) for when, _ in node.pairs]
    values = [builder.value(then, environment) for _, then in node.pairs]
    values.append(builder.value(node.default, environment))

    def pick(parts: tuple[Sql, ...]) -> Sql:
        return case(*zip(tests, parts[:-1], strict=True), else_=parts[-1])

    return choose(values, builder.numbers, pick)


def coalesce_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `coalesce(a, b)`."""
    assert isinstance(node, t.Coalesce)
    values = [builder.value(operand, environment) for operand in node.operands]
    filled = [value for value in values if not isinstance(value, SqlEmpty)]
    return first_filled(filled, builder.numbers) if filled else SqlEmpty()


def filled_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `filled(a, b)`."""
    assert isinstance(node, t.FilledCount)
    count: Sql = literal(0, Integer())
    for operand in node.operands:
        empty = is_empty(builder.value(operand, environment))
        count = count + case((empty, literal(0, Integer())), else_=literal(1, Integer()))
    return builder.numbers.integer(count)


def text_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give `a & b` and `"… {a} …"`."""
    return SqlText(expr=func.nullif(joined_text(builder, node, environment), ""))


def as_field(builder: SqlBuilder, value: SqlValue, definition: FieldDef) -> SqlValue:
    """Give a computed value as a column of that field would keep it: numbers with its digits."""
    digits = _digits(definition)
    match value:
        case SqlNumber() if definition.value_type == "money":
            in_base = builder.numbers.money(builder.numbers.rounded(value, digits))
            return _money_as_field(builder, in_base, definition) if builder.metamodel.currencies else in_base
        case SqlNumber() if definition.value_type in ("integer", "rating"):
            return value
        case SqlNumber():
            return builder.numbers.rounded(value, digits)
        case SqlMoney():
            return _money_as_field(builder, value, definition)
        case _:
            return value


def _money_as_field(builder: SqlBuilder, value: SqlMoney, definition: FieldDef) -> SqlMoney:
    """Round an amount to the digits of its currency, and what it is worth to those of the base currency."""
    numbers, metamodel, digits = builder.numbers, builder.metamodel, _digits(definition)
    base = money_digits(metamodel, definition, metamodel.main.currency)
    amount = numbers.rounded(value.amount, digits)
    short: dict[int, list[str]] = {}
    for name in metamodel.currencies:
        if (own := money_digits(metamodel, definition, name)) != digits:
            short.setdefault(own, []).append(name)
    if short:
        cases = [
            (or_(*(value.currency == name for name in names)), _at(numbers, value.amount, own, digits))
            for own, names in short.items()
        ]
        amount = SqlNumber(expr=case(*cases, else_=amount.expr), places=amount.places)
    worth = SqlNumber(expr=_at(numbers, value.base, base, digits), places=amount.places)
    return SqlMoney(amount=amount, currency=value.currency, base=worth)


def _at(numbers: Numbers, number: SqlNumber, digits: int, places: int) -> Sql:
    """Give a number rounded to some digits, in the form of one with `places`."""
    rounded = numbers.rounded(number, digits)
    if places == digits:
        return rounded.expr
    return rounded.expr * 10 ** (places - digits) if numbers.sqlite else numbers.rounded(rounded, places).expr


def _digits(definition: FieldDef) -> int:
    match definition.value_type:
        case "money":
            return _MONEY_DIGITS if definition.digits is None else definition.digits
        case "percent":
            return (_PERCENT_POINT_DIGITS if definition.digits is None else definition.digits) + 2
        case _:
            return _DECIMAL_DIGITS if definition.digits is None else definition.digits
