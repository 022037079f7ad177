"""Seals the encrypted values of all records anew with the newest key, a batch a transaction.

Each is bound to its record and field by it, also what older versions sealed without, or under earlier names.

What is done shows on the values themselves, so that a run that was killed goes on where it ended. It is no change of a
record: version, history and who changed it last stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import Column, ColumnElement, Table, Text, cast, func, select, table, update
from sqlalchemy import column as plain_column

from engine.faults import reach
from engine.storage.database import Database
from engine.storage.key_ring import KeyRing
from engine.storage.sealing import BOUND, Cipher, SealedText
from engine.storage.tables import Tables

_BATCH = 500


class Resealer:
    """Seals values anew; tables: gives those of the release in force."""

    def __init__(self, database: Database, cipher: Cipher, tables: Callable[[], Tables]) -> None:
        self._database, self._cipher, self._tables = database, cipher, tables

    @property
    def ring(self) -> KeyRing:
        """The keys of the installation."""
        return self._cipher.ring

    def counts(self) -> Mapping[str, int]:
        """Give how many values each key has sealed, by its mark; the key in use first."""
        found = Counter({key.mark: 0 for key in self.ring.known()})
        with self._database.read() as connection:
            for sealed in self._columns():
                text = _text(sealed)
                for key in self.ring.known():
                    counted = select(func.count()).select_from(_bare(sealed)).where(_begins(text, key.mark))
                    found[key.mark] += int(connection.execute(counted).scalar_one())
        return found

    def is_unfinished(self) -> bool:
        """Say whether a key was added and there are values that older ones have sealed."""
        _newest, *older = self.counts().values()
        return any(older)

    def reseal(self) -> Iterator[int]:
        """Seal all values anew that another key has sealed; gives after each batch how many it were.

        Raises: SealBroken where a value can't be opened; what was done before stays done.
        """
        mark = self.ring.known()[0].mark + BOUND
        for sealed in self._columns():
            while (done := self._batch(sealed, mark)) > 0:
                yield done
                reach("keys.batch")

    def _batch(self, sealed: Column[str], mark: str) -> int:
        bare, text = _bare(sealed), _text(sealed)
        place = sealed.type.place if isinstance(sealed.type, SealedText) else ""
        record_id: Column[str] = plain_column("id", sealed.table.c["id"].type)  # type: ignore[assignment]
        old = select(record_id, text).select_from(bare).where(text.is_not(None))
        old = old.where(~_begins(text, mark)).order_by(record_id).limit(_BATCH)
        with self._database.write() as connection:
            rows = connection.execute(old).all()
            for key, value in rows:
                fresh = self._cipher.seal_in(self._cipher.open_in(value, place, str(key)), place, str(key))
                # Whoever saved the record meanwhile has sealed it with the new key already.
                same = update(bare).where(record_id == key, text == value).values({sealed.name: cast(fresh, Text())})
                connection.execute(same)
        return len(rows)

    def _columns(self) -> Iterator[Column[str]]:
        for each in self._tables():
            yield from (column for column in each.table.columns if isinstance(column.type, SealedText))


def _bare(sealed: Column[str]) -> Table:
    """Give the table as it is stored: the column as plain text, which nothing opens on its way."""
    return table(  # type: ignore[return-value]
        sealed.table.name, plain_column("id", sealed.table.c["id"].type), plain_column(sealed.name, Text())
    )


def _begins(text: Column[str], mark: str) -> ColumnElement[bool]:
    return func.substr(text, 1, len(mark)) == mark


def _text(sealed: Column[str]) -> Column[str]:
    return plain_column(sealed.name, Text())  # type: ignore[return-value]
