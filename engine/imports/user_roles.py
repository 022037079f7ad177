"""Lets imported users hold roles, in the transaction that writes the users."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert, select

from engine.accounts.stamp import AccountStamp
from engine.clock import Clock
from engine.imports.batch import GrantRoles
from engine.records.transaction import Transaction
from engine.storage.system_tables import SystemTables


def role_granter(system: SystemTables, stamp: AccountStamp, clock: Clock) -> GrantRoles:
    """Make what adds roles to a user; roles the user holds already stay."""

    def grant(transaction: Transaction, user_id: str, roles: Collection[str]) -> bool:
        table, connection = system.role, transaction.connection
        held = set(connection.execute(select(table.c.role).where(table.c.user_id == user_id)).scalars())
        new = sorted(set(roles) - held)
        if not new:
            return False
        by, at = transaction.actor.login, clock.now()
        rows = [{"user_id": user_id, "role": role, "granted_at": at, "granted_by": by} for role in new]
        connection.execute(insert(table), rows)
        stamp.raise_in(connection)
        return True

    return grant
