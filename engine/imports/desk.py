"""Imports step by step, for pages: take a file, choose what its columns fill, try it, start it, see what became of it.

Each step is written down, so any process can show it; the work itself is done on a thread of the process that was
asked. An import whose process ended stands still, and says so. Who may import sees their own imports alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from engine.access.actor import Actor
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError, RecordNotFound, UnknownObject
from engine.ids import IdMaker
from engine.imports.csv_file import CsvFile
from engine.imports.job import ImportJob, Wanted, job_of
from engine.imports.result import ImportResult, errors_text
from engine.imports.service import Imports
from engine.imports.uploads import first_rows, read_upload
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef

RIGHT = "import"
TRIED_ROWS = 2_000
KEPT = dt.timedelta(days=30)
SHOWN_FAULTS = 50
_LISTED = 30
_LOG = logging.getLogger("fieldstone.imports")


class TakenOver(EngineError):
    """Somebody else works on the import by now, or it was thrown away; whoever sees this stops."""


@dataclass(slots=True, kw_only=True)
class _Grip:
    """Who works on an import is known by the last sign of life that they gave."""

    job: ImportJob
    beat: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDesk:
    """The imports that people do by pages."""

    imports: Imports
    records: Records
    release: Callable[[], Release]
    database: Database
    system: SystemTables
    clock: Clock
    ids: IdMaker

    def object_for(self, actor: Actor, object_key: str) -> ObjectDef:
        """Give an object that the actor may import into.

        Raises: UnknownObject, AccessDenied.
        """
        release = self.release()
        access, found = self.records.access(actor, release), release.metamodel.find_object(object_key)
        if found is None or not access.of(found.key).may("read"):
            raise UnknownObject(object_key)
        rights = access.of(found.key)
        fillable = rights.may("create") or rights.may("update")
        if not access.has_right(RIGHT) or not fillable or not self.imports.fillable(actor, release, found):
            raise AccessDenied(RIGHT, found.key, "your roles do not allow it")
        return found

    def take(self, actor: Actor, object_key: str, name: str, data: bytes) -> str:
        """Take a file in; give the import's id. What is older than 30 days goes.

        Raises: UnknownObject, AccessDenied, ImportRefused.
        """
        object_def = self.object_for(actor, object_key)
        content, import_id, now = read_upload(name, data), self.ids.new(), self.clock.now()
        total = CsvFile.of_text(name, content).count()
        made, files = self.system.imported, self.system.import_file
        row = {"id": import_id, "object": object_def.key, "file": name, "actor": _whose(actor), "state": "taken"}
        with self.database.write() as connection:
            old = select(made.c.id).where(made.c.created_at < now - KEPT)
            connection.execute(delete(files).where(files.c.import_id.in_(old)))
            connection.execute(insert(made), {**row, "counts": {"total": total}, "created_at": now})
            connection.execute(insert(files), {"import_id": import_id, "content": content})
        return import_id

    def list(self, actor: Actor, object_key: str) -> Sequence[ImportJob]:
        """Give the newest imports of the actor into an object."""
        object_def = self.object_for(actor, object_key)
        made, files = self.system.imported, self.system.import_file
        columns = (made, files.c.found, files.c.message, files.c.beat_at)
        query = select(*columns).join(files, files.c.import_id == made.c.id)
        query = query.where(made.c.actor == _whose(actor), made.c.object == object_def.key)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(made.c.created_at.desc(), made.c.id.desc()).limit(_LISTED))
            return [job_of(row._mapping, self.clock.now()) for row in rows]

    def get(self, actor: Actor, object_key: str, import_id: str) -> ImportJob:
        """Give an import with its file.

        Raises: RecordNotFound for those of others too.
        """
        object_def = self.object_for(actor, object_key)
        made, files = self.system.imported, self.system.import_file
        columns = (made, files.c.content, files.c.rejected, files.c.found, files.c.message, files.c.beat_at)
        query = select(*columns).join(files, files.c.import_id == made.c.id)
        query = query.where(made.c.id == import_id, made.c.actor == _whose(actor), made.c.object == object_def.key)
        row = None
        if could_be_id(import_id):
            with self.database.read() as connection:
                row = connection.execute(query).mappings().first()
        if row is None:
            raise RecordNotFound("import", import_id)
        return job_of(row, self.clock.now())

    def check(self, actor: Actor, object_key: str, import_id: str, wanted: Wanted) -> threading.Thread | None:
        """Try the first rows with a mapping, and take all of it back; None where it is being worked on already."""
        job = self.get(actor, object_key, import_id)
        return self._begin(actor, replace(job, wanted=wanted), "checking", ("taken", "checked", "failed", "checking"))

    def start(self, actor: Actor, object_key: str, import_id: str) -> threading.Thread | None:
        """Import the file, once it was tried; None where it was started already."""
        job = self.get(actor, object_key, import_id)
        return self._begin(actor, job, "running", ("checked", "running"))

    def drop(self, actor: Actor, object_key: str, import_id: str) -> None:
        """Throw an import away that is not under way; one that is done stays in the log."""
        job = self.get(actor, object_key, import_id)
        if job.is_under_way:
            return
        made, files = self.system.imported, self.system.import_file
        with self.database.write() as connection:
            connection.execute(delete(files).where(files.c.import_id == job.id))
            connection.execute(delete(made).where(made.c.id == job.id, made.c.state != "done"))

    def _begin(self, actor: Actor, job: ImportJob, state: str, after: Sequence[str]) -> threading.Thread | None:
        """Take an import over, if nobody else does; what stands still may be begun again."""
        if job.is_under_way or job.state not in after:
            return None
        made, now = self.system.imported, self.clock.now()
        with self.database.write() as connection:
            taken = update(made).where(made.c.id == job.id, made.c.state == job.state, self._unbeaten(job))
            values = {"state": state, "mapping": job.wanted.to_json(), "finished_at": None}
            if connection.execute(taken.values(values)).rowcount != 1:
                return None
            self._note(connection, job.id, beat_at=now, message=None, found=None if state == "checking" else job.found)
        grip = _Grip(job=job, beat=now)
        thread = threading.Thread(target=self._work, args=(actor, grip, state), name=f"import {job.id}", daemon=True)
        thread.start()
        return thread

    def _unbeaten(self, job: ImportJob) -> ColumnElement[bool]:
        files = self.system.import_file
        same = files.c.beat_at.is_(None) if job.beat_at is None else files.c.beat_at == job.beat_at
        return select(func.count()).where(files.c.import_id == job.id, same).scalar_subquery() == 1

    def _work(self, actor: Actor, grip: _Grip, state: str) -> None:
        try:
            self._do(actor, grip, state)
        except TakenOver:
            _LOG.warning("the import %s is somebody else's by now, or was thrown away", grip.job.id)

    def _do(self, actor: Actor, grip: _Grip, state: str) -> None:
        try:
            self._try(actor, grip) if state == "checking" else self._import(actor, grip)
        except TakenOver:
            raise
        except EngineError as fault:
            self._end(grip, "failed", message=str(fault))
        except Exception:
            _LOG.exception("an import failed")
            self._end(grip, "failed", message="Something went wrong; the log of the server says what.")

    def _try(self, actor: Actor, grip: _Grip) -> None:
        job = grip.job
        text = first_rows(job.content, TRIED_ROWS)
        file = CsvFile.of_text(job.file, text)
        mapping = job.wanted.mapping(file.columns)
        result = self.imports.import_file(actor, job.object, file, mapping=mapping, dry_run=True)
        self._end(grip, "checked", counts={**result.counts, "total": job.total, "tried": result.total}, result=result)

    def _import(self, actor: Actor, grip: _Grip) -> None:
        job = grip.job
        file = CsvFile.of_text(job.file, job.content)
        mapping = job.wanted.mapping(file.columns)

        def say(done: int, total: int) -> None:
            with self.database.write() as connection:
                self._beat(connection, grip, self.clock.now())
                self._set(connection, job.id, counts={"total": total, "done": done})

        result = self.imports.import_file(actor, job.object, file, mapping=mapping, on_progress=say, import_id=job.id)
        rejected = errors_text(file.columns, result.errors) if result.errors else None
        self._end(grip, "done", counts={**result.counts, "done": result.total}, result=result, rejected=rejected)

    def _end(
        self,
        grip: _Grip,
        state: str,
        *,
        counts: Mapping[str, int] | None = None,
        result: ImportResult | None = None,
        message: str | None = None,
        rejected: str | None = None,
    ) -> None:
        values: dict[str, Any] = {"state": state, "finished_at": self.clock.now()}
        more: dict[str, Any] = {"message": message}
        if counts is not None:
            values["counts"] = dict(counts)
        if result is not None:
            more["found"] = _found(result)
        if state == "done":
            more |= {"rejected": rejected, "content": ""}
        with self.database.write() as connection:
            self._beat(connection, grip, None)
            self._set(connection, grip.job.id, **values)
            self._note(connection, grip.job.id, **more)

    def _beat(self, connection: Connection, grip: _Grip, now: dt.datetime | None) -> None:
        """Give a sign of life, None as the last one. Raises: TakenOver."""
        files = self.system.import_file
        mine = update(files).where(files.c.import_id == grip.job.id, files.c.beat_at == grip.beat)
        if connection.execute(mine.values(beat_at=now)).rowcount != 1:
            raise TakenOver
        grip.beat = now or grip.beat

    def _set(self, connection: Connection, import_id: str, **values: Any) -> None:
        table = self.system.imported
        connection.execute(update(table).where(table.c.id == import_id).values(values))

    def _note(self, connection: Connection, import_id: str, **values: Any) -> None:
        table = self.system.import_file
        connection.execute(update(table).where(table.c.import_id == import_id).values(values))


def _found(result: ImportResult) -> dict[str, Any]:
    told = [
        {"line": each.line, "column": each.column, "value": each.value[:200], "reason": each.reason}
        for each in result.errors[:SHOWN_FAULTS]
    ]
    return {"rules": dict(result.rules), "faults": told}


def _whose(actor: Actor) -> str:
    return actor.user_id or actor.login
