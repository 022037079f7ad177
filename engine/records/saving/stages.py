"""Keeps when records left the stages of their path: one row a stay that has ended, written with the save that ends it.

The stay a record is in has no row. It began when the one before ended, or with the record, so that creating a record
costs nothing; `engine.records.stages` reads both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, insert, literal, select

from engine.expressions.sql.runtime import runtime
from engine.records.batches import one_of
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.statements import Prepared

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_FEW = 4
_GIVEN = ("object", "record_id", "field", "option", "left_at", "left_by")


def end_stays(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the stays that the changes of drafts have ended.

    A few go with the save; those of a batch are written by one statement, after one that asks when they began.
    """
    ended = [
        (draft, name)
        for draft in drafts
        if draft.plan.paths and draft.kind is SaveKind.UPDATED
        for name in draft.plan.paths
        if name in draft.changed
    ]
    if len(ended) > _FEW:
        _write_many(ended, transaction)
        return
    for draft, name in ended:
        prepared = transaction.parts.made("stay", lambda: _prepare(transaction))
        row = _row(draft, name, transaction)
        transaction.later(prepared, {**{f"the_{key}": row[key] for key in _GIVEN}, "begun": draft.old["created_at"]})


def _row(draft: RecordDraft, name: str, transaction: Transaction) -> dict[str, Any]:
    return {
        "object": draft.object_key,
        "record_id": draft.record_id,
        "field": name,
        "option": draft.old.get(name),
        "left_at": transaction.now,
        "left_by": transaction.actor.user_id,
    }


def _prepare(transaction: Transaction) -> Prepared:
    table = transaction.system.stage
    given: dict[str, ColumnElement[Any]] = {name: runtime(f"the_{name}", table.c[name].type) for name in _GIVEN}
    before: Select[Any] = select(func.max(table.c["left_at"])).where(
        *(table.c[name] == given[name] for name in ("object", "record_id", "field"))
    )
    begun = func.coalesce(before.scalar_subquery(), runtime("begun", table.c["entered_at"].type))
    row = select(*given.values(), begun, literal(1).label("one")).subquery()
    values = select(*list(row.c)[:-1])
    return Prepared(insert(table).from_select([*_GIVEN, "entered_at"], values), transaction.parts.dialect)


def _write_many(ended: Sequence[tuple[RecordDraft, str]], transaction: Transaction) -> None:
    begun = _begun(ended, transaction)
    rows = []
    for draft, name in ended:
        entered = begun.get((draft.object_key, draft.record_id, name)) or draft.old["created_at"]
        rows.append({**_row(draft, name, transaction), "entered_at": entered})
    transaction.insert_many(transaction.system.stage, rows)


def _begun(ended: Sequence[tuple[RecordDraft, str]], transaction: Transaction) -> Mapping[tuple[str, str, str], Any]:
    table = transaction.system.stage
    key = (table.c["object"], table.c["record_id"], table.c["field"])
    ids = dict.fromkeys(draft.record_id for draft, _ in ended)
    objects = sorted({draft.object_key for draft, _ in ended})
    last = select(*key, func.max(table.c["left_at"]))
    last = last.where(table.c["object"].in_(objects), one_of(table.c["record_id"], ids, transaction.database.dialect))
    return {(row[0], row[1], row[2]): row[3] for row in transaction.select(last.group_by(*key))}
