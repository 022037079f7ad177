"""Conditions on a table of another database: those that any SQL database can judge.

What comes back is judged again here, by the same statements and rights as records of our own. A condition may therefore
let more rows through than are meant, never fewer; `exact` says that it lets through none but those that are meant.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    LargeBinary,
    Numeric,
    Text,
    and_,
    cast,
    func,
    not_,
    or_,
)
from sqlalchemy.types import UserDefinedType

from engine.outer.tables import Family, OuterTable
from engine.outer.values import digits_of
from engine.storage.functions import fold
from metamodel.fields import FieldDef
from metamodel.values import Money
from workflow_dsl import typed as t
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed_walk import walk

Sql = ColumnElement[Any]
_SWAPPED = {BinaryOp.LT: BinaryOp.GT, BinaryOp.GT: BinaryOp.LT, BinaryOp.LE: BinaryOp.GE, BinaryOp.GE: BinaryOp.LE}
_TEXT_TYPES = frozenset(("text", "long_text", "email", "url", "phone", "color", "barcode", "choice"))
_NUMBER_TYPES = frozenset(("integer", "rating", "decimal", "percent", "money"))
_SEES_CASE = frozenset(("sqlite", "postgresql"))
_WHOLE = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
_LARGEST = 2**63 - 1


class Raw(UserDefinedType[Any]):
    """A value as the driver gives and takes it; what it means is said by the field."""

    cache_ok = True


@dataclass(frozen=True, slots=True)
class Pushed:
    """What of a condition the other database judges. test: None = it lets every row through."""

    test: Sql | None
    exact: bool = False


EVERY_ROW = Pushed(None)
Evaluate = Callable[[t.Typed], Any]
"""Gives the value of a part that reads no record."""


def raw(value: Any) -> BindParameter[Any]:
    """Bind a value that the driver gave, or a text, as it takes it."""
    return BindParameter(None, value, type_=Raw(), unique=True)


def all_of(parts: Sequence[Pushed]) -> Pushed:
    """Join conditions with and."""
    tests = [part.test for part in parts if part.test is not None]
    return Pushed(and_(*tests) if tests else None, all(part.exact for part in parts))


def any_of(parts: Sequence[Pushed]) -> Pushed:
    """Join conditions with or: one that lets every row through makes the whole do so."""
    tests = [part.test for part in parts if part.test is not None]
    if not parts or len(tests) < len(parts):
        return EVERY_ROW
    return Pushed(or_(*tests), all(part.exact for part in parts))


def one_of(table: OuterTable, field: str, keys: Sequence[str], *, any_case: bool = False) -> Pushed:
    """Say that the column of a field has one of some keys; any_case: letters count the same in either case."""
    column, family = table.columns[field], table.families[field]
    if family in (Family.INTEGER, Family.NUMBER):
        return Pushed(column.in_([raw(int(key)) for key in keys if _WHOLE.match(key)]), exact=True)
    if family is Family.UUID:
        return Pushed(column.in_([raw(key) for key in keys if _is_uuid(key)]), exact=True)
    exact = family is Family.TEXT and table.dialect in _SEES_CASE
    if any_case:
        return Pushed(func.lower(func.trim(table.text(field))).in_([raw(key.lower()) for key in keys]), exact)
    return Pushed(table.text(field).in_([raw(key) for key in keys]), exact)


def _is_uuid(key: str) -> bool:
    try:
        return bool(UUID(key))
    except ValueError:
        return False


def holds_word(table: OuterTable, fields: Sequence[str], word: str) -> Pushed:
    """Say that one of some text columns holds a folded word."""
    if not all(table.families.get(field) is Family.TEXT for field in fields):
        return EVERY_ROW
    return any_of([Pushed(_folded(table, field).contains(word, autoescape=True)) for field in fields])


def _folded(table: OuterTable, field: str) -> Sql:
    text = table.text(field)
    if table.dialect != "sqlite":
        return func.lower(text)
    # As bytes, since a function can't be given a text that is none.
    return func.fs_fold(cast(text, LargeBinary()), type_=Text())


def compared(table: OuterTable, field: FieldDef, op: BinaryOp, value: Any) -> Pushed:
    """Compare the column of a field with a value of the field (of money: the amount)."""
    if value is None or field.name not in table.columns:
        return EVERY_ROW
    if field.type in _TEXT_TYPES and isinstance(value, str) and op is BinaryOp.EQ:
        if table.families[field.name] is not Family.TEXT:
            return EVERY_ROW
        # Not exact: the case of letters may count less there.
        return Pushed(table.text(field.name) == raw(value))
    if field.type in _NUMBER_TYPES and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _number(table, field, op, Decimal(value))
    if field.type == "date" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return _date(table, field, op, value)
    return EVERY_ROW


def _number(table: OuterTable, field: FieldDef, op: BinaryOp, value: Decimal) -> Pushed:
    family, column = table.families[field.name], table.columns[field.name]
    if family not in (Family.INTEGER, Family.NUMBER) or not value.is_finite():
        return EVERY_ROW
    # A number is shown with the digits of its field, so what is a little more or less there may be meant.
    step = Decimal(1) if field.type in ("integer", "rating") else Decimal(1).scaleb(-digits_of(field))
    low, high = value - step, value + step
    match op:
        case BinaryOp.EQ:
            return Pushed(and_(column >= _bound(family, low), column <= _bound(family, high)))
        case BinaryOp.LT | BinaryOp.LE:
            return Pushed(column <= _bound(family, high))
        case BinaryOp.GT | BinaryOp.GE:
            return Pushed(column >= _bound(family, low))
        case _:
            return EVERY_ROW


def _bound(family: Family, value: Decimal) -> BindParameter[Any]:
    """Bind a number, which the column's own type may be too small for; a whole one where it holds no others."""
    if family is Family.NUMBER:
        return BindParameter(None, value, type_=Numeric(), unique=True)
    # Away from zero: no row is lost that the exact bound would let through.
    whole = max(-_LARGEST, min(_LARGEST, floor(value) if value < 0 else ceil(value)))
    return BindParameter(None, whole, type_=BigInteger(), unique=True)


