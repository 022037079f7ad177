"""Both back ends over the deals of one transaction: the same expressions in memory and in SQL, record by record.

Many expressions go in one statement and share its joins, so that hundreds of thousands can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import EngineError
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql
from engine.records.cell import Cell
from engine.records.cells import CellMaker
from engine.records.statements import Prepared
from engine.records.transaction import Transaction
from metamodel.source import LocatedText
from tests.support.deals import Deals
from workflow_dsl import typed as t
from workflow_dsl.checker import check_text
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.types import Kind

# SQLite joins at most 64 tables in a statement, and one expression asks for a dozen at most.
_JOINS = 44
_TOGETHER = 60
_OBJECT = "deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An expression of a statement. holds: column that says whether it holds as a condition."""

    text: str
    typed: t.Typed
    cell: Cell
    holds: int | None


class Statement:
    """One select of the values of several expressions, and of what they find as conditions."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        parts = transaction.parts
        self._builder = parts.builder(transaction.access, "en")
        self._alias = parts.tables.of(_OBJECT).table.alias()
        self._frame = Frame(self._alias)
        self._environment = Environment(self._frame, RowScope(self._builder, self._frame, _OBJECT, self._alias))
        self._columns: list[Sql] = [self._alias.c["id"]]
        self._asked: list[Asked] = []

    @property
    def is_full(self) -> bool:
        """Say whether another expression may ask for too many joins."""
        return len(self._frame.aliases) > _JOINS or len(self._asked) >= _TOGETHER

    def ask(self, text: str, typed: t.Typed) -> None:
        """Add an expression."""
        dialect = self._transaction.parts.dialect
        cell = CellMaker(self._builder, self._environment, dialect, len(self._columns)).make("value", typed)
        self._columns += cell.columns
        holds = None
        if typed.type.kind is Kind.BOOLEAN:
            holds = len(self._columns)
            condition = self._builder.condition(typed, self._environment, loose=True)
            self._columns.append(case((condition, 1), else_=0))
        self._asked.append(Asked(text=text, typed=typed, cell=cell, holds=holds))

    def answers(self) -> Iterator[tuple[Asked, dict[str, Any], set[str] | None]]:
        """Give each expression's values by record, and for which records it holds."""
        query = select(*(column.label(f"p{number}") for number, column in enumerate(self._columns)))
        query = query.select_from(self._frame.source).where(self._alias.c["deleted_at"].is_(None))
        rows = self._transaction.rows(Prepared(query, self._transaction.parts.dialect), {})
        for asked in self._asked:
            values = {str(row[0]): asked.cell.read(row) for row in rows}
            found = None if asked.holds is None else {str(row[0]) for row in rows if row[asked.holds]}
            yield asked, values, found


class Sides:
    """Compares expressions over all deals that a transaction sees."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.scope = transaction.parts.language.scope(_OBJECT, "a test", needs_sql=True)
        deals = transaction.cache.records(_OBJECT)
        self.contexts = {values["id"]: transaction.context(_OBJECT, values) for values in deals}

    def check(self, text: str) -> t.Typed:
        """Give a text's typed tree, as a filter would have it."""
        checked = check_text(LocatedText.plain(text), self.scope)
        assert checked.typed is not None, (text, str(checked.problems))
        return checked.typed

    def values(self, text: str) -> dict[str, Any]:
        """Give an expression's values in memory, by record; the class EvaluationError where it can't be computed."""
        return self._in_memory(self.check(text))

    def held(self, text: str) -> frozenset[str] | None:
        """Give the deals that a condition holds for in memory; None where one of them can't be judged."""
        found = self.values(text)
        return None if EvaluationError in found.values() else frozenset(key for key, value in found.items() if value)

    def compare(self, texts: Sequence[str]) -> Iterator[str]:
        """Give what the back ends do not agree on, a line for each expression."""
        statement = Statement(self.transaction)
        for text in texts:
            statement.ask(text, self.check(text))
            if statement.is_full:
                yield from self._differences(statement)
                statement = Statement(self.transaction)
        yield from self._differences(statement)

    def _differences(self, statement: Statement) -> Iterator[str]:
        for asked, got, found in statement.answers():
            expected = self._in_memory(asked.typed)
            known = {key: value for key, value in expected.items() if value is not EvaluationError}
            wrong = {key: value for key, value in known.items() if not alike(value, got[key])}
            if wrong:
                key, value = next(iter(wrong.items()))
                yield f"{asked.text}\n    in memory {value!r}, in SQL {got[key]!r}, deal {key}"
            elif found is not None and {key for key, value in known.items() if value} != found & known.keys():
                yield f"{asked.text}\n    finds other records as a condition"

    def _in_memory(self, typed: t.Typed) -> dict[str, Any]:
        evaluate = self.transaction.parts.language.evaluator(typed)
        found: dict[str, Any] = {}
        for key, context in self.contexts.items():
            try:
                found[key] = evaluate(context)
            except EvaluationError:
                found[key] = EvaluationError
        return found


def alike(left: Any, right: Any) -> bool:
    """Say whether two values are one to people: numbers by amount, truth values apart from numbers."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is not None and right is not None and bool(left) == bool(right)
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return Decimal(left) == Decimal(right)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return left.length_seconds == right.length_seconds
    return bool(left == right)


def differences(app: Deals, texts: Sequence[str]) -> list[str]:
    """Compare expressions, with the eyes of their author; gives a line for each that the back ends do not agree on.

    A part that reads no record is computed once for a statement: where it can't be computed the whole question is
    refused, and so must at least one record be in memory.
    """
    try:
        with app.records.reading(app.ann) as transaction:
            return list(Sides(transaction).compare(texts))
    except EvaluationError as error:
        if len(texts) == 1:
            return [] if _fails_in_memory(app, texts[0]) else [f"{texts[0]}\n    refused in SQL only: {error}"]
    except (EngineError, SQLAlchemyError) as error:
        if len(texts) == 1:
            return [f"{texts[0]}\n    {error}"]
    # One of them fails where it may not: which one it is shows alone.
    return [line for text in texts for line in differences(app, [text])]


def _fails_in_memory(app: Deals, text: str) -> bool:
    with app.records.reading(app.ann) as transaction:
        return EvaluationError in Sides(transaction).values(text).values()
