"""The shares of records as conditions in memory ask for them: many records by one statement, kept a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from sqlalchemy import Connection, select

from engine.access.shares import Share
from engine.records.batches import one_of
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_AT_ONCE = 2_000


class SharesRead:
    """The shares that one transaction has read."""

    def __init__(self, connect: Callable[[], Connection], database: Database, system: SystemTables) -> None:
        self._connect = connect
        self._database = database
        self._table = system.share
        self._found: dict[tuple[str, str], list[Share]] = {}

    def of(self, object_key: str, record_id: str, known: Iterable[str]) -> Sequence[Share]:
        """Give the shares of a record. known: further records that will be asked for likely; they are read with it."""
        found = self._found.get((object_key, record_id))
        if found is None:
            others = (each for each in known if (object_key, each) not in self._found)
            self._read(object_key, {record_id: None, **dict.fromkeys(islice(others, _AT_ONCE))})
            found = self._found[object_key, record_id]
        return found

    def forget(self) -> None:
        """Read them again from now on."""
        self._found.clear()

    def _read(self, object_key: str, ids: Iterable[str]) -> None:
        table = self._table
        query = select(table.c["record_id"], table.c["grantee"], table.c["edits"], table.c["until"])
        wanted = one_of(table.c["record_id"], ids, self._database.dialect)
        for each in ids:
            self._found[object_key, each] = []
        for row in self._connect().execute(query.where(table.c["object"] == object_key, wanted)):
            self._found[object_key, str(row[0])].append(Share(row[1], row[2], row[3]))
