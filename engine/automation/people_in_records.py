"""Who belongs to a team, queue or role, and people's mail addresses, read from the records of an installation."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from engine.automation.eyes import SeenByActor
from engine.records.transaction import Transaction

_USER = "user"


class RecordDirectory:
    """A `Directory` over one transaction; addresses are read with the eyes of the rule's actor."""

    def __init__(self, transaction: Transaction, eyes: SeenByActor) -> None:
        self._transaction = transaction
        self._eyes = eyes

    def members(self, object_key: str, record_id: str) -> Iterable[str]:
        """Give the ids of the active users in a team or queue."""
        inverse = self._transaction.parts.metamodel.objects[object_key].inverses.get("members")
        if inverse is None:
            return []
        rows = [values for _, values in self._transaction.cache.children(object_key, "members", record_id)]
        if inverse.object == _USER:
            return [row["id"] for row in rows if row.get("active") is not False]
        users = [str(row["member"]) for row in rows if row.get("member") is not None]
        return [user for user in users if self._is_active(user)]

    def with_role(self, role: str) -> Iterable[str]:
        """Give the ids of the active users who hold a role."""
        table = self._transaction.system.role
        query = select(table.c.user_id).where(table.c.role == role).order_by(table.c.user_id)
        found = [str(row[0]) for row in self._transaction.connection.execute(query)]
        return [user for user in found if self._is_active(user)]

    def address(self, object_key: str, record_id: str) -> str | None:
        """Give the mail address of a user or contact."""
        # A colleague's address is known in the house, whatever else of the person may be read.
        source = self._transaction.cache if object_key == _USER else self._eyes
        values = source.related(object_key, record_id)
        found = values.get("email") if values is not None else None
        return str(found) if found else None

    def _is_active(self, user_id: str) -> bool:
        values = self._transaction.cache.related(_USER, user_id)
        return values is not None and values.get("active") is not False
