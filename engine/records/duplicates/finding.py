"""Looks for likely duplicates of records that are being saved, and keeps the keys by which they will be found.

One indexed question a save (or some hundred records of a batch) brings the candidates; the rules then compare values.
Two saves at the same moment do not see each other: what must never stand twice is `unique`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.records.duplicates.comparing import Compared, compare, found_by_keys, keys_of, write_keys
from engine.records.duplicates.keys import Rule, Values
from engine.records.duplicates.part_finding import check_parts, keep_keys_of_parents
from engine.records.duplicates.part_values import duplicate_rules, part_rules, with_parts
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def compares(transaction: Transaction, object_key: str) -> bool:
    """Say whether records of an object are compared with others, for themselves or for what they are parts of."""
    return bool(duplicate_rules(transaction.parts, object_key) or part_rules(transaction.parts, object_key))


def check_duplicates(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Tell drafts of one object which records they look like: stored ones, and those before them in the batch."""
    check_parts(drafts, transaction)
    rules = _rules(drafts, transaction)
    asked = [draft for draft in drafts if not draft.errors and _concerned(draft, rules)] if rules else []
    if not asked:
        return
    values = _values(asked, rules, transaction)
    keys = {draft.record_id: keys_of(rules, values[draft.record_id]) for draft in asked}
    found = found_by_keys(transaction, drafts[0].object_key, rules, {key for each in keys.values() for key in each})
    moving = {draft.record_id for draft in asked}
    before: dict[str, list[Values]] = {}
    for draft in asked:
        own = keys[draft.record_id]
        others = [
            each
            for key in own
            for each in (*(each for each in found.get(key, ()) if each["id"] not in moving), *before.get(key, ()))
        ]
        compared = Compared(draft.object_key, _concerned(draft, rules), values[draft.record_id])
        compare(draft, compared, others, transaction)
        if not draft.errors:
            for key in own:
                before.setdefault(key, []).append(values[draft.record_id])


def find_alike(draft: RecordDraft, transaction: Transaction) -> list[Values]:
    """Give the stored records that any rule finds like a draft that is not saved yet."""
    rules = _rules([draft], transaction)
    keys = keys_of(rules, draft.values)
    if not keys:
        return []
    found = found_by_keys(transaction, draft.object_key, rules, keys)
    others = {str(values["id"]): values for each in found.values() for values in each}
    return [values for values in others.values() if any(rule.matches(draft.values, values) for rule in rules)]


def keep_keys(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the keys of written records whose compared values are new, and of those whose parts they are."""
    rules = _rules(drafts, transaction)
    written = [draft for draft in drafts if _concerned(draft, rules)] if rules else []
    if written:
        values = _values(written, rules, transaction)
        fresh = {draft.record_id for draft in written if draft.kind is SaveKind.CREATED}
        rows = [values[draft.record_id] for draft in written]
        write_keys(transaction, drafts[0].object_key, rules, rows, fresh=fresh)
    keep_keys_of_parents(drafts, transaction)


def keep_all_keys(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the keys of stored records again, after a release changed the rules."""
    if drafts:
        rules = _rules(drafts, transaction)
        values = with_parts(transaction, drafts[0].object_key, rules, [draft.values for draft in drafts])
        write_keys(transaction, drafts[0].object_key, rules, list(values.values()), fresh=())


def _rules(drafts: Sequence[RecordDraft], transaction: Transaction) -> tuple[Rule, ...]:
    return duplicate_rules(transaction.parts, drafts[0].object_key) if drafts else ()


def _values(drafts: Sequence[RecordDraft], rules: Iterable[Rule], transaction: Transaction) -> dict[str, Values]:
    """Give what is compared of drafts: their values, and those of the parts that stored ones have."""
    found: dict[str, Values] = {draft.record_id: draft.values for draft in drafts}
    stored = [draft.values for draft in drafts if draft.kind is not SaveKind.CREATED]
    if stored and any(rule.paths for rule in rules):
        found |= with_parts(transaction, drafts[0].object_key, rules, stored)
    return found


def _concerned(draft: RecordDraft, rules: Iterable[Rule]) -> list[Rule]:
    """Give the rules that a save gives reason to ask: all of a new record's, else those over changed fields."""
    if draft.kind in (SaveKind.CREATED, SaveKind.RESTORED):
        return list(rules)
    if draft.kind is not SaveKind.UPDATED:
        return []
    changed = draft.changed
    return [rule for rule in rules if any(match.field in changed for match, _ in rule.texts)]
