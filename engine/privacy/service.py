"""Personal data of one installation: exported, erased, held and listed; each act stands in the audit log.

Who may ask for it is the operator, at the command line; pages only read. What erasing does is in `erasing`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select

from engine.access.actor import Actor, system_actor
from engine.audit.entries import entry_values
from engine.clock import Clock
from engine.files.collecting import FileCollector
from engine.privacy.erasing import Erased, erase, refuse_held
from engine.privacy.erasure_list import ErasureList
from engine.privacy.exporting import gather, write_archive
from engine.privacy.keeping import RetentionKeeper
from engine.privacy.leftovers import Leftovers
from engine.privacy.people import RecordKey, find_person, read_key
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_SHOWN = 200
_RESTORED = "restored from a backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposed:
    """A line of the list of what became of records."""

    act: str
    object: str
    record_id: str
    at: dt.datetime
    by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What is done about the personal data of an installation."""

    database: Database
    system: SystemTables
    records: Records
    clock: Clock
    current: Callable[[], Release | None]
    collector: FileCollector
    erasures: ErasureList
    leftovers: Leftovers
    data_folder: Path

    def export(self, actor: Actor, asked: Sequence[str], target: Path, *, only: bool = False) -> dict[str, Any]:
        """Write all that is kept of a person as a zip archive; give what was found.

        Raises: PersonUnclear.
        """
        with self.records.transaction(actor) as transaction:
            person = find_person(transaction, [read_key(transaction, each) for each in asked], only=only)
            found = gather(transaction, person)
            for key, record_id in person.records:
                entry = entry_values(actor, key, "exported", transaction.now, {"personal": True}, record_id=record_id)
                transaction.connection.execute(insert(self.system.audit).values(entry))
        write_archive(found, self.collector.folder, target)
        return found

    def foretell(self, asked: Sequence[str], *, only: bool = False) -> tuple[RecordKey, ...]:
        """Give the records that erasing a person would take; writes nothing.

        Raises: PersonUnclear, UnderHold.
        """
        with self.records.reading(system_actor()) as transaction:
            person = find_person(transaction, [read_key(transaction, each) for each in asked], only=only)
            refuse_held(transaction, person.records)
            return person.records

    def erase(self, actor: Actor, asked: Sequence[str], *, only: bool = False, reason: str = "request") -> Erased:
        """Erase a person.

        Raises: PersonUnclear, UnderHold; what refuses to delete a record.
        """
        with self.records.reading(actor) as transaction:
            keys = [read_key(transaction, each) for each in asked]
        done = self._erase(actor, keys, only=only, reason=reason)
        self.leftovers.clear([done])
        return done

    def erase_again(self) -> int:
        """Erase what an older backup brought back; give how many records it were."""
        release = self.current()
        if release is None:
            return 0
        with self.database.read() as connection:
            missing = self.erasures.unknown_to(connection, self.system)
        if not missing:
            return 0
        done = self._erase(system_actor(), missing, only=True, reason=_RESTORED, is_listed=True)
        self.leftovers.clear([done])
        return len(missing)

    def _erase(
        self, actor: Actor, keys: Sequence[RecordKey], *, only: bool, reason: str, is_listed: bool = False
    ) -> Erased:
        with self.records.transaction(actor) as transaction:
            objects = transaction.parts.metamodel.objects
            there = [each for each in keys if each[0] in objects]
            if is_listed:
                # A hold that the backup has is older than the erasure.
                hold = self.system.hold
                for key, record_id in there:
                    same = (hold.c.object == key) & (hold.c.record_id == record_id)
                    transaction.connection.execute(delete(hold).where(same))
            done = erase(transaction, there, only=only, reason=reason)
            self.leftovers.take_files(transaction, done.person, done)
            if not is_listed:
                self.erasures.add(done.person.records, transaction.now.isoformat())
        return done

    def keeper(self) -> RetentionKeeper:
        """Give the nightly job."""
        return RetentionKeeper(
            records=self.records,
            system=self.system,
            clock=self.clock,
            current=self.current,
            erase=lambda keys, reason: self._erase(system_actor(), keys, only=True, reason=reason),
            clear=self.leftovers.clear,
            contents=self.collector.folder,
            data_folder=self.data_folder,
        )

    def hold(self, actor: Actor, asked: str, reason: str) -> None:
        """Put a record under legal hold.

        Raises: PersonUnclear.
        """
        hold = self.system.hold
        with self.records.transaction(actor) as transaction:
            key, record_id = read_key(transaction, asked)
            same = (hold.c.object == key) & (hold.c.record_id == record_id)
            transaction.connection.execute(delete(hold).where(same))
            row = {"object": key, "record_id": record_id, "reason": reason, "at": transaction.now, "by": actor.name}
            transaction.connection.execute(insert(hold).values(row))
            entry = entry_values(actor, key, "held", transaction.now, {"reason": reason}, record_id=record_id)
            transaction.connection.execute(insert(self.system.audit).values(entry))

    def release(self, actor: Actor, asked: str) -> bool:
        """End the legal hold of a record; tell whether there was one.

        Raises: PersonUnclear.
        """
        hold = self.system.hold
        with self.records.transaction(actor) as transaction:
            key, record_id = read_key(transaction, asked)
            same = (hold.c.object == key) & (hold.c.record_id == record_id)
            gone = transaction.connection.execute(delete(hold).where(same)).rowcount
            if gone:
                entry = entry_values(actor, key, "hold_ended", transaction.now, {}, record_id=record_id)
                transaction.connection.execute(insert(self.system.audit).values(entry))
        return bool(gone)

    def holds(self) -> list[Disposed]:
        """List legal holds, the newest first."""
        hold = self.system.hold
        with self.database.read() as connection:
            rows = connection.execute(select(hold).order_by(hold.c.at.desc())).mappings().all()
        return [Disposed(act="hold", **{name: row[name] for name in _COLUMNS}) for row in rows]

    def disposals(self) -> list[Disposed]:
        """List the newest acts, and what the last night kept."""
        table = self.system.disposal
        query = select(table).order_by(table.c.id.desc()).limit(_SHOWN)
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [Disposed(act=row["act"], **{name: row[name] for name in _COLUMNS}) for row in rows]

    def counts(self) -> dict[str, int]:
        """Give how many records were erased and archived, and kept or held by the last night."""
        table = self.system.disposal
        query = select(table.c.act, func.count()).group_by(table.c.act)
        with self.database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}


_COLUMNS = ("object", "record_id", "at", "by", "reason")
