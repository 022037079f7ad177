"""Reads the audit log of accounts for tests."""

from __future__ import annotations

from sqlalchemy import select

from tests.support.served import Served


def audit(served: Served, action: str) -> list[dict[str, object]]:
    """Give the entries of one kind of act, in order."""
    table = served.platform.system.audit
    with served.platform.database.read() as connection:
        rows = connection.execute(select(table).where(table.c.action == action).order_by(table.c.id))
        return [dict(row._mapping) for row in rows]
