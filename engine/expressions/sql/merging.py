"""Brings the branches of `if`, `case`, `coalesce` and polymorphic paths to one kind of value for SQL to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Text, case, cast, func, literal, null, or_
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import NullType

from engine.expressions.sql.making_items import as_items
from engine.expressions.sql.numbers import Numbers
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlDuration,
    SqlEmpty,
    SqlItems,
    SqlList,
    SqlMoney,
    SqlNumber,
    SqlReference,
    SqlTexts,
    SqlValue,
    parts_of,
    with_parts,
)

Choose = Callable[[tuple[Sql, ...]], Sql]


def unify(values: Sequence[SqlValue], numbers: Numbers) -> list[SqlValue]:
    """Give the values in one kind; empties become NULLs of it."""
    filled = [value for value in values if not isinstance(value, SqlEmpty)]
    if not filled:
        return list(values)
    sample = filled[0]
    if any(isinstance(value, SqlItems | SqlList | SqlTexts) for value in filled):
        return _unify_lists(values, numbers)
    if any(isinstance(value, SqlReference | SqlAnyReference) for value in filled):
        return _unify_references(values)
    if any(isinstance(value, SqlMoney) for value in filled):
        return _unify_money(values, numbers)
    if isinstance(sample, SqlDuration):
        return _unify_durations(values)
    if isinstance(sample, SqlNumber):
        merged = iter(numbers.merged([value for value in filled if isinstance(value, SqlNumber)]))
        form = numbers.merged([value for value in filled if isinstance(value, SqlNumber)])[0]
        return [_no(form) if isinstance(value, SqlEmpty) else next(merged) for value in values]
    return [_no(sample) if isinstance(value, SqlEmpty) else value for value in values]


def choose(values: Sequence[SqlValue], numbers: Numbers, pick: Choose) -> SqlValue:
    """Make one value of several: `pick` makes one SQL expression of those at the same part."""
    unified = unify(values, numbers)
    columns = zip(*(parts_of(value) for value in unified), strict=True)
    return with_parts(unified[0], tuple(pick(tuple(column)) for column in columns))


def first_filled(values: Sequence[SqlValue], numbers: Numbers) -> SqlValue:
    """Give the first value that is not empty (coalesce), all its parts together."""
    if len(values) == 1:
        return values[0]
    unified = unify(values, numbers)
    if len(parts_of(unified[0])) == 1:
        return with_parts(unified[0], (func.coalesce(*(parts_of(value)[0] for value in unified)),))
    empties = [is_empty(value) for value in unified[:-1]]
    merged = []
    for column in zip(*(parts_of(value) for value in unified), strict=True):
        whens = [(~empty, part) for empty, part in zip(empties, column, strict=False)]
        merged.append(case(*whens, else_=column[-1]))
    return with_parts(unified[0], tuple(merged))


def is_empty(value: SqlValue) -> Sql:
    """Say that a value is empty; never NULL."""
    match value:
        case SqlEmpty():
            return literal(True)
        case SqlMoney():
            return value.amount.expr.is_(None)
        case SqlReference():
            return _all_null([expr for _, expr in value.targets])
        case SqlAnyReference():
            return value.id.is_(None)
        case SqlDuration():
            return value.days.is_(None)
        case SqlItems():
            return or_(value.expr.is_(None), cast(value.expr, Text()) == literal("[]", Text()))
        case _:
            return _all_null(list(parts_of(value)))


def _all_null(parts: list[Sql]) -> Sql:
    found: Sql = _is_null(parts[0])
    for part in parts[1:]:
        found = found & _is_null(part)
    return found


def _is_null(part: Sql) -> Sql:
    # PostgreSQL must be told what a parameter is of which only this is asked.
    if isinstance(part, BindParameter) and not isinstance(part.type, NullType):
        return cast(part, part.type).is_(None)
    return part.is_(None)


def _no(sample: SqlValue) -> SqlValue:
    """Give the empty value of a sample's kind, its NULLs typed so that PostgreSQL knows what they are."""
    return with_parts(sample, tuple(null_like(part) for part in parts_of(sample)))


def null_like(part: Sql) -> Sql:
    """Give NULL of an expression's type; a plain NULL where SQLAlchemy does not know the type."""
    return null() if isinstance(part.type, NullType) else cast(null(), part.type)


def _unify_durations(values: Sequence[SqlValue]) -> list[SqlValue]:
    """Give durations that all count business time where one does."""
    durations = [value for value in values if isinstance(value, SqlDuration)]
    timed = any(value.timed for value in durations)
    merged = iter([replace(value, timed=timed, length=None) for value in durations])
    return [_no(durations[0]) if isinstance(value, SqlEmpty) else next(merged) for value in values]


def _unify_money(values: Sequence[SqlValue], numbers: Numbers) -> list[SqlValue]:
    money: list[SqlValue] = [numbers.money(value) if isinstance(value, SqlNumber) else value for value in values]
    amounts = [value for value in money if isinstance(value, SqlMoney)]
    merged_amounts = iter(numbers.merged([value.amount for value in amounts]))
    merged_bases = iter(numbers.merged([value.base for value in amounts]))
    found: list[SqlValue] = []
    sample: SqlMoney | None = None
    for value in money:
        if isinstance(value, SqlMoney):
            sample = SqlMoney(amount=next(merged_amounts), currency=value.currency, base=next(merged_bases))
            found.append(sample)
        else:
            found.append(value)
    assert sample is not None
    return [_no(sample) if isinstance(value, SqlEmpty) else value for value in found]


def _unify_lists(values: Sequence[SqlValue], numbers: Numbers) -> list[SqlValue]:
    """Give lists as JSON arrays, save where all are of fields."""
    if all(isinstance(value, SqlTexts | SqlEmpty) for value in values):
        sample = next(value for value in values if isinstance(value, SqlTexts))
        return [_no(sample) if isinstance(value, SqlEmpty) else value for value in values]
    items = [
        as_items(numbers, value) if isinstance(value, SqlItems | SqlList | SqlTexts) else value for value in values
    ]
    sample_items = next(value for value in items if isinstance(value, SqlItems))
    return [_no(sample_items) if isinstance(value, SqlEmpty) else value for value in items]


def _unify_references(values: Sequence[SqlValue]) -> list[SqlValue]:
    if any(isinstance(value, SqlAnyReference) for value in values):
        return [_as_any(value) for value in values]
    keys: dict[str, Sql] = {}
    for value in values:
        if isinstance(value, SqlReference):
            for key, expr in value.targets:
                keys.setdefault(key, expr)
    found: list[SqlValue] = []
    for value in values:
        own = dict(value.targets) if isinstance(value, SqlReference) else {}
        targets = tuple((key, own[key] if key in own else null_like(sample)) for key, sample in keys.items())
        found.append(SqlReference(targets=targets))
    return found


def _as_any(value: SqlValue) -> SqlValue:
    if isinstance(value, SqlAnyReference):
        return value
    if not isinstance(value, SqlReference):
        return SqlAnyReference(id=cast(null(), Text()), object=cast(null(), Text()))
    ids = [expr for _, expr in value.targets]
    keys = case(*((expr.is_not(None), literal(key, Text())) for key, expr in value.targets), else_=null())
    return SqlAnyReference(id=func.coalesce(*ids) if len(ids) > 1 else ids[0], object=keys)
