"""Why a path of a record is empty for whom a rule acts as: because it is, or because it may not be read; and its mask.

Asked of empty values only: what is there to be seen has been read already, by `eyes`.
"""

from __future__ import annotations

from typing import Any

from engine.access.eyes import Sight, sight_of
from engine.access.predicates import EVERYONE
from engine.records.transaction import Transaction
from metamodel.values import Ref
from workflow_dsl.typed import FieldPath


def unseen(transaction: Transaction, object_key: str, record_id: str, path: FieldPath) -> str | None:
    """Give what stands for a path that is not seen: its mask, else ''; None where it is seen and just empty."""
    if transaction.access.full or path.field is None:
        return None
    key, at = object_key, record_id
    for step in path.steps:
        sight, value, _ = _look(transaction, key, at, step.field.name)
        if sight is not Sight.CLEAR:
            return ""
        if value is None:
            return None
        key, at = (value.object, value.id) if isinstance(value, Ref) else (step.targets[0], str(value))
    sight, value, known = _look(transaction, key, at, path.field.name)
    if sight is Sight.MASKED and value is not None and not path.attribute:
        return transaction.release.field_types.of(path.field).masked(value)
    return None if sight is Sight.CLEAR or not known else ""


def _look(transaction: Transaction, key: str, record_id: str, name: str) -> tuple[Sight, Any, bool]:
    """Give how a field is seen, its value, and whether there is such a record."""
    values = transaction.cache.related(key, record_id)
    if values is None:
        return Sight.CLEAR, None, False
    context, access = transaction.context(key, values), transaction.access.of(key)
    readable = access.actions["read"]
    right = access.fields.get(name)
    if right is None or not (readable is EVERYONE or readable.test(context)):
        return Sight.HIDDEN, None, True
    return sight_of(right, context), context.this.get(name), True
