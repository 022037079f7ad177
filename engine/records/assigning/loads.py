"""How much the members of a queue have on their hands: the open records of one object that they own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from engine.records.batches import one_of
from engine.records.conversions.plan import conversion_plans
from engine.records.sources import points_at_some
from metamodel.fields import FieldDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

CLOSED = "closed"


def loads_of(transaction: Transaction, object_key: str, users: Iterable[str], besides: str) -> dict[str, int]:
    """Count the open records that users own, the one at hand left out.

    A record is open that is not in the bin, not converted, and at no option of a choice that says `closed: true`.
    """
    parts = transaction.parts
    table = parts.tables.of(object_key).table
    owner, tests = points_at_some(parts, object_key, "owner", "user")
    wanted = list(users)
    query = (
        select(owner, func.count())
        .where(one_of(owner, wanted, transaction.database.dialect), table.c["deleted_at"].is_(None), *tests)
        .where(table.c["id"] != besides, *_open(transaction, object_key))
        .group_by(owner)
    )
    found = {str(row[0]): int(row[1]) for row in transaction.select(query)}
    return {user: found.get(user, 0) for user in wanted}


def _open(transaction: Transaction, object_key: str) -> Iterable[Any]:
    table = transaction.parts.tables.of(object_key).table
    for name, definition in transaction.parts.metamodel.objects[object_key].fields.items():
        closed = _closed_options(definition)
        if closed and name in table.c:
            yield or_(table.c[name].is_(None), table.c[name].not_in(closed))
    if conversion_plans(transaction.parts, object_key):
        converted = transaction.system.conversion
        there = select(converted.c["record_id"]).where(converted.c["object"] == object_key)
        yield table.c["id"].not_in(there)


def _closed_options(definition: FieldDef) -> list[str]:
    if definition.choice is None or definition.type != "choice":
        return []
    return [option.name for option in definition.choice.options if option.attribute(CLOSED) is True]
