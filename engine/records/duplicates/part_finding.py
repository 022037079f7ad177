"""Duplicates by a part: a saved row such as a phone is compared for the record that it is a part of.

What is found is told of the row's field. The keys of a record follow from its parts, so they are written with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.records.duplicates.comparing import Compared, compare, found_by_keys, keys_of, write_keys
from engine.records.duplicates.keys import Values
from engine.records.duplicates.part_values import PartRules, duplicate_rules, part_rules, with_parts
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def check_parts(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Tell drafts of parts which records the ones they are parts of look like by them."""
    for asked in part_rules(transaction.parts, drafts[0].object_key) if drafts else ():
        moved = [draft for draft in drafts if not draft.errors and _is_news(draft, asked)]
        above = _parents(transaction, asked, {parent for draft in moved if (parent := _parent(draft.values, asked))})
        probes = {
            draft.record_id: {**values, asked.path: (draft.values[asked.field],)}
            for draft in moved
            if (values := above.get(_parent(draft.values, asked) or "")) is not None
        }
        keys = {record_id: keys_of(asked.rules, probe) for record_id, probe in probes.items()}
        stored = found_by_keys(transaction, asked.parent, asked.rules, {key for own in keys.values() for key in own})
        before: dict[str, list[Values]] = {}
        for draft in moved:
            probe, own = probes.get(draft.record_id), keys.get(draft.record_id, set())
            if probe is None:
                continue
            others = [values for key in own for values in (*stored.get(key, ()), *before.get(key, ()))]
            compare(draft, Compared(asked.parent, asked.rules, probe, asked.field), others, transaction)
            for key in own if not draft.errors else ():
                before.setdefault(key, []).append(probe)


def keep_keys_of_parents(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the keys of the records whose parts have been written, taken away or brought back."""
    done: set[str] = set()
    for asked in part_rules(transaction.parts, drafts[0].object_key) if drafts else ():
        if asked.parent in done:
            continue
        done.add(asked.parent)
        ids = {
            parent
            for draft in drafts
            if draft.kind is not SaveKind.UPDATED or draft.changed & {asked.inverse.field, *_fields(transaction, asked)}
            for values in (draft.old, draft.values)
            if (parent := _parent(values, asked)) is not None
        }
        rules = duplicate_rules(transaction.parts, asked.parent)
        rows = list(_parents(transaction, asked, ids).values())
        write_keys(transaction, asked.parent, rules, rows, fresh=())


def _fields(transaction: Transaction, asked: PartRules) -> set[str]:
    every = part_rules(transaction.parts, asked.inverse.object)
    return {each.field for each in every if each.parent == asked.parent}


def _is_news(draft: RecordDraft, asked: PartRules) -> bool:
    if draft.values.get(asked.field) is None or draft.kind is SaveKind.DELETED:
        return False
    return draft.kind is not SaveKind.UPDATED or bool(draft.changed & {asked.field, asked.inverse.field})


def _parent(values: Values, asked: PartRules) -> str | None:
    found = values.get(asked.inverse.field)
    if isinstance(found, Ref):
        return found.id if found.object == asked.parent else None
    return found if isinstance(found, str) else None


def _parents(transaction: Transaction, asked: PartRules, ids: set[str]) -> dict[str, Values]:
    if not ids:
        return {}
    cache = transaction.cache
    cache.prefetch(asked.parent, sorted(ids))
    rows = [values for each in sorted(ids) if (values := cache.related(asked.parent, each)) is not None]
    return with_parts(transaction, asked.parent, duplicate_rules(transaction.parts, asked.parent), rows)
