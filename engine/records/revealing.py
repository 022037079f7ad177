"""Shows one masked value in clear to who has the right `reveal`; that they looked is an entry of the audit log.

The entry is written before the value is given, in one transaction. Nothing else becomes readable by it: what a role
hides altogether stays hidden, and filters, lists and exports keep their masks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from engine.access.actor import system_actor
from engine.access.eyes import Sight, sight_of
from engine.audit.entries import entry_values
from engine.errors import AccessDenied, RecordNotFound
from engine.records.types import Record

if TYPE_CHECKING:
    from engine.records.transaction import Transaction
    from metamodel.objects import ObjectDef

REVEAL = "reveal"
REVEALED = "revealed"
FIELD = "@field"
"""Under which the entry names the field: no field is called so."""


def may_reveal(transaction: Transaction) -> bool:
    """Say whether the actor may look behind masks at all."""
    return transaction.access.has_right(REVEAL)


def reveal(transaction: Transaction, object_def: ObjectDef, record_id: str, name: str) -> Record:
    """Give the record with this one field, in clear.

    Raises: RecordNotFound where the record may not be read, or the field is none that is shown; AccessDenied.
    """
    transaction.reader.require_readable(object_def, record_id)
    values = transaction.cache.related(object_def.key, record_id)
    right = transaction.access.of(object_def.key).fields.get(name)
    if values is None or right is None:
        raise RecordNotFound(object_def.key, record_id)
    sight = sight_of(right, transaction.context(object_def.key, values))
    if sight is Sight.HIDDEN:
        raise RecordNotFound(object_def.key, record_id)
    if sight is Sight.MASKED:
        if not may_reveal(transaction):
            raise AccessDenied(REVEAL, object_def.key, f"it needs the system right '{REVEAL}'.", field=name)
        _note(transaction, object_def, record_id, name)
    product = type(transaction)(
        transaction.services,
        transaction.connection,
        transaction.parts,
        system_actor(language=transaction.actor.language),
        transaction.now,
        transaction.cause,
    )
    return product.get(object_def.key, record_id, fields=(name,))


def _note(transaction: Transaction, object_def: ObjectDef, record_id: str, name: str) -> None:
    entry = entry_values(
        transaction.actor,
        object_def.key,
        REVEALED,
        transaction.now,
        {FIELD: name},
        record_id=record_id,
        release=transaction.release.number,
    )
    transaction.connection.execute(insert(transaction.system.audit).values(entry))
