"""Takes away files that nobody can reach any more, and bytes that no file needs.

A file stays while its record stands (in the bin too) and holds it or tells of it in its history. An upload that no
record named goes after a day. Safe beside uploads: bytes go only under the lock of their row in fs_content.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select

from engine.clock import Clock
from engine.files.contents import ContentFolder
from engine.records.files import place_of
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

GRACE = dt.timedelta(days=1)
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """How much went: files nobody can reach, contents without files, leftovers of uploads that died."""

    files: int
    contents: int
    leftovers: int


@dataclass(slots=True, kw_only=True)
class FileCollector:
    """Collects the files of one installation."""

    database: Database
    system: SystemTables
    folder: ContentFolder
    clock: Clock
    current: Callable[[], Release | None]

    def collect(self) -> Collected:
        """Take away all that nobody needs; may run beside uploads and beside itself."""
        release = self.current()
        if release is None:
            return Collected(files=0, contents=0, leftovers=0)
        before = self.clock.now() - GRACE
        files = self._unused(before) + self._released(release, before) + self._of_no_record(release)
        leftovers = self.folder.remove_incoming(before.timestamp())
        return Collected(files=files, contents=self._contents(before), leftovers=leftovers)

    def _unused(self, before: dt.datetime) -> int:
        table = self.system.file
        return self._delete(table.c.record_id.is_(None) & (table.c.uploaded_at < before))

    def _released(self, release: Release, before: dt.datetime) -> int:
        """Take away what records held once, where no history tells of it."""
        table = self.system.file
        pairs = select(table.c.object, table.c.field).where(table.c.released_at.is_not(None)).distinct()
        with self.database.read() as connection:
            found = connection.execute(pairs).mappings().all()
        count = 0
        for pair in found:
            place = place_of(release.metamodel, dict(pair))
            if place is None or (place[0].history and place[0].fields[place[1]].history):
                continue
            same = (table.c.object == pair["object"]) & (table.c.field == pair["field"])
            count += self._delete(same & (table.c.released_at < before))
        return count

    def _of_no_record(self, release: Release) -> int:
        table = self.system.file
        with self.database.read() as connection:
            keys = [row[0] for row in connection.execute(select(table.c.object).distinct()) if row[0] is not None]
        count = 0
        for key in keys:
            if key in release.metamodel.objects:
                owner = release.tables.of(key).table
                gone = ~select(owner.c.id).where(owner.c.id == table.c.record_id).exists()
                count += self._delete((table.c.object == key) & gone)
        return count

    def _delete(self, condition: ColumnElement[bool]) -> int:
        table, count = self.system.file, 0
        while True:
            with self.database.write() as connection:
                ids = connection.execute(select(table.c.id).where(condition).limit(_BATCH)).scalars().all()
                connection.execute(delete(table).where(table.c.id.in_(ids), condition))
            count += len(ids)
            if len(ids) < _BATCH:
                return count

    def _contents(self, before: dt.datetime) -> int:
        content, file = self.system.content, self.system.file
        unused = ~select(file.c.id).where(file.c.sha256 == content.c.sha256).exists()
        with self.database.read() as connection:
            query = select(content.c.sha256).where(unused, content.c.stored_at < before)
            noted = list(connection.execute(query).scalars())
        count = sum(self.remove(sha256) for sha256 in noted)
        return count + sum(self.remove(sha256) for sha256 in self._strange(before))

    def _strange(self, before: dt.datetime) -> Sequence[str]:
        """Give bytes in the folder that no row tells of: their upload died before its commit."""
        content = self.system.content
        strange = []
        found = list(self.folder.hashes(before.timestamp()))
        for start in range(0, len(found), _BATCH):
            part = found[start : start + _BATCH]
            with self.database.read() as connection:
                query = select(content.c.sha256).where(content.c.sha256.in_(part))
                known = set(connection.execute(query).scalars())
            strange += [sha256 for sha256 in part if sha256 not in known]
        return strange

    def remove(self, sha256: str) -> bool:
        """Take bytes and their previews away where no file needs them any more; tell whether they went."""
        with self.database.write() as connection:
            self._lock(connection, sha256)
            # Asked once the lock is held: an upload that held it before has committed its file by now.
            file = self.system.file
            if connection.execute(select(file.c.id).where(file.c.sha256 == sha256).limit(1)).first() is not None:
                return False
            self.folder.remove(sha256)
            connection.execute(delete(self.system.content).where(self.system.content.c.sha256 == sha256))
        return True

    def _lock(self, connection: Connection, sha256: str) -> None:
        """Lock the row of a content, made where there is none; SQLite has one writer at a time anyway."""
        content = self.system.content
        query = select(content.c.sha256).where(content.c.sha256 == sha256)
        if self.database.dialect is Dialect.SQLITE:
            return
        if connection.execute(query.with_for_update()).first() is None:
            values = {"sha256": sha256, "size": 0, "stored_at": self.clock.now()}
            connection.execute(content.insert().values(values))
