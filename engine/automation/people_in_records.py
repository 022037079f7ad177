"""Who belongs to a team, queue or role, and people's mail addresses, read from the records of an installation."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from engine.automation.eyes import SeenByActor
from engine.records.transaction import Transaction
from engine.storage.held_roles import is_held

_USER = "user"
_NUMBERS = ("mobile", "phone")


class RecordDirectory:
    """A `Phonebook` over one transaction; addresses and numbers are read with the eyes of the rule's actor."""

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
        held = table.c.role == role, is_held(table, self._transaction.now)
        query = select(table.c.user_id).where(*held).order_by(table.c.user_id)
        found = [str(row[0]) for row in self._transaction.connection.execute(query)]
        return [user for user in found if self._is_active(user)]

    def address(self, object_key: str, record_id: str) -> str | None:
        """Give the mail address of a user or contact."""
        # A colleague's address is known in the house, whatever else of the person may be read.
        source = self._transaction.cache if object_key == _USER else self._eyes
        values = source.related(object_key, record_id)
        found = values.get("email") if values is not None else None
        return str(found) if found else None

    def phone(self, object_key: str, record_id: str) -> str | None:
        """Give the phone number of a user or contact, the mobile one where there are two."""
        source = self._transaction.cache if object_key == _USER else self._eyes
        values = source.related(object_key, record_id) or {}
        return next((str(found) for name in _NUMBERS if (found := values.get(name))), None)

    def called(self, object_key: str, record_id: str) -> str:
        """Give the title of a user or contact, of one that may not be read what it is."""
        values = (self._transaction.cache if object_key == _USER else self._eyes).related(object_key, record_id)
        if values is None:
            return f"a {object_key}"
        return self._transaction.cache.title(object_key, self._transaction.context(object_key, values)) or record_id

    def _is_active(self, user_id: str) -> bool:
        values = self._transaction.cache.related(_USER, user_id)
        return values is not None and values.get("active") is not False
