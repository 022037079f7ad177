"""Which records of an object `update … where`, `delete … where` and `for each … where` mean, found by one statement.

The condition and what the rule's actor may read are SQL where they can be; what reads no row (names of the run, `old`,
what the rule's record points at) is bound as a value. What only memory can judge is judged there, a batch of rows at a
time. Either way an action is about so many records at the most, and says so before it changes the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.access.eyes import AccessEyes
from engine.automation.evaluated_once import NotBound, with_values
from engine.automation.program import Rows
from engine.automation.run_state import StepFailed
from engine.expressions.sql.bound import BoundRecord
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.asked_texts import computable
from workflow_dsl.context import Context, Values
from workflow_dsl.typed import Typed

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MOST_RECORDS = 10_000


def select_ids(transaction: Transaction, rows: Rows, context: Context, own_object: str) -> list[str] | None:
    """Give the ids of an object's records that a condition holds for, by id; None where SQL can't judge it.

    Raises: StepFailed: there are too many. QueryProblem: the condition can't be computed.
    """
    if rows.object is None or rows.list_name is not None or rows.sorted_by is not None or rows.given is not None:
        return None
    node = rows.where.typed if rows.where is not None else None
    try:
        node = with_values(node, context, transaction.parts.made) if node is not None else None
        query = _query(transaction, rows.object, node, context, own_object)
    except (NotInSql, NotBound):
        return None
    with computable():
        found = [str(row[0]) for row in transaction.select(query.limit(MOST_RECORDS + 1))]
    return at_most(found, rows.object)


def at_most(ids: Iterable[str], object_key: str) -> list[str]:
    """Give the ids of the records an action is about, unless there are too many.

    Raises: StepFailed.
    """
    found = list(islice(ids, MOST_RECORDS + 1))
    if len(found) > MOST_RECORDS:
        raise StepFailed(
            f"More than {MOST_RECORDS:,} {object_key} records meet the condition, which is the limit of one action; "
            "nothing was changed. Narrow the condition, or let a schedule with `for each` go through them."
        )
    return found


def in_order(rows: list[Values], order: Rows, context: Context) -> list[Values]:
    """Sort rows by what an action says, empties last; as they are where it says nothing."""
    by = order.sorted_by
    if by is None:
        return rows
    keyed = [(by.evaluate(context, row), row) for row in rows]
    filled = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=order.descending)
    return [row for _, row in filled] + [row for key, row in keyed if key is None]


def _query(transaction: Transaction, object_key: str, node: Typed | None, context: Context, own_object: str) -> Any:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    alias = parts.tables.of(object_key).table.alias()
    eyes = None if transaction.access.full else AccessEyes(transaction.access)
    scope = RowScope(builder, Frame(alias), object_key, alias, False, eyes)
    conditions: list[Any] = [alias.c["deleted_at"].is_(None)]
    if eyes is not None and (readable := eyes.record_condition(scope.with_eyes(None))) is not None:
        conditions.append(readable)
    if node is not None:
        bound = BoundRecord(builder, scope.frame, own_object, context.this)
        conditions.append(builder.condition(node, Environment(scope.frame, bound, (scope,), eyes), loose=True))
    return select(alias.c["id"]).select_from(scope.frame.source).where(*conditions).order_by(alias.c["id"])
