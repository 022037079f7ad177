"""Claims a record out of its pool for the person who asks, and lets one go back; both are ordinary saves.

A claim needs one of the pool's roles and the right to read the record, not the right to change it: nobody owns it yet.
What changes is saved in the person's name, not bound by grants. Of two at once the record's lock lets one through; one
person's claims wait for each other, so that two of them do not pass the quota together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sqlalchemy import func, select

from engine import faults
from engine.errors import AccessDenied, PoolRefused, RecordNotFound, UnknownObject
from engine.records.hooks import SaveKind
from engine.records.product_rights import with_product_rights
from engine.records.saving.loading import load_for_change
from engine.records.saving.messages import say
from engine.records.types import ListQuery, Saved
from engine.storage.dialect import Dialect
from metamodel.objects import ObjectDef
from metamodel.pools import CLAIMED_AT, PoolDef
from metamodel.source import LocatedText
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_LOCK_CLASS = 0x4653_434C
HELD = f"owner = user and {CLAIMED_AT} is not empty"
"""The filter of the records that who asks holds by claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStanding:
    """How a person stands to a pool. may_claim: holds one of its roles. quota: None = any number."""

    may_claim: bool
    held: int
    quota: int | None

    @property
    def is_full(self) -> bool:
        """Whether a further claim would pass the quota."""
        return self.quota is not None and self.held >= self.quota


def claim_record(
    transaction: Transaction, object_def: ObjectDef, record_id: str, *, confirm: Collection[str] | None = ()
) -> Saved:
    """Make the actor the owner of an unowned record.

    Raises: RecordNotFound, AccessDenied, PoolRefused, ValidationFailed, ConfirmationNeeded.
    """
    pool, user_id = _pool_for(transaction, object_def, "claim")
    transaction.reader.require_readable(object_def, record_id)
    product = with_product_rights(transaction)
    _wait_for_own_claims(product, object_def, user_id)
    loaded = load_for_change(product, object_def.key, record_id, SaveKind.UPDATED, None)
    _check_free(transaction, object_def, pool, record_id, loaded.values)
    held = count_held(product, object_def)
    if pool.quota is not None and held >= pool.quota:
        raise _refused(transaction, object_def, record_id, "quota_reached", held=held, quota=pool.quota)
    product.claims = True
    saved = product.update(object_def.key, record_id, {"owner": Ref("user", user_id)}, confirm=confirm)
    faults.reach("pool.claimed")
    return _as_seen(transaction, object_def, saved)


def release_record(
    transaction: Transaction, object_def: ObjectDef, record_id: str, *, confirm: Collection[str] | None = ()
) -> Saved:
    """Give a record that the actor owns back to the pool.

    Raises: RecordNotFound, AccessDenied, PoolRefused, ValidationFailed, ConfirmationNeeded.
    """
    _, user_id = _pool_for(transaction, object_def, "release")
    transaction.reader.require_readable(object_def, record_id)
    product = with_product_rights(transaction)
    loaded = load_for_change(product, object_def.key, record_id, SaveKind.UPDATED, None)
    if loaded.values["owner"] != Ref("user", user_id):
        raise _refused(transaction, object_def, record_id, "not_yours")
    return _as_seen(
        transaction, object_def, product.update(object_def.key, record_id, {"owner": None}, confirm=confirm)
    )


def pool_standing(transaction: Transaction, object_def: ObjectDef) -> PoolStanding | None:
    """Say how the actor stands to an object's pool; None where there is no pool."""
    if object_def.pool is None:
        return None
    may_claim = _holds_role(transaction, object_def.pool)
    held = count_held(with_product_rights(transaction), object_def) if may_claim else 0
    return PoolStanding(may_claim=may_claim, held=held, quota=object_def.pool.quota)


def count_held(product: Transaction, object_def: ObjectDef) -> int:
    """Count the claimed records that the actor of a transaction holds."""
    return product.count(ListQuery(object=object_def.key, filter=HELD), exact=True).value


def protected_until(transaction: Transaction, object_def: ObjectDef, values: Any) -> dt.datetime | None:
    """Give until when a record's claim is protected; None where it is not, or where that can't be computed."""
    pool = object_def.pool
    if pool is None or pool.protect is None or values.get(CLAIMED_AT) is None:
        return None
    text = LocatedText(text=f"{CLAIMED_AT} + ({pool.protect.text})", at=pool.protect.at)
    evaluate = transaction.parts.made(
        ("protected until", object_def.key),
        lambda: transaction.parts.language.evaluator(transaction.parts.language.expression(text, object_def.key)),
    )
    try:
        found = evaluate(transaction.context(object_def.key, values))
    except EvaluationError:
        return None
    return found if isinstance(found, dt.datetime) else None


def _pool_for(transaction: Transaction, object_def: ObjectDef, action: str) -> tuple[PoolDef, str]:
    pool, user_id, language = object_def.pool, transaction.actor.user_id, transaction.actor.language
    if pool is None:
        raise UnknownObject(f"{object_def.key}.pool")
    if user_id is None or not _holds_role(transaction, pool):
        raise AccessDenied(action, object_def.key, say("no_claim_role", language))
    return pool, user_id


def _holds_role(transaction: Transaction, pool: PoolDef) -> bool:
    return not transaction.access.roles.isdisjoint(pool.claim)


def _wait_for_own_claims(product: Transaction, object_def: ObjectDef, user_id: str) -> None:
    """Let one person's claims of an object come one after the other; SQLite writes one at a time anyway."""
    if product.database.dialect is Dialect.POSTGRESQL:
        number = crc32(f"{object_def.key}:{user_id}".encode()) - 0x8000_0000
        product.connection.execute(select(func.pg_advisory_xact_lock(_LOCK_CLASS, number)))


def _check_free(transaction: Transaction, object_def: ObjectDef, pool: PoolDef, record_id: str, values: Any) -> None:
    owner = values["owner"]
    if owner is None:
        return
    if owner == Ref("user", transaction.actor.user_id or ""):
        raise _refused(transaction, object_def, record_id, "yours_already")
    until = protected_until(transaction, object_def, values)
    if until is not None and until > transaction.now:
        day = until.astimezone(transaction.around.zone).strftime("%Y-%m-%d %H:%M")
        raise _refused(transaction, object_def, record_id, "claim_protected", day=day)
    raise _refused(transaction, object_def, record_id, "not_in_pool")


def _refused(
    transaction: Transaction, object_def: ObjectDef, record_id: str, code: str, **parts: object
) -> PoolRefused:
    return PoolRefused(object_def.key, record_id, code, say(code, transaction.actor.language, **parts))


def _as_seen(transaction: Transaction, object_def: ObjectDef, saved: Saved) -> Saved:
    """Give the record as its actor may read it now; what was let go may be out of sight."""
    transaction.settle()
    try:
        return replace(saved, record=transaction.reader.get(object_def, saved.record.id, None))
    except RecordNotFound:
        return replace(saved, record=replace(saved.record, values={}, titles={}, title=""))
