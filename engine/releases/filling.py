"""Writes values that a migration owes to records that exist: defaults of new fields, computed parts again.

Defaults are written here; how formulas, titles and roll-ups are computed is the door's, which is handed in.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, select, update

from engine.releases.release import Release
from engine.storage.codecs import Codec
from engine.storage.sealing import of_record
from engine.storage.tables import ObjectTable

Recompute = Callable[[Connection, Release, str, tuple[str, ...]], None]
"""Computes the named parts (fields, `title_`) of all records of an object again, in batches."""


class ReleaseFiller:
    """Fills for the release that is being made."""

    def __init__(self, release: Release, recompute: Recompute) -> None:
        self._release = release
        self._recompute = recompute

    def fill_default(self, connection: Connection, object_key: str, field: str) -> None:
        """Write the constant default of a field into records where it is empty."""
        owner = self._release.tables.of(object_key)
        definition = owner.object.fields[field]
        if definition.default is None or definition.default.constant is None:
            return
        value = definition.default.constant
        codec = owner.codecs[field]
        if codec.is_sealed:
            _fill_sealed(connection, owner, codec, str(value))
            return
        unfilled = codec.columns[0].is_(None) if value is not True else codec.columns[0].is_not(True)
        connection.execute(update(owner.table).where(unfilled).values(codec.to_columns(value)))

    def recompute(self, connection: Connection, object_key: str, parts: tuple[str, ...]) -> None:
        """Compute kept formulas, roll-ups, titles or sort keys of all records again."""
        self._recompute(connection, self._release, object_key, parts)


def _fill_sealed(connection: Connection, owner: ObjectTable, codec: Codec, value: str) -> None:
    """Write the default into each record by itself: an encrypted value is bound to its record."""
    column, record_id = codec.columns[0], owner.table.c.id
    unfilled = connection.execute(select(record_id).where(column.is_(None))).scalars()
    rows = [{"the_id": each, "value": of_record(value, str(each))} for each in unfilled]
    if rows:
        filled = update(owner.table).where(record_id == bindparam("the_id", type_=record_id.type))
        connection.execute(filled.values({column.name: bindparam("value", type_=column.type)}), rows)
