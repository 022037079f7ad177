"""Finds roll-ups that are kept otherwise than a fresh computation gives, and writes the right ones.

Saves keep figures right; what changes a table past the door, or a roll-up over what no save of a child tells of
(another record, the passing of days), makes them stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.access.actor import Origin, system_actor
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.rollup_plans import rollup_plans_of
from engine.records.saving.rollups import stale_parents, write_repaired
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.recomputed_parts import children_first

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleFigure:
    """A roll-up of one record: what is kept, and what a fresh computation gives."""

    object: str
    record_id: str
    field: str
    kept: Any
    fresh: Any


def stale_figures(records: Records, release: Release, *, repair: bool) -> Iterator[StaleFigure]:
    """Give all stale figures, children before what sums them up; with `repair` each batch is written and committed."""
    for object_key in children_first(release.metamodel):
        after = ""
        while True:
            with records.transaction(system_actor(Origin.CLI)) as transaction:
                if not rollup_plans_of(transaction.parts, object_key):
                    break
                ids = _ids(transaction, object_key, after)
                stale = stale_parents(transaction, object_key, ids) if ids else []
                found = [figure for draft in stale for figure in _figures(draft)]
                if repair and stale:
                    write_repaired(transaction, stale)
            yield from found
            if len(ids) < BATCH:
                break
            after = ids[-1]


def _ids(transaction: Transaction, object_key: str, after: str) -> Sequence[str]:
    table = transaction.parts.tables.of(object_key).table
    query = select(table.c["id"]).where(table.c["deleted_at"].is_(None)).order_by(table.c["id"]).limit(BATCH)
    if after:
        query = query.where(table.c["id"] > after)
    return [str(row[0]) for row in transaction.select(query)]


def _figures(draft: RecordDraft) -> Iterator[StaleFigure]:
    for name in sorted(draft.changed):
        kept, fresh = draft.old.get(name), draft.values[name]
        yield StaleFigure(object=draft.object_key, record_id=draft.record_id, field=name, kept=kept, fresh=fresh)
