"""What is granted by names that a release no longer has goes, so that what takes such a name later has none of it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete

from engine.access.shares import key_of_role
from engine.storage.system_tables import SystemTables


def forget_shares(
    connection: Connection, system: SystemTables, objects: Collection[str], roles: Collection[str]
) -> None:
    """Drop the shares of objects and with roles that are none of these."""
    share = system.share
    connection.execute(delete(share).where(share.c.object.not_in(sorted(objects))))
    with_roles = share.c.grantee.startswith(key_of_role(""), autoescape=True)
    gone = share.c.grantee.not_in(sorted(map(key_of_role, roles)))
    connection.execute(delete(share).where(with_roles, gone))
