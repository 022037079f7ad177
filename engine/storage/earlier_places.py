"""What objects and fields were called before: encrypted values stay bound to the names they were sealed under."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from engine.storage.database import Database
from engine.storage.sealing import place_of
from engine.storage.system_tables import SystemTables


class EarlierNamesOfPlaces:
    """Reads them for a cipher (`Cipher.earlier_places`), when a value opens under no name of today."""

    def __init__(self, database: Database, system: SystemTables) -> None:
        self._database, self._renamed = database, system.renamed

    def __call__(self, place: str) -> Sequence[str]:
        """Give the places that one of today was before; an object and its field may both have been renamed."""
        object_key, _, field = place.rpartition(".")
        table = self._renamed
        query = select(table.c.kind, table.c.field, table.c.before).where(table.c.object == object_key)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        objects = [object_key, *(row.before for row in rows if row.kind == "object")]
        fields = [field, *(row.before for row in rows if (row.kind, row.field) == ("field", field))]
        found = dict.fromkeys(place_of(each, name) for each in objects for name in fields)
        return [each for each in found if each != place]
