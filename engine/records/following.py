"""Who follows a record: rows of the core object `following`. Followers are told of changes that they may read.

To follow gives no right, so whoever may read a record may follow it and let others follow it; a rule may too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import AccessDenied
from engine.records.batches import one_of
from engine.records.product_rights import with_product_rights
from engine.records.sources import points_at_some
from metamodel.objects import ObjectDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

FOLLOWING = "following"


def change_followers(
    transaction: Transaction, object_def: ObjectDef, record_id: str, users: Iterable[str], *, add: bool
) -> dict[str, str]:
    """Let users follow a record, or no longer; give those for whom that was news, with the id of what was written.

    Raises: RecordNotFound: the actor may not read the record. AccessDenied: such records are not followed.
    ValidationFailed: somebody did the same just now.
    """
    if not can_be_followed(object_def):
        raise AccessDenied("follow", object_def.key, "such records are not followed")
    transaction.reader.require_readable(object_def, record_id)
    product = with_product_rights(transaction)
    wanted = list(dict.fromkeys(users))
    there = _there(product, object_def.key, record_id, wanted)
    done: dict[str, str] = {}
    for user_id in wanted:
        if add and user_id not in there:
            values = {"follower": user_id, "about": Ref(object_def.key, record_id)}
            done[user_id] = product.create(FOLLOWING, values, confirm=None).record.id
        elif not add and user_id in there:
            product.delete(FOLLOWING, there[user_id])
            done[user_id] = there[user_id]
    product.settle()
    return done


def can_be_followed(object_def: ObjectDef) -> bool:
    """Say whether records of an object can be followed: not links, rows of another database, followings themselves."""
    return object_def.links is None and object_def.source is None and object_def.key != FOLLOWING


def follows(transaction: Transaction, object_key: str, record_id: str) -> bool:
    """Say whether the actor follows a record."""
    user_id = transaction.actor.user_id
    return user_id is not None and bool(_there(transaction, object_key, record_id, [user_id]))


def _there(transaction: Transaction, object_key: str, record_id: str, users: list[str]) -> dict[str, str]:
    if not users:
        return {}
    table = transaction.parts.tables.of(FOLLOWING).table
    about, tests = points_at_some(transaction.parts, FOLLOWING, "about", object_key)
    query = select(table.c["follower"], table.c["id"]).where(
        about == record_id,
        *tests,
        one_of(table.c["follower"], users, transaction.database.dialect),
        table.c["deleted_at"].is_(None),
    )
    return {str(user): str(found) for user, found in transaction.select(query)}
