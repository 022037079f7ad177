"""Unique values of a batch, asked for before anything is written, so that one taken value refuses one row only.

A single save leaves this to the database's own constraint, which also stands behind a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from engine.errors import FieldError
from engine.records.batches import one_of
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.plan import SavePlan
from engine.records.saving.record_columns import RecordColumns

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_ASKED_AT_ONCE = 300
_VALUES_ASKED_AT_ONCE = 2_000


def check_uniques(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Find the drafts whose unique values another record has, or an earlier draft of the batch."""
    if not drafts:
        return
    for names in drafts[0].plan.uniques:
        wanted: dict[tuple[Any, ...], RecordDraft] = {}
        of_key = frozenset(names)
        for draft in drafts:
            values = draft.values
            key = tuple([values.get(name) for name in names])
            if any([part is None for part in key]):
                continue
            # What comes back from the bin claims all its values again.
            if draft.kind is not SaveKind.RESTORED and of_key.isdisjoint(draft.changed):
                continue
            if key in wanted:
                _refuse(draft, names, transaction)
            else:
                wanted[key] = draft
        keys = list(wanted)
        most = _VALUES_ASKED_AT_ONCE if len(names) == 1 else _ASKED_AT_ONCE
        for start in range(0, len(keys), most):
            for key, record_id in _taken(transaction, drafts[0].plan, names, keys[start : start + most]):
                draft = wanted[key]
                if record_id != draft.record_id:
                    _refuse(draft, names, transaction)


def claimed_twice(
    groups: Sequence[RecordColumns], drafts: Sequence[RecordDraft], transaction: Transaction
) -> list[set[int]]:
    """Give for each of some groups of new records the places of those that claim what another record may have."""
    doubtful: list[set[int]] = [set() for _ in groups]
    for names in groups[0].plan.uniques if groups else ():
        keys = [_keys(group, names) for group in groups]
        counts = Counter(key for part in keys for key in part if key is not None)
        counts.update(tuple([draft.values.get(name) for name in names]) for draft in drafts)
        wanted = list(counts)
        twice = {key for key, count in counts.items() if count > 1} if len(wanted) < counts.total() else set()
        most = _VALUES_ASKED_AT_ONCE if len(names) == 1 else _ASKED_AT_ONCE
        for start in range(0, len(wanted), most):
            asked = [key for key in wanted[start : start + most] if None not in key]
            if asked:
                twice.update(key for key, _ in _taken(transaction, groups[0].plan, names, asked))
        for places, own in zip(doubtful, keys, strict=True) if twice else ():
            places.update(at for at, key in enumerate(own) if key in twice)
    return doubtful


def _keys(group: RecordColumns, names: Sequence[str]) -> list[tuple[Any, ...] | None]:
    columns = [group.values[name] for name in names]
    if any(None in column for column in columns):
        return [None if None in key else key for key in zip(*columns, strict=True)]
    return [*zip(*columns, strict=True)]


def _taken(
    transaction: Transaction, plan: SavePlan, names: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> list[tuple[tuple[Any, ...], str]]:
    table = plan.table
    codecs = [table.codecs[name] for name in names]
    columns = [[table.table.c[column] for column in codec.names] for codec in codecs]
    tests: list[Any] = []
    if len(names) == 1:
        first = codecs[0].names[0]
        values = [codecs[0].to_columns(key[0])[first] for key in keys]
        tests.append(one_of(table.table.c[first], values, transaction.database.dialect))
        keys_left: Sequence[tuple[Any, ...]] = ()
    else:
        keys_left = keys
    for key in keys_left:
        parts = []
        for codec, value in zip(codecs, key, strict=True):
            first = codec.names[0]
            parts.append(table.table.c[first] == codec.to_columns(value)[first])
        tests.append(and_(*parts))
    flat = [column for group in columns for column in group]
    query = select(table.table.c["id"], *flat).where(table.table.c["deleted_at"].is_(None), or_(*tests))
    found = []
    for row in transaction.select(query):
        values, at = [], 1
        for codec in codecs:
            values.append(codec.from_columns(row[at : at + len(codec.names)]))
            at += len(codec.names)
        found.append((tuple(values), str(row[0])))
    asked = set(keys)
    return [(key, record_id) for key, record_id in found if key in asked]


def _refuse(draft: RecordDraft, names: Sequence[str], transaction: Transaction) -> None:
    text = say("not_unique", transaction.actor.language)
    draft.errors.extend(FieldError(code="not_unique", message=text, field=name) for name in names)
