"""Imports step by step, for pages and programs: take a file, say what its columns fill, try it, start it, look, cancel.

Each step is written down, so any process can show it; the work itself is done on a thread of the process that was
asked. An import whose process ended is gone on with by the housekeeping of any worker, behind the last batch that was
committed. Who may import sees their own imports alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from engine import faults
from engine.access.actor import Actor
from engine.access.limits import LIMIT
from engine.clock import Clock
from engine.errors import AccessDenied, RecordNotFound, UnknownObject
from engine.ids import IdMaker
from engine.imports.csv_file import CsvFile
from engine.imports.errors import ImportRefused
from engine.imports.job import STANDS_STILL, ImportJob, RowFault, Wanted, sample_json
from engine.imports.job_rows import JobRows
from engine.imports.service import Imports
from engine.imports.uploads import read_upload
from engine.imports.working import Grip, ImportWork
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from metamodel.objects import ObjectDef

RIGHT = "import"
KEPT, UNUSED_KEPT = dt.timedelta(days=30), dt.timedelta(days=2)
"""For how long what an import refused, and a file that nobody imported, is kept."""
_TRIAL_STANDS_STILL = dt.timedelta(minutes=10)
"""On SQLite a trial can say nothing before its end."""
_LOG = logging.getLogger("fieldstone.imports")
FindActor = Callable[[str], Actor | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDesk:
    """The imports that people and programs do. find_actor: who a user is now; None where they may not act any more."""

    imports: Imports
    records: Records
    release: Callable[[], Release]
    database: Database
    rows: JobRows
    clock: Clock
    ids: IdMaker
    find_actor: FindActor

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
        """Take a file in; give the import's id.

        Raises: UnknownObject, AccessDenied, ImportRefused.
        """
        object_def = self.object_for(actor, object_key)
        content = read_upload(name, data)
        with self.database.write() as connection:
            return self._make(connection, actor, object_def, name, content, state="taken")

    def submit(
        self,
        connection: Connection,
        actor: Actor,
        object_key: str,
        name: str,
        content: str,
        wanted: Wanted,
        *,
        dry_run: bool,
    ) -> str:
        """Take the text of a file in and begin it, or its trial, once the caller's transaction is committed (`go`).

        Raises: UnknownObject, AccessDenied, ImportRefused.
        """
        object_def = self.object_for(actor, object_key)
        file = CsvFile.of_text(name, content)
        self.imports.bind(actor, object_def.key, file, wanted.mapping(file.columns))
        state = "checking" if dry_run else "running"
        return self._make(connection, actor, object_def, name, content, state=state, wanted=wanted, dry_run=dry_run)

    def go(self, actor: Actor, import_id: str) -> threading.Thread:
        """Work on an import that was submitted."""
        job = self.find(actor, import_id)
        assert job.beat_at is not None, "what is submitted is held by who submitted it"
        return self._work(actor, Grip(job=job, beat=job.beat_at))

    def list(self, actor: Actor, object_key: str) -> Sequence[ImportJob]:
        """Give the newest imports of the actor into an object."""
        object_def = self.object_for(actor, object_key)
        with self.database.read() as connection:
            return self.rows.newest(connection, object_def.key, _whose(actor), self.clock.now())

    def find(self, actor: Actor, import_id: str) -> ImportJob:
        """Give an import of the actor.

        Raises: RecordNotFound for those of others too. AccessDenied, UnknownObject: its object's are no more for them.
        """
        job = None
        if could_be_id(import_id):
            with self.database.read() as connection:
                job = self.rows.find(connection, import_id, self.clock.now(), whose=_whose(actor))
        if job is None:
            raise RecordNotFound("import", import_id)
        self.object_for(actor, job.object)
        return job

    def get(self, actor: Actor, object_key: str, import_id: str) -> ImportJob:
        """Give an import of the actor into an object.

        Raises: RecordNotFound, AccessDenied, UnknownObject.
        """
        object_def, job = self.object_for(actor, object_key), self.find(actor, import_id)
        if job.object != object_def.key:
            raise RecordNotFound("import", import_id)
        return job

    def content(self, job: ImportJob) -> str:
        """Give the file of an import that was found; "" where it is over."""
        with self.database.read() as connection:
            return self.rows.content(connection, job.id)

    def rejected(self, job: ImportJob) -> str:
        """Give the rows, as CSV, that an import which was found has refused; "" where there are none."""
        with self.database.read() as connection:
            return self.rows.rejected(connection, job.id)

    def faults(self, job: ImportJob, *, most: int, after: int = 0) -> Sequence[RowFault]:
        """Give what is wrong with rows of an import that was found, in pieces."""
        with self.database.read() as connection:
            return self.rows.faults(connection, job.id, most=most, after=after)

    def check(self, actor: Actor, object_key: str, import_id: str, wanted: Wanted) -> threading.Thread | None:
        """Try the first rows with a mapping, and take all of it back; None where it is being worked on already."""
        job = self.get(actor, object_key, import_id)
        if job.found.get("closed"):
            return None
        return self._begin(actor, replace(job, wanted=wanted), "checking", ("taken", "checked", "failed", "checking"))

    def start(self, actor: Actor, object_key: str, import_id: str) -> threading.Thread | None:
        """Import the file, once it was tried; None where it was started already."""
        return self._begin(actor, self.get(actor, object_key, import_id), "running", ("checked", "running"))

    def cancel(self, actor: Actor, object_key: str, import_id: str) -> bool:
        """End an import; what its batches saved stays, no other one is saved. False where it was over already."""
        job = self.get(actor, object_key, import_id)
        with self.database.write() as connection:
            if not self.rows.cancel(connection, job.id, self.clock.now()):
                return False
            self.rows.tell(connection, job.id, found=self._worker().closed(connection, job))
            if not self.rows.reached(connection, job.id).batches:
                # What a trial found did not come about.
                self.rows.forget(connection, [job.id])
                self.rows.tell(connection, job.id, counts={"total": job.total})
        return True

    def drop(self, actor: Actor, object_key: str, import_id: str) -> None:
        """Throw an import away that is not under way; one that did something stays in the log."""
        job = self.get(actor, object_key, import_id)
        if not job.is_under_way:
            with self.database.write() as connection:
                self.rows.drop(connection, [job.id], logged=True)

    def go_on(self) -> int:
        """Take over the imports that stand still, each for who started it; give how many. A duty of workers."""
        now = self.clock.now()
        since = {"running": now - STANDS_STILL, "checking": now - _TRIAL_STANDS_STILL}
        with self.database.read() as connection:
            standing = self.rows.standing(connection, since, now)
        threads = [self._take_over(job) for job in standing]
        return sum(thread is not None for thread in threads)

    def purge(self) -> int:
        """Delete files that nobody imported and what is kept of old imports; give how many. A duty of workers."""
        now, gone = self.clock.now(), 0
        while True:
            with self.database.write() as connection:
                ids = self.rows.past(connection, now - UNUSED_KEPT, now - KEPT)
                self.rows.drop(connection, ids, logged=True)
            if not ids:
                return gone
            gone += len(ids)

    def _make(
        self,
        connection: Connection,
        actor: Actor,
        object_def: ObjectDef,
        name: str,
        content: str,
        *,
        state: str,
        wanted: Wanted | None = None,
        dry_run: bool = False,
    ) -> str:
        file, import_id, now = CsvFile.of_text(name, content), self.ids.new(), self.clock.now()
        row = {
            "id": import_id,
            "object": object_def.key,
            "file": name,
            "actor": _whose(actor),
            "state": state,
            "mapping": {**wanted.to_json(), "limit": _limit(actor)} if wanted is not None else None,
            "dry_run": dry_run,
            "counts": {"total": file.count()},
            "created_at": now,
            "beat_at": now if wanted is not None else None,
            "sample": sample_json(file),
        }
        self.rows.make(connection, row, content)
        return import_id

    def _begin(self, actor: Actor, job: ImportJob, state: str, after: Sequence[str]) -> threading.Thread | None:
        """Take an import, if nobody else does; what stands still goes on."""
        if job.is_under_way or job.state not in after:
            return None
        now = self.clock.now()
        mapping = {**job.wanted.to_json(), "limit": _limit(actor)}
        values: dict[str, Any] = {"state": state, "mapping": mapping, "finished_at": None, "message": None}
        if job.state != "running":
            values["counts"] = {"total": job.total}
        with self.database.write() as connection:
            if not self.rows.hold(connection, job, now, **values):
                return None
            if job.state != "running":
                # What a trial found is no part of what the import will find.
                self.rows.forget(connection, [job.id])
        faults.reach("import.begun")
        return self._work(actor, Grip(job=replace(job, state=state), beat=now))

    def _take_over(self, job: ImportJob) -> threading.Thread | None:
        actor = self.find_actor(job.actor)
        if actor is not None:
            _LOG.info("the import %s is gone on with", job.id)
            # What a limited token began is gone on with within its limit.
            roles = actor.roles | {job.limit} if job.limit else actor.roles
            return self._begin(replace(actor, roles=roles), job, job.state, (job.state,))
        now = self.clock.now()
        with self.database.write() as connection:
            is_held = self.rows.hold(connection, job, now)
        if is_held:
            self._worker().fail(Grip(job=job, beat=now), "Whoever started this may not act any more.")
        return None

    def _worker(self) -> ImportWork:
        return ImportWork(imports=self.imports, rows=self.rows, database=self.database, clock=self.clock)

    def _work(self, actor: Actor, grip: Grip) -> threading.Thread:
        target, name = self._worker().do, f"import {grip.job.id}"
        thread = threading.Thread(target=target, args=(actor, grip), name=name, daemon=True)
        thread.start()
        return thread


def sent_before(job: ImportJob, content: str) -> str:
    """Give the text of a file that was sent for another import. Raises: ImportRefused, where it is gone."""
    if not content:
        raise ImportRefused(f"The file {job.file} is not kept any more; send it again.")
    return content


def _limit(actor: Actor) -> str:
    return next((role for role in actor.roles if role.startswith(LIMIT)), "")


def _whose(actor: Actor) -> str:
    return actor.user_id or actor.login
