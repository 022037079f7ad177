"""Asks the door whether something may be done: what judges the request itself is called, and nothing is written.

`grounds` tells why; the answer is never taken from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.access.explaining.answers import Answer, Asked
from engine.access.explaining.conditions import holds
from engine.access.eyes import Sight, sight_of
from engine.access.object_access import ObjectAccess
from engine.access.predicates import EVERYONE, NOBODY, Predicate
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.records.hooks import SaveKind
from engine.records.saving.checks import Checker
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import check_field_rights, load_for_change
from engine.records.saving.plan import save_plan
from engine.records.saving.steps import check_locks, writable_fields
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

EXPORT_RIGHT = "export"
_ANSWERS = {True: Answer.YES, False: Answer.NO, None: Answer.SOMETIMES}


def judge(transaction: Transaction, object_def: ObjectDef, asked: Asked) -> Answer:
    """Say whether the actor of a transaction may do what is asked."""
    access = transaction.access.of(object_def.key)
    if asked.action == "export" and not transaction.access.has_right(EXPORT_RIGHT):
        return Answer.NO
    if asked.record_id is None or asked.action == "create":
        return _in_general(transaction, object_def, access, asked)
    try:
        match asked.action:
            case "read" | "export":
                return _reading(transaction, object_def, access, asked, asked.record_id)
            case "update":
                return _updating(transaction, object_def, asked, asked.record_id)
            case _:
                return _deleting(transaction, object_def, asked.record_id)
    except (RecordNotFound, AccessDenied):
        return Answer.NO


def lock_of(transaction: Transaction, draft: RecordDraft, names: frozenset[str]) -> dict[str, str]:
    """Give why an approval keeps fields of a loaded record as they are: field → reason; "" for the whole record."""
    draft.know_changed(names)
    before = len(draft.errors)
    check_locks([draft], transaction)
    found = {each.field or "": each.message for each in draft.errors[before:]}
    del draft.errors[before:]
    return found


def settable(transaction: Transaction, object_def: ObjectDef, kind: SaveKind) -> frozenset[str]:
    """Give the fields that a request of the actor may name in a save."""
    return writable_fields(save_plan(transaction.parts, object_def.key), transaction.access.of(object_def.key), kind)


def _in_general(transaction: Transaction, object_def: ObjectDef, access: ObjectAccess, asked: Asked) -> Answer:
    found = [_known(access.actions[asked.action])]
    if asked.action == "export":
        found.append(_known(access.actions["read"]))
    if asked.action in ("update", "delete"):
        found.append(_known(access.actions["read"]))
    if asked.field is not None:
        right = access.fields[asked.field]
        if asked.action in ("read", "export"):
            found.append(None if asked.field in access.shown and right.read is NOBODY else _known(right.read))
        else:
            kind = SaveKind.CREATED if asked.action == "create" else SaveKind.UPDATED
            allowed = asked.field in settable(transaction, object_def, kind)
            found.append(_known(right.create if asked.action == "create" else right.update) if allowed else False)
            if asked.field in save_plan(transaction.parts, object_def.key).readonly_if and asked.action == "update":
                found.append(None)
    return _ANSWERS[False if False in found else None if None in found else True]


def _reading(
    transaction: Transaction, object_def: ObjectDef, access: ObjectAccess, asked: Asked, record_id: str
) -> Answer:
    if not access.visible:
        return Answer.NO
    transaction.reader.require_readable(object_def, record_id)
    values = transaction.cache.related(object_def.key, record_id) or {}
    context = transaction.context(object_def.key, values)
    if asked.action == "export" and not holds(access.actions["export"], context):
        return Answer.NO
    if asked.field is None:
        return Answer.YES
    sight = sight_of(access.fields[asked.field], context) if asked.field in access.shown else Sight.HIDDEN
    return {Sight.CLEAR: Answer.YES, Sight.MASKED: Answer.MASKED, Sight.HIDDEN: Answer.NO}[sight]


def _updating(transaction: Transaction, object_def: ObjectDef, asked: Asked, record_id: str) -> Answer:
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, None, locked=False)
    if asked.field is not None:
        return _ANSWERS[bool(changeable(transaction, object_def, draft, (asked.field,)))]
    may_be_set = settable(transaction, object_def, SaveKind.UPDATED)
    locked = lock_of(transaction, draft, may_be_set)
    return Answer.NO if "" in locked or (may_be_set and may_be_set <= locked.keys()) else Answer.YES


def changeable(
    transaction: Transaction, object_def: ObjectDef, draft: RecordDraft, names: Iterable[str]
) -> frozenset[str]:
    """Give those of some fields that the actor may change in a record that was loaded for changing."""
    may_be_set = settable(transaction, object_def, SaveKind.UPDATED).intersection(names)
    locked = lock_of(transaction, draft, may_be_set) if may_be_set else {}
    if "" in locked:
        return frozenset()
    return frozenset(
        name
        for name in may_be_set - locked.keys()
        if _has_right(transaction, draft, name) and not is_readonly(transaction, draft, name)
    )


def _has_right(transaction: Transaction, draft: RecordDraft, name: str) -> bool:
    try:
        check_field_rights(draft, transaction.access, draft.context, (name,), transaction.actor.language)
    except ValidationFailed:
        return False
    return True


def is_readonly(transaction: Transaction, draft: RecordDraft, name: str) -> bool:
    """Say whether the stored values make a field read-only; what can't be computed refuses, as the save does."""
    main = transaction.parts.metamodel.main
    checker = Checker(transaction.release.field_types, transaction.actor.language, main.currency)
    before = len(draft.errors)
    draft.given.add(name)
    checker.check_readonly(draft, frozenset((name,)))
    draft.given.discard(name)
    refused = len(draft.errors) > before
    del draft.errors[before:]
    return refused


def _deleting(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Answer:
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.DELETED, None, locked=False)
    return Answer.NO if lock_of(transaction, draft, frozenset()) else Answer.YES


def _known(predicate: Predicate) -> bool | None:
    return predicate is EVERYONE if predicate is EVERYONE or predicate is NOBODY else None
