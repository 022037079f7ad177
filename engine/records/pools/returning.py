"""Gives records that nobody touched back to their pool: a duty of the housekeeping, done in batches.

What goes back follows from the records alone, so that whoever comes after a killed worker goes on where it stopped and
two workers at once do no harm. Each batch is one transaction; its records are locked and looked at again before they
are changed, since somebody may have called the customer a moment ago.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from engine import faults
from engine.access.actor import system_actor
from engine.clock import Clock
from engine.records.batches import one_of
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, SaveRow, SortKey
from engine.releases.release import Release
from metamodel.objects import ObjectDef
from metamodel.pools import CLAIMED_AT

_LOG = logging.getLogger("fieldstone.pools")
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolKeeper:
    """Looks after the pools of the current release."""

    records: Records
    clock: Clock
    current: Callable[[], Release | None]

    def return_untouched(self) -> int:
        """Give all records that are due back to their pools, and say how many."""
        release = self.current()
        if release is None:
            return 0
        objects = [each for each in release.metamodel.objects.values() if each.pool is not None and each.pool.fall_back]
        return sum(self._return_of(release, each) for each in objects)

    def _return_of(self, release: Release, object_def: ObjectDef) -> int:
        query: ListQuery | None = _due(object_def)
        count = 0
        while query is not None:
            with self.records.transaction(system_actor(), release=release) as transaction:
                page = transaction.list(query)
                count += _return(transaction, object_def, query, [row.id for row in page.rows])
                faults.reach("pool.before_commit")
            query = replace(query, cursor=page.next_cursor) if page.next_cursor is not None else None
        return count


def _return(transaction: Transaction, object_def: ObjectDef, query: ListQuery, ids: Sequence[str]) -> int:
    """Return those of the records found by a query that are still due once they are locked, and say how many."""
    if not ids:
        return 0
    table = transaction.parts.tables.of(object_def.key).table
    locked = select(table.c["id"]).where(one_of(table.c["id"], ids, transaction.database.dialect))
    transaction.connection.execute(locked.order_by(table.c["id"]).with_for_update())
    # The same question, which is compiled already; what it finds anew is the next sweep's.
    still = [row.id for row in transaction.list(query).rows if row.id in ids]
    result = transaction.save_many(object_def.key, [SaveRow(values={"owner": None}, id=each) for each in still])
    for index in result.refused:
        errors = "; ".join(each.message for each in result.rows[index].errors)
        _LOG.warning("%s %s stays out of the pool: %s", object_def.key, still[index], errors)
    return len(still) - len(result.refused)


def due_condition(object_def: ObjectDef) -> str:
    """Write which records of an object go back to the pool now: owned, not protected, and fit for falling back."""
    pool = object_def.pool
    assert pool is not None
    assert pool.fall_back is not None
    parts = ["owner is not empty", f"(\n{pool.fall_back.text}\n)"]
    if pool.protect is not None:
        parts.append(f"({CLAIMED_AT} is empty or {CLAIMED_AT} + ({pool.protect.text}) <= now)")
    return " and ".join(parts)


def _due(object_def: ObjectDef) -> ListQuery:
    order = (SortKey(path="id", descending=False),)
    return ListQuery(object=object_def.key, filter=due_condition(object_def), sort=order, fields=("id",), limit=_BATCH)
