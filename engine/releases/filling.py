"""Writes values that a migration owes to records that exist: defaults of new fields, computed parts again.

Defaults are written here; how formulas, titles and roll-ups are computed is the door's, which is handed in.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, update

from engine.releases.release import Release

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
        unfilled = codec.columns[0].is_(None) if value is not True else codec.columns[0].is_not(True)
        connection.execute(update(owner.table).where(unfilled).values(codec.to_columns(value)))

    def recompute(self, connection: Connection, object_key: str, parts: tuple[str, ...]) -> None:
        """Compute kept formulas, roll-ups, titles or sort keys of all records again."""
        self._recompute(connection, self._release, object_key, parts)
