"""Conditions on a table of another database: those that any SQL database can judge.

What comes back is judged again here, by the same statements and rights as records of our own. A condition may therefore
let more rows through than are meant, never fewer; `exact` says that it lets through none but those that are meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, and_, func, not_, or_
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


def one_of(table: OuterTable, field: str, keys: Sequence[str]) -> Pushed:
    """Say that the column of a field has one of some keys."""
    column, family = table.columns[field], table.families[field]
    if family in (Family.INTEGER, Family.NUMBER):
        numbers = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 19]
        return Pushed(column.in_([raw(number) for number in numbers]), exact=True)
    return Pushed(column.in_([raw(key) for key in keys]), exact=family is Family.TEXT)


def holds_word(table: OuterTable, fields: Sequence[str], word: str) -> Pushed:
    """Say that one of some text columns holds a folded word."""
    if not all(table.families.get(field) is Family.TEXT for field in fields):
        return EVERY_ROW
    return any_of([Pushed(_folded(table, table.columns[field]).contains(word, autoescape=True)) for field in fields])


def _folded(table: OuterTable, column: Column[Any]) -> Sql:
    return func.fs_fold(column, type_=column.type) if table.dialect == "sqlite" else func.lower(column)


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
        if value is None:
            return EVERY_ROW
        if field.type in _TEXT_TYPES and isinstance(value, str) and op is BinaryOp.EQ:
            return self._same_text(field, value)
        if field.type in _NUMBER_TYPES and isinstance(value, int | Decimal) and not isinstance(value, bool):
            return self._number(field, op, Decimal(value))
        if field.type == "date" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return self._date(field, op, value)
        return EVERY_ROW

    def _own_field(self, node: t.Typed) -> FieldDef | None:
        """Give the field of the row that a path is, if its column can be asked."""
        if not isinstance(node, t.FieldPath) or node.root.kind is not t.RootKind.THIS or node.steps:
            return None
        field = node.field
        if field is None or node.attribute is not None or node.keys or field.name not in self._askable:
            return None
        return field if field.name in self._table.columns else None

    def _same_text(self, field: FieldDef, value: str) -> Pushed:
        if self._table.families[field.name] is not Family.TEXT:
            return EVERY_ROW
        # Not exact: the case of letters may count less there.
        return Pushed(self._table.columns[field.name] == raw(value))

    def _number(self, field: FieldDef, op: BinaryOp, value: Decimal) -> Pushed:
        family, column = self._table.families[field.name], self._table.columns[field.name]
        if family not in (Family.INTEGER, Family.NUMBER):
            return EVERY_ROW
        # A number is shown with the digits of its field, so what is a little more or less there may be meant.
        step = Decimal(1) if field.type in ("integer", "rating") else Decimal(1).scaleb(-digits_of(field))
        bounds: tuple[Any, Any] = (value - step, value + step)
        if family is Family.INTEGER:
            bounds = (floor(value - step), ceil(value + step))
        low, high = (BindParameter(None, each, type_=column.type, unique=True) for each in bounds)
        match op:
            case BinaryOp.EQ:
                return Pushed(and_(column >= low, column <= high))
            case BinaryOp.LT | BinaryOp.LE:
                return Pushed(column <= high)
            case BinaryOp.GT | BinaryOp.GE:
                return Pushed(column >= low)
            case _:
                return EVERY_ROW

    def _date(self, field: FieldDef, op: BinaryOp, value: dt.date) -> Pushed:
        # SQLite has no dates but texts, in whatever form.
        if self._table.families[field.name] is not Family.DATE or self._table.dialect == "sqlite":
            return EVERY_ROW
        column = self._table.columns[field.name]
        bound = BindParameter(None, value, type_=column.type, unique=True)
        tests = {
            BinaryOp.EQ: column == bound, BinaryOp.LT: column < bound, BinaryOp.LE: column <= bound,
            BinaryOp.GT: column > bound, BinaryOp.GE: column >= bound,
        }  # fmt: skip
        return Pushed(tests[op]) if op in tests else EVERY_ROW

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
        return Pushed(or_(column.is_(None), func.trim(column) == raw("")))

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
