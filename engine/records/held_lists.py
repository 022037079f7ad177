"""Lists of those who may read few of many records: the few are found first, then put in order.

The same rows in the same order as the list read in its order gives, by one statement that is told beside them how many
records it found to begin with. Where those are more than are looked for one by one it gives no rows, and the list is
read in its order, which `Breadth` remembers for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import CTE, Select, func, literal_column, select, true

from engine.access.candidates import MOST
from engine.records.ordering import OrderKey, order_by
from engine.records.query import QueryCompiler
from engine.records.questions import CompiledRead, Question
from engine.records.statements import Prepared
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

Compiled = TypeVar("Compiled")


class HeldReader:
    """Reads the lists of one object so, within one transaction."""

    __slots__ = ("_compiler", "_object", "_transaction")

    def __init__(self, transaction: Transaction, object_def: ObjectDef, compiler: Callable[[], QueryCompiler]) -> None:
        self._transaction = transaction
        self._object = object_def
        self._compiler = compiler

    def rows(self, question: Question, given: Mapping[str, Any]) -> tuple[list[Any], CompiledRead] | None:
        """Give a page's rows and what reads them; None where they are to be read in their order.

        Raises: QueryProblem.
        """
        compiled = self._compiled(("held", question), lambda: compile_held(self._compiler, question))
        if compiled is None:
            return None
        found = self._transaction.rows(compiled.prepared, given)
        # One row says how many there are, even where the page holds none.
        if not self._are_few(found[0][-1]):
            return None
        return [row[:-1] for row in found if row[0] is not None], compiled

    def count(self, question: Question, cap: int | None, given: Mapping[str, Any]) -> int | None:
        """Count what a list holds, at most `cap`; None where its rows are to be counted in their order.

        Raises: QueryProblem.
        """
        key = ("held count", question, cap)
        compiled = self._compiled(key, lambda: compile_held_count(self._compiler, question, cap))
        if compiled is None:
            return None
        value, held = self._transaction.row(compiled, given)
        return int(value) if self._are_few(held) else None

    def _compiled(self, key: Hashable, make: Callable[[], Compiled | None]) -> Compiled | None:
        transaction = self._transaction
        if transaction.access.full or self._object.source is not None:
            return None
        if transaction.parts.breadth.holds_many(self._who(), transaction.now):
            return None
        found: Compiled | None = transaction.parts.asked.find(key, lambda: (make(),))[0]
        return found

    def _are_few(self, held: int) -> bool:
        if held > MOST:
            self._transaction.parts.breadth.note_many(self._who(), self._transaction.now)
        return held <= MOST

    def _who(self) -> Hashable:
        return self._object.key, self._transaction.actor.user_id, self._transaction.access.roles


def compile_held(compiler: Callable[[], QueryCompiler], question: Question) -> CompiledRead | None:
    """Compile a list that begins with what its reader holds; None where that can't be found beforehand.

    Raises: QueryProblem.
    """
    asking = compiler()
    held = asking.candidates()
    if held is None or question.inside is not None or question.binned:
        return None
    exact = asking.finds_exactly()
    keys = asking.ordered(question, found=exact)
    found, ids = _found(asking, held, [key.expr.label(f"k{index}") for index, key in enumerate(keys)])
    placed = _renamed(keys, [found.c[f"k{index}"] for index in range(len(keys))])
    first = ids.order_by(*order_by(placed, sqlite=asking.sqlite)).limit(literal_column(str(question.limit + 1)))
    showing = compiler()
    showing.conditions.append(showing.scope.id.in_(first))
    if exact:
        # What was put in order is tested once it is few: candidates alone never say what is shown.
        showing.require_readable()
    keys = showing.order(question)
    shown = showing.listed(question, keys)
    if showing.scope.frame.leads:
        return None
    return showing.read(_beside_count(held, shown, keys, showing), len(keys))


def compile_held_count(compiler: Callable[[], QueryCompiler], question: Question, cap: int | None) -> Prepared | None:
    """Compile the count of a list, at most `cap`, that begins with what its reader holds, and how many that are.

    Raises: QueryProblem.
    """
    asking = compiler()
    held = asking.candidates()
    if held is None or question.binned:
        return None
    asking.narrowed(question)
    _, ids = _found(asking, held, [])
    counted = ids if cap is None else ids.limit(literal_column(str(cap)))
    query = select(
        select(func.count()).select_from(counted.subquery()).scalar_subquery(),
        select(func.count()).select_from(held).scalar_subquery(),
    )
    return asking.prepare(query)


def _found(asking: QueryCompiler, held: CTE, values: Sequence[Any]) -> tuple[Any, Select[Any]]:
    """Give those of the few that the list holds, with values of theirs, and the select of their ids.

    They are fetched before anything is done with them, whatever an index offers.
    """
    few = select(held.c["id"]).distinct().where(select(func.count()).select_from(held).scalar_subquery() <= MOST)
    rows = select(asking.scope.id.label("id"), *values).select_from(asking.scope.frame.source)
    rows = rows.where(*asking.conditions)
    if asking.sqlite:
        found: Any = rows.where(asking.scope.id.in_(few)).limit(literal_column(str(MOST))).subquery()
        return found, select(found.c["id"])
    one = few.subquery()
    found = rows.where(asking.scope.id == one.c["id"]).limit(literal_column("1")).lateral()
    return found, select(found.c["id"]).select_from(one.join(found, true()))


def _beside_count(held: CTE, shown: Select[Any], keys: Sequence[OrderKey], showing: QueryCompiler) -> Select[Any]:
    count = select(func.count().label("held")).select_from(held).subquery()
    rows = shown.subquery()
    columns = list(rows.c)
    ordered = _renamed(keys, columns[len(columns) - len(keys) :])
    found = select(*columns, count.c["held"]).select_from(count.outerjoin(rows, true()))
    return found.order_by(*order_by(ordered, sqlite=showing.sqlite))


def _renamed(keys: Sequence[OrderKey], columns: Sequence[Any]) -> list[OrderKey]:
    return [OrderKey(column, key.descending, key.never_empty) for key, column in zip(keys, columns, strict=True)]
