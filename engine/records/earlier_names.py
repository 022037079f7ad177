"""What names in old entries of the audit log mean today: fields and options may have been renamed since.

The log stays as it was written; each rename is noted with the last entry that was written under the old name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.personal import PersonalValues

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """One rename. kind: `field` or `option`. last_entry: the newest entry that has the name of before."""

    field: str
    kind: str
    before: str
    after: str
    last_entry: int


class EarlierNames:
    """The renames of an object's fields and options, oldest first. personal: opens encrypted values."""

    def __init__(self, renames: Sequence[Rename], personal: PersonalValues) -> None:
        self._personal = personal
        self._fields = tuple(each for each in renames if each.kind == "field")
        self._options = tuple(each for each in renames if each.kind == "option")

    def field(self, name: str, entry: int) -> str:
        """Give what a field of an entry is called today."""
        for each in self._fields:
            if entry <= each.last_entry and each.before == name:
                name = each.after
        return name

    def value(self, field: str, value: Any, entry: int) -> Any:
        """Give the value of a field (as it is called today) of an entry, options as they are called today.

        Personal values are opened; None where their key is gone.
        """
        value = self._personal.open(value)
        if not self._options or isinstance(value, dict):
            return value
        if isinstance(value, list):
            return [self.value(field, each, entry) for each in value]
        for each in self._options:
            if entry <= each.last_entry and (each.field, each.before) == (field, value):
                value = each.after
        return value


def earlier_names(transaction: Transaction, object_key: str) -> EarlierNames:
    """Give the earlier names of an object's fields and options; they change with releases only."""

    def read() -> Sequence[Rename]:
        table = transaction.system.renamed
        columns = [table.c.field, table.c.kind, table.c.before, table.c.after, table.c.last_entry]
        query = select(*columns).where(table.c.object == object_key).order_by(table.c.id)
        rows = transaction.connection.execute(query)
        return [Rename(**row._mapping) for row in rows]

    found: Sequence[Rename] = transaction.parts.made(("earlier names", object_key), read)
    return EarlierNames(found, PersonalValues(transaction))
