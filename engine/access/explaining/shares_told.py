"""The shares of a record that concern one person: by which key, for what, by whom and until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.access.explaining.answers import Basis, Ground
from engine.access.shared import can_be_shared
from engine.access.shares import Share, key_of_role, key_of_team, key_of_user
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def share_grounds(transaction: Transaction, object_def: ObjectDef, action: str, record_id: str) -> Iterator[Ground]:
    """Give the shares of a record with the actor, the actor's team and roles; those that have ended do not hold."""
    if action == "create" or not can_be_shared(object_def):
        return
    table, actor = transaction.system.share, transaction.actor
    mine = [key_of_role(role) for role in sorted(transaction.access.roles)]
    mine += [] if actor.user_id is None else [key_of_user(actor.user_id)]
    mine += [] if actor.team_id is None else [key_of_team(actor.team_id)]
    query = (
        select(table.c["grantee"], table.c["edits"], table.c["until"], table.c["by"])
        .where(table.c["object"] == object_def.key, table.c["record_id"] == record_id, table.c["grantee"].in_(mine))
        .order_by(table.c["grantee"])
    )
    for grantee, edits, until, by in transaction.connection.execute(query).all():
        giver = None if by is None else transaction.cache.related("user", str(by))
        share = Share(grantee, edits, until)
        yield Ground(
            basis=Basis.SHARE,
            holds=share.holds(transaction.now, edits=action != "read"),
            role=grantee.partition(":")[2] if grantee.startswith("role:") else "",
            written=f"{'edit' if edits else 'read'} {grantee.partition(':')[0]}",
            note="" if giver is None else str(giver.get("name") or ""),
            until=until,
        )
