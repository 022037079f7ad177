"""Which of many records a rule's condition holds for, by one statement however many there are.

What SQL can't judge is judged in memory, the records and those that they point at loaded beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from engine.automation.program import Value
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.asked_texts import computable
from engine.records.batches import one_of
from engine.records.transaction import Transaction
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.typed import FieldPath, RootKind
from workflow_dsl.typed_walk import walk


def holding_among(
    transaction: Transaction, object_key: str, condition: Value | None, ids: Sequence[str]
) -> frozenset[str]:
    """Give those of some records that a condition holds for, seen whole, as conditions of rules see them."""
    if condition is None or not ids:
        return frozenset(ids)
    try:
        return _by_statement(transaction, object_key, condition, ids)
    except NotInSql:
        pass
    fetch_along(transaction, object_key, (condition,), ids)
    found = set()
    for record_id in ids:
        values = transaction.cache.related(object_key, record_id)
        try:
            if values is not None and condition.evaluate(transaction.context(object_key, values)):
                found.add(record_id)
        except EvaluationError:
            continue
    return frozenset(found)


def _by_statement(transaction: Transaction, object_key: str, condition: Value, ids: Sequence[str]) -> frozenset[str]:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    alias = parts.tables.of(object_key).table.alias()
    scope = RowScope(builder, Frame(alias), object_key, alias, False, None)
    holds = builder.condition(condition.typed, Environment(scope.frame, scope), loose=True)
    wanted = one_of(alias.c["id"], ids, transaction.database.dialect)
    query = select(alias.c["id"]).select_from(scope.frame.source).where(wanted, holds)
    with computable():
        return frozenset(str(row[0]) for row in transaction.select(query))


def fetch_along(transaction: Transaction, object_key: str, values: Iterable[Value], ids: Sequence[str]) -> None:
    """Load records, and those that some expressions reach from them by lookups: a statement an object and step."""
    transaction.cache.prefetch(object_key, ids)
    paths = {
        tuple(step.field.name for step in node.steps)
        for value in values
        for node in walk(value.typed)
        if isinstance(node, FieldPath) and node.root.kind is RootKind.THIS and node.steps
    }
    for path in sorted(paths):
        here = [(object_key, record_id) for record_id in ids]
        for name in path:
            here = _step(transaction, here, name)


def _step(transaction: Transaction, places: Sequence[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    objects = transaction.parts.metamodel.objects
    found: list[tuple[str, str]] = []
    for object_key, record_id in places:
        values = transaction.cache.related(object_key, record_id) or {}
        field = objects[object_key].fields.get(name)
        target: Any = values.get(name)
        if isinstance(target, Ref):
            found.append((target.object, target.id))
        elif target is not None and field is not None and field.relation is not None:
            found.append((field.relation.targets[0], str(target)))
    for key in dict.fromkeys(key for key, _ in found):
        transaction.cache.prefetch(key, [record_id for each, record_id in found if each == key])
    return list(dict.fromkeys(found))
