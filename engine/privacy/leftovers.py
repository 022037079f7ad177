"""What an erasure leaves outside of the rows it changed: bytes of files, files of exports and archives, free pages.

It is done after the commit, so that what was rolled back is still whole; done twice it does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from engine.files.collecting import FileCollector
from engine.privacy.erasing import Erased
from engine.privacy.people import Person
from engine.privacy.values import PersonValues
from engine.records.files import place_of
from engine.records.transaction import Transaction
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.field_types.files import files_in

ARCHIVE, EXPORTS = "archive", "exports"
_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Clears up after erasures. data_folder: where exports and archives lie."""

    database: Database
    system: SystemTables
    collector: FileCollector
    data_folder: Path

    def take_files(self, transaction: Transaction, person: Person, done: Erased) -> None:
        """Take files from records of others whose bytes hold a value of the person."""
        content = self.system.content
        for sha256 in transaction.connection.execute(select(content.c.sha256)).scalars().all():
            path = self.collector.folder.path_of(sha256)
            if sha256 not in done.contents and path.exists() and person.known.are_in_bytes(path.read_bytes()):
                self._take(transaction, sha256)
                done.contents.add(sha256)
                done.count("fs_file")

    def _take(self, transaction: Transaction, sha256: str) -> None:
        files = self.system.file
        rows = transaction.connection.execute(select(files).where(files.c.sha256 == sha256)).mappings().all()
        for row in rows:
            place = place_of(transaction.parts.metamodel, dict(row)) if row["record_id"] is not None else None
            if place is not None:
                table = transaction.parts.tables.of(place[0].key)
                codec, same = table.codecs[place[1]], table.table.c["id"] == row["record_id"]
                held = transaction.connection.execute(select(*codec.columns).where(same)).first()
                if held is not None:
                    kept = tuple(each for each in files_in(codec.from_columns(held)) if each.id != str(row["id"]))
                    changed: dict[str, Any] = codec.to_columns(kept or None)
                    transaction.connection.execute(update(table.table).where(same).values(changed))
        transaction.connection.execute(delete(files).where(files.c.sha256 == sha256))

    def clear(self, done: Iterable[Erased]) -> None:
        """Remove bytes that no file needs now, and what exports and archives hold of the persons; compact."""
        tables: set[str] = set()
        for each in done:
            for sha256 in sorted(each.contents):
                self.collector.remove(sha256)
            tables |= set(each.tables)
            if not each.is_archived:
                self._exports(each.person.known)
                self._archives(each.person)
        self._compact(sorted(tables))

    def _exports(self, values: PersonValues) -> None:
        for path in _files(self.data_folder / EXPORTS):
            # A workbook is compressed: what is in it is not looked for, it is made anew when somebody asks.
            if path.suffix == ".xlsx" or values.are_in_bytes(path.read_bytes()):
                path.unlink(missing_ok=True)

    def _archives(self, person: Person) -> None:
        ids = [record_id.encode() for _, record_id in person.records]
        for path in _files(self.data_folder / ARCHIVE):
            if path.suffix != ".jsonl":
                if person.known.are_in_bytes(path.read_bytes()):
                    path.unlink(missing_ok=True)
                continue
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [
                line for line in lines if not (person.known.are_in_bytes(line) or any(each in line for each in ids))
            ]
            if len(kept) < len(lines):
                draft = path.with_suffix(".new")
                draft.write_bytes(b"".join(kept))
                draft.replace(path)

    def _compact(self, tables: Iterable[str]) -> None:
        """Let nothing of what was deleted stay in free space of the database's own files."""
        if self.database.dialect is Dialect.SQLITE:
            with self.database.raw_write(lambda _driver: None, _vacuum) as connection:
                connection.execute(select(func.count()).select_from(self.system.hold))
            return
        with self.database.read() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for table in ("fs_person_key", *tables):
                if connection.dialect.has_table(connection, table):
                    connection.exec_driver_sql(f"VACUUM {quote(table)}")


def _vacuum(driver: Any) -> None:
    for _ in range(_ROUNDS):
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else []
