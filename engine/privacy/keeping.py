"""The nightly job: erases or archives records past the time that their object states, and lists what it kept and why.

What is due follows from the records alone, so that whoever comes after a killed worker goes on where it stopped. Each
record is a transaction of its own: one that is refused keeps no other.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import delete, insert, select

from engine.access.actor import system_actor
from engine.clock import Clock
from engine.errors import EngineError, RecordInUse
from engine.files.contents import ContentFolder
from engine.privacy.erasing import ARCHIVED_ACT, Erased, note, refuse_held, take_out
from engine.privacy.exporting import gather
from engine.privacy.leftovers import ARCHIVE
from engine.privacy.people import RecordKey, find_person
from engine.records.service import Records
from engine.records.types import ListQuery, SortKey
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef
from metamodel.privacy import Disposal

HELD, KEPT = "held", "kept"
IN_USE, REFUSED, LEGAL_HOLD = "in use", "refused", "legal hold"
"""Why a record was kept: others need it, a rule or a lock refuses to let it go, or a hold."""
_LOG = logging.getLogger("fieldstone.privacy")
_BATCH = 200
_REASON = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the job did: how many were erased, archived, held back by a legal hold, or kept because they are in use."""

    erased: int = 0
    archived: int = 0
    held: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionKeeper:
    """Looks after how long records are kept. erase: how one is erased. clear: what follows."""

    records: Records
    system: SystemTables
    clock: Clock
    current: Callable[[], Release | None]
    erase: Callable[[Sequence[RecordKey], str], Erased]
    clear: Callable[[Sequence[Erased]], None]
    contents: ContentFolder
    data_folder: Path

    def run(self) -> Kept:
        """Do it for all objects."""
        release = self.current()
        if release is None:
            return Kept()
        counts = dict.fromkeys(("erased", "archived", HELD, KEPT), 0)
        done: list[Erased] = []
        self._forget_kept(release)
        for object_def in stating_retention(release):
            for record_id in list(self._due(release, object_def)):
                counts[self._dispose(release, object_def, record_id, done)] += 1
        if done:
            self.clear(done)
        return Kept(**counts)

    def due(self, release: Release, object_def: ObjectDef) -> list[str]:
        """Give the records that are past their time now."""
        return list(self._due(release, object_def))

    def _due(self, release: Release, object_def: ObjectDef) -> Iterator[str]:
        order = (SortKey(path="id", descending=False),)
        asked = due_condition(object_def)
        found: list[str] = []
        with self.records.reading(system_actor(), release=release) as transaction:
            cursor = None
            while True:
                query = ListQuery(
                    object=object_def.key, filter=asked, sort=order, fields=("id",), limit=_BATCH, cursor=cursor
                )
                page = transaction.list(query)
                found += [row.id for row in page.rows]
                cursor = page.next_cursor
                if cursor is None:
                    break
        yield from found

    def _dispose(self, release: Release, object_def: ObjectDef, record_id: str, done: list[Erased]) -> str:
        key = (object_def.key, record_id)
        privacy = object_def.privacy
        assert privacy is not None
        assert privacy.retention is not None
        if self._is_held(key):
            self._list(HELD, key, LEGAL_HOLD)
            return HELD
        try:
            if privacy.retention.do is Disposal.ERASE:
                done.append(self.erase([key], _REASON))
                return "erased"
            done.append(self._archive(release, key))
            return "archived"
        except EngineError as refused:
            _LOG.warning("%s %s is kept: %s", *key, refused)
            self._list(KEPT, key, IN_USE if isinstance(refused, RecordInUse) else REFUSED)
            return KEPT

    def _archive(self, release: Release, key: RecordKey) -> Erased:
        """Write a record with its parts as a line of the archive, then take it out of the database."""
        with self.records.transaction(system_actor(), release=release) as transaction:
            person = find_person(transaction, [key], only=True)
            refuse_held(transaction, person.records)
            line = {"archived_at": transaction.now.isoformat(), **gather(transaction, person)}
            # What a required lookup points at is refused here, before lookups are emptied.
            transaction.delete(*key)
            done = Erased(person=person, is_archived=True)
            take_out(transaction, person, done, keeps_entries=True)
            note(transaction, person.records, ARCHIVED_ACT, _REASON)
            self._keep_files(str(each["sha256"]) for each in line["files"])
            self._write(key[0], orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS))
        done.contents.clear()
        return done

    def _keep_files(self, hashes: Iterable[str]) -> None:
        folder = self.data_folder / ARCHIVE / "files"
        folder.mkdir(parents=True, exist_ok=True)
        for sha256 in hashes:
            path = self.contents.path_of(sha256)
            if path.exists():
                shutil.copyfile(path, folder / sha256)

    def _write(self, object_key: str, line: bytes) -> None:
        folder = self.data_folder / ARCHIVE
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{object_key}.jsonl").open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _is_held(self, key: RecordKey) -> bool:
        hold = self.system.hold
        query = select(hold.c.object).where(hold.c.object == key[0], hold.c.record_id == key[1])
        with self.records.reading(system_actor()) as transaction:
            return transaction.connection.execute(query).first() is not None

    def _list(self, act: str, key: RecordKey, reason: str) -> None:
        with self.records.transaction(system_actor()) as transaction:
            row = {"act": act, "object": key[0], "record_id": key[1], "at": self.clock.now(), "reason": reason}
            transaction.connection.execute(insert(self.system.disposal).values(row))

    def _forget_kept(self, release: Release) -> None:
        """Let the list of what was kept be that of the last night."""
        table = self.system.disposal
        with self.records.transaction(system_actor(), release=release) as transaction:
            transaction.connection.execute(delete(table).where(table.c.act.in_((HELD, KEPT))))


def stating_retention(release: Release) -> list[ObjectDef]:
    """Give the objects that say how long their records are kept."""
    objects = release.metamodel.objects.values()
    return [each for each in objects if each.privacy is not None and each.privacy.retention is not None]


def due_condition(object_def: ObjectDef) -> str:
    """Write which records of an object are past their time now."""
    assert object_def.privacy is not None
    kept = object_def.privacy.retention
    assert kept is not None
    past = f"modified_at + ({kept.after.text}) <= now"
    return past if kept.where is None else f"(\n{kept.where.text}\n) and {past}"
