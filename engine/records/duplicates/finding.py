"""Looks for likely duplicates of records that are being saved, and keeps the keys by which they will be found.

One indexed question a save (or some hundred records of a batch) brings the candidates; the rules then compare values.
Two saves at the same moment do not see each other: what must never stand twice is `unique`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from engine.errors import FieldError
from engine.records.batches import given_one_of, given_values, one_of
from engine.records.duplicates.keys import Rule, rules_of
from engine.records.duplicates.telling import told_of
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.statements import Prepared
from metamodel.duplicates import DuplicateAction
from metamodel.objects import ValidationSeverity

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_KEYS_ASKED_AT_ONCE = 500
_MOST_CANDIDATES = 5_000
Values = Mapping[str, Any]


def check_duplicates(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Tell drafts of one object which records they look like: stored ones, and those before them in the batch."""
    rules = _rules(drafts, transaction)
    asked = [draft for draft in drafts if not draft.errors and _concerned(draft, rules)] if rules else []
    if not asked:
        return
    keys = {draft.record_id: _keys(rules, draft.values) for draft in asked}
    found = _candidates(transaction, drafts[0], {key for each in keys.values() for key in each})
    moving = {draft.record_id for draft in asked}
    before: dict[str, list[Values]] = {}
    for draft in asked:
        own = keys[draft.record_id]
        others = {
            str(values["id"]): values
            for key in own
            for values in (*(each for each in found.get(key, ()) if each["id"] not in moving), *before.get(key, ()))
        }
        _compare(draft, _concerned(draft, rules), others, transaction)
        if not draft.errors:
            for key in own:
                before.setdefault(key, []).append(draft.values)


def find_alike(draft: RecordDraft, transaction: Transaction) -> list[Values]:
    """Give the stored records that any rule finds like a draft that is not saved yet."""
    rules = _rules([draft], transaction)
    keys = _keys(rules, draft.values)
    if not keys:
        return []
    found = _candidates(transaction, draft, keys)
    others = {str(values["id"]): values for each in found.values() for values in each}
    return [values for values in others.values() if any(rule.matches(draft.values, values) for rule in rules)]


def keep_keys(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the keys of written records whose compared values are new."""
    rules = _rules(drafts, transaction)
    written = [draft for draft in drafts if _concerned(draft, rules)] if rules else []
    if not written:
        return
    table, key = transaction.services.system.match, drafts[0].object_key
    stored = [draft.record_id for draft in written if draft.kind is not SaveKind.CREATED]
    if stored:
        gone = one_of(table.c["record_id"], stored, transaction.database.dialect)
        transaction.connection.execute(delete(table).where(gone, table.c["object"] == key))
    rows = [
        {"object": key, "key": each, "record_id": draft.record_id}
        for draft in written
        for each in sorted(_keys(rules, draft.values))
    ]
    transaction.insert_many(table, rows)


def keep_all_keys(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write the keys of stored records again, after a release changed the rules."""
    if not drafts:
        return
    table, key = transaction.services.system.match, drafts[0].object_key
    gone = one_of(table.c["record_id"], [draft.record_id for draft in drafts], transaction.database.dialect)
    transaction.connection.execute(delete(table).where(gone, table.c["object"] == key))
    rules = _rules(drafts, transaction)
    rows = [
        {"object": key, "key": each, "record_id": draft.record_id}
        for draft in drafts
        for each in sorted(_keys(rules, draft.values))
    ]
    transaction.insert_many(table, rows)


def _rules(drafts: Sequence[RecordDraft], transaction: Transaction) -> tuple[Rule, ...]:
    if not drafts or not drafts[0].plan.object.duplicates:
        return ()
    plan = drafts[0].plan
    return transaction.parts.made(("duplicate rules", plan.object.key), lambda: rules_of(plan))


def _concerned(draft: RecordDraft, rules: Iterable[Rule]) -> list[Rule]:
    """Give the rules that a save gives reason to ask: all of a new record's, else those over changed fields."""
    if draft.kind is SaveKind.CREATED:
        return list(rules)
    if draft.kind is not SaveKind.UPDATED:
        return []
    changed = draft.changed
    return [rule for rule in rules if any(match.field in changed for match, _ in rule.texts)]


def _keys(rules: Iterable[Rule], values: Values) -> set[str]:
    return {key for rule in rules for key in rule.keys(values)}


def _candidates(transaction: Transaction, sample: RecordDraft, keys: set[str]) -> dict[str, list[Values]]:
    """Give the records that share keys, by key."""
    object_key = sample.object_key
    prepared = transaction.parts.made(("candidates", object_key), lambda: _prepare(transaction, object_key))
    columns, wanted = transaction.parts.columns(object_key), sorted(keys)
    found: dict[str, list[Values]] = {}
    for start in range(0, len(wanted), _KEYS_ASKED_AT_ONCE):
        asked = given_values(wanted[start : start + _KEYS_ASKED_AT_ONCE], transaction.database.dialect)
        for row in transaction.rows(prepared, {"keys": asked}):
            found.setdefault(str(row[0]), []).append(columns.values(row, 1))
    return found


def _prepare(transaction: Transaction, object_key: str) -> Prepared:
    table = transaction.parts.tables.of(object_key).table
    match = transaction.services.system.match
    query = select(match.c["key"], *transaction.parts.columns(object_key).of(table))
    query = query.select_from(match.join(table, table.c["id"] == match.c["record_id"]))
    shared = given_one_of(match.c["key"], "keys", transaction.database.dialect)
    query = query.where(match.c["object"] == object_key, shared, table.c["deleted_at"].is_(None))
    return Prepared(query.limit(_MOST_CANDIDATES), transaction.parts.dialect)


def _compare(draft: RecordDraft, rules: Iterable[Rule], others: Mapping[str, Values], transaction: Transaction) -> None:
    for action in (DuplicateAction.BLOCK, DuplicateAction.WARN):
        alike: dict[str, Values] = {}
        field = None
        for rule in rules:
            if rule.definition.action is not action:
                continue
            hits = {
                record_id: each
                for record_id, each in others.items()
                if record_id != draft.record_id and rule.matches(draft.values, each)
            }
            if hits:
                field = field or rule.texts[0][0].field
                alike |= hits
        if not alike:
            continue
        blocks = action is DuplicateAction.BLOCK
        severity = ValidationSeverity.ERROR if blocks else ValidationSeverity.WARNING
        text = told_of(draft, list(alike.values()), transaction)
        finding = FieldError(code="duplicate", message=text, field=field, severity=severity)
        (draft.errors if blocks else draft.notices).append(finding)
        # Who is refused needs no warning of the same kind.
        return