def _date(table: OuterTable, field: FieldDef, op: BinaryOp, value: dt.date) -> Pushed:
    # SQLite has no dates but texts, in whatever form.
    if table.families[field.name] is not Family.DATE or table.dialect == "sqlite":
        return EVERY_ROW
    column = table.columns[field.name]
    bound = BindParameter(None, value, type_=column.type, unique=True)
    tests = {
        BinaryOp.EQ: column == bound, BinaryOp.LT: column < bound, BinaryOp.LE: column <= bound,
        BinaryOp.GT: column > bound, BinaryOp.GE: column >= bound,
    }  # fmt: skip
    return Pushed(tests[op]) if op in tests else EVERY_ROW


class ConditionPusher:
    """Gives what of expressions over one table's rows its database can judge.

    askable: the fields that conditions may be asked of; what is shown in some rows only is judged here.
    """

    def __init__(self, table: OuterTable, evaluate: Evaluate, currency: str, askable: Collection[str]) -> None:
        self._table = table
        self._askable = askable
        self._evaluate = evaluate
        self._currency = currency

    def push(self, node: t.Typed) -> Pushed:
        """Give what can be judged of a condition."""
        match node:
            case t.Conjunction():
                return all_of([self.push(each) for each in node.operands])
            case t.Disjunction():
                return any_of([self.push(each) for each in node.operands])
            case t.Negation():
                inner = self.push(node.operand)
                return Pushed(not_(inner.test), True) if inner.exact and inner.test is not None else EVERY_ROW
            case t.Comparison():
                return self._comparison(node)
            case t.Membership() if not node.negated and isinstance(node.items, t.ListValue):
                return any_of([self._compared(node.value, BinaryOp.EQ, item) for item in node.items.items])
            case t.BetweenTest():
                low = self._compared(node.value, BinaryOp.GE, node.low)
                return all_of([low, self._compared(node.value, BinaryOp.LE, node.high)])
            case t.EmptyTest():
                return self._empty(node)
            case t.TextTest() if node.op is BinaryOp.CONTAINS:
                return self._contains(node)
            case _:
                return EVERY_ROW

    def _comparison(self, node: t.Comparison) -> Pushed:
        if node.op is BinaryOp.NE:
            return EVERY_ROW
        found = self._compared(node.left, node.op, node.right)
        return (
            found if found.test is not None else self._compared(node.right, _SWAPPED.get(node.op, node.op), node.left)
        )

    def _compared(self, left: t.Typed, op: BinaryOp, right: t.Typed) -> Pushed:
        field = self._own_field(left)
        if field is None or not _reads_no_record(right):
            return EVERY_ROW
        value = self._evaluate(right)
        if isinstance(value, Money):
            value = value.amount if value.currency == self._currency else None
        return compared(self._table, field, op, value)

    def _own_field(self, node: t.Typed) -> FieldDef | None:
        """Give the field of the row that a path is, if its column can be asked."""
        if not isinstance(node, t.FieldPath) or node.root.kind is not t.RootKind.THIS or node.steps:
            return None
        field = node.field
        if field is None or node.attribute is not None or node.keys or field.name not in self._askable:
            return None
        return field if field.name in self._table.columns else None

    def _empty(self, node: t.EmptyTest) -> Pushed:
        field = self._own_field(node.value)
        if field is None or field.type == "boolean":
            return EVERY_ROW
        column = self._table.columns[field.name]
        if node.negated:
            return Pushed(column.is_not(None))
        # What can't be read as the field's value is empty as well.
        if field.type not in _TEXT_TYPES or self._table.families[field.name] is not Family.TEXT:
            return EVERY_ROW
        return Pushed(or_(column.is_(None), func.trim(self._table.text(field.name)) == raw("")))

    def _contains(self, node: t.TextTest) -> Pushed:
        field = self._own_field(node.value)
        if field is None or field.type not in _TEXT_TYPES or not _reads_no_record(node.part):
            return EVERY_ROW
        part = self._evaluate(node.part)
        folded = fold(part) if isinstance(part, str) else None
        return holds_word(self._table, (field.name,), folded) if folded else EVERY_ROW


def _reads_no_record(node: t.Typed) -> bool:
    return not any(
        isinstance(part, t.Aggregate | t.LookupRecord)
        or (isinstance(part, t.FieldPath) and part.root.kind is not t.RootKind.USER)
        for part in walk(node)
    )
