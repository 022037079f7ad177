"""The list of erased records, kept outside of the database, so that an older backup that comes back is erased again.

A line a record with its object, id and moment, and nothing of the person. It lies in the data folder beside the keys,
which belong to no backup of the database.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from engine.privacy.people import RecordKey
from engine.storage.locks import file_lock
from engine.storage.system_tables import SystemTables

FILE = "erasures.list"
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureList:
    """The list of one data folder."""

    folder: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / FILE

    def add(self, records: Sequence[RecordKey], at: str) -> None:
        """Add records; it is on the disk when this returns, so that no erasure is committed that it does not know."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (
            file_lock(self.path.with_suffix(".lock"), timeout_s=_WAIT_S),
            self.path.open("a", encoding="utf-8") as file,
        ):
            for key, record_id in records:
                file.write(json.dumps({"object": key, "id": record_id, "at": at}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[RecordKey]:
        """Give all records on it; a line that was cut off is left out."""
        found: dict[RecordKey, None] = {}
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        for line in lines:
            try:
                each = json.loads(line)
                found[str(each["object"]), str(each["id"])] = None
            except (ValueError, KeyError, TypeError):
                continue
        return list(found)

    def unknown_to(self, connection: Connection, system: SystemTables) -> list[RecordKey]:
        """Give the records whose erasure a database does not know: it is older than that."""
        listed = self.read()
        if not listed:
            return []
        table = system.disposal
        query = select(table.c.object, table.c.record_id).where(table.c.act == "erased")
        known = {(row[0], str(row[1])) for row in connection.execute(query)}
        return [each for each in listed if each not in known]
