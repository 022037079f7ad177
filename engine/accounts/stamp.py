"""Tells every process that something about accounts has changed, so that what it keeps in memory is read anew.

One number in fs_stamp: it is raised in the transaction of each change of roles, users, credentials and tokens. Each
request reads it, by one statement that finds one row: what was committed before a request began holds for it, in
whichever process.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, select, update

from engine.accounts.upsert import insert_if_absent
from engine.records.statements import Prepared
from engine.storage.database import Database

STAMP_NAME = "accounts"


class AccountStamp:
    """Raise and read the number; safe between threads."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        # Asked at every request, so it is text already.
        self._asked = Prepared(select(table.c.value).where(table.c.name == STAMP_NAME), database.engine.dialect)

    def raise_in(self, connection: Connection) -> None:
        """Raise the number within the transaction of a change."""
        raise_stamp(connection, self._table)

    def current(self) -> int:
        """Give what kept things are compared with: equal means that nothing has changed.

        Whoever keeps something asks before reading it: what changes while it is read is then not taken for newer.
        """
        with self._database.read() as connection:
            row = self._asked.row(connection, self._database, {})
        return int(row[0]) if row is not None else 0


def raise_stamp(connection: Connection, table: Table) -> None:
    """Raise the number in fs_stamp within the transaction of a change."""
    insert_if_absent(connection, table, {"name": STAMP_NAME, "value": 0})
    connection.execute(update(table).where(table.c.name == STAMP_NAME).values(value=table.c.value + 1))
