"""Exports as long work: begin one, look how far it is, cancel it, fetch the file; rights are asked at each step.

The work is done on a thread of the process that was asked. An export whose process ended is made anew, from the state
of the data then, by the housekeeping of any worker. People see their own exports alone.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, update

from engine.access.actor import Actor
from engine.access.limits import LIMIT
from engine.clock import Clock
from engine.errors import AccessDenied, RecordNotFound, TooManyAtOnce
from engine.exports.job import STANDS_STILL, ExportJob, asked_json, job_of
from engine.exports.service import ExportRequest, Exports
from engine.exports.working import ExportWork, file_of
from engine.ids import IdMaker
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

KEPT = dt.timedelta(days=1)
"""For how long a file may be fetched."""
AT_ONCE = 3
"""How many exports of one person are made at once."""


class ExportGone(RecordNotFound):
    """The file of an export is not there: it is not made yet, was cancelled, or is past its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDesk:
    """The exports that are made beside requests. find_actor: who a user is now; None where they may not act."""

    exports: Exports
    records: Records
    database: Database
    system: SystemTables
    clock: Clock
    ids: IdMaker
    folder: Path
    find_actor: Callable[[str], Actor | None]

    def submit(self, connection: Connection, actor: Actor, request: ExportRequest) -> str:
        """Take an export in, to be begun (`go`) once the caller's transaction is committed; give its id.

        Raises: UnknownObject, QueryProblem, AccessDenied, TooManyAtOnce.
        """
        self.exports.check(actor, request.query.object)
        self.records.list(actor, replace(request.query, exported=True, limit=1, cursor=None))
        table, now, whose = self.system.exported, self.clock.now(), _whose(actor)
        busy = select(func.count()).where(table.c.actor == whose, table.c.state == "running")
        if (connection.execute(busy).scalar() or 0) >= AT_ONCE:
            raise TooManyAtOnce("exports", AT_ONCE)
        row = {
            "id": self.ids.new(),
            "object": request.query.object,
            "actor": whose,
            "roles": sorted(actor.roles),
            "asked": asked_json(request, actor.language, actor.timezone),
            "state": "running",
            "counts": {},
            "created_at": now,
            "beat_at": now,
        }
        connection.execute(insert(table), row)
        return str(row["id"])

    def begin(self, actor: Actor, request: ExportRequest) -> tuple[str, threading.Thread]:
        """Take an export in and begin it; give its id and who works on it.

        Raises: UnknownObject, QueryProblem, AccessDenied, TooManyAtOnce.
        """
        with self.database.write() as connection:
            export_id = self.submit(connection, actor, request)
        return export_id, self.go(actor, export_id)

    def go(self, actor: Actor, export_id: str) -> threading.Thread:
        """Begin an export that was submitted."""
        with self.database.read() as connection:
            job = self._load(connection, export_id)
        assert job is not None, "what is submitted is there"
        assert job.beat_at is not None, "what is submitted is held by who submitted it"
        return self._work(actor, job, job.beat_at)

    def get(self, actor: Actor, object_key: str, export_id: str) -> ExportJob:
        """Give an export of the actor.

        Raises: RecordNotFound for those of others too. UnknownObject, AccessDenied: it may be exported no more.
        """
        job = None
        if could_be_id(export_id):
            with self.database.read() as connection:
                job = self._load(connection, export_id)
        if job is None or job.actor != _whose(actor) or job.object != object_key:
            raise RecordNotFound("export", export_id)
        self.exports.check(actor, object_key)
        return job

    def file(self, actor: Actor, job: ExportJob) -> Path:
        """Give where the file lies of an export that was found.

        Raises: ExportGone; AccessDenied, where the actor has other roles than when it was made.
        """
        if _own(actor.roles) != _own(job.roles):
            raise AccessDenied("export", job.object, "your roles have changed since; export again")
        path = file_of(self.folder, job)
        if job.state != "done" or self.clock.now() - job.created_at > KEPT or not path.exists():
            raise ExportGone("file of the export", job.id)
        return path

    def cancel(self, actor: Actor, object_key: str, export_id: str) -> bool:
        """End an export; False where it was over already."""
        job, table = self.get(actor, object_key, export_id), self.system.exported
        mine = update(table).where(table.c.id == job.id, table.c.state == "running")
        with self.database.write() as connection:
            values = {"state": "cancelled", "finished_at": self.clock.now(), "beat_at": None}
            return connection.execute(mine.values(values)).rowcount == 1

    def go_on(self) -> int:
        """Make the exports anew whose process ended, each for who asked; give how many. A duty of workers."""
        table, now = self.system.exported, self.clock.now()
        query = select(table).where(table.c.state == "running", table.c.beat_at < now - STANDS_STILL)
        with self.database.read() as connection:
            standing = [job_of(row._mapping, now) for row in connection.execute(query)]
        return sum(self._take_over(job) for job in standing)

    def purge(self) -> int:
        """Delete exports past their time and files of none; give how many files. A duty of workers."""
        table, before, gone = self.system.exported, self.clock.now() - KEPT, 0
        with self.database.write() as connection:
            connection.execute(delete(table).where(table.c.created_at < before, table.c.state != "running"))
            state_of = {str(row.id): row.state for row in connection.execute(select(table.c.id, table.c.state))}
        for path in self.folder.iterdir() if self.folder.exists() else ():
            # A part of a running one may be what is being written now; its last part goes once it is done.
            needed = "running" if path.suffix == ".part" else "done"
            if state_of.get(path.name.partition(".")[0]) != needed:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _take_over(self, job: ExportJob) -> bool:
        table, now = self.system.exported, self.clock.now()
        seen = update(table).where(table.c.id == job.id, table.c.beat_at == job.beat_at, table.c.state == "running")
        with self.database.write() as connection:
            if connection.execute(seen.values(beat_at=now)).rowcount != 1:
                return False
        found = self.find_actor(job.actor)
        if found is None:
            self._worker(job, now).fail("Whoever asked for this may not act any more.")
            return False
        limits = {role for role in job.roles if role.startswith(LIMIT)}
        asked = job.asked
        actor = replace(found, roles=found.roles | limits, language=asked["language"], timezone=asked["timezone"])
        self._note_roles(job, actor)
        self._work(actor, job, now)
        return True

    def _note_roles(self, job: ExportJob, actor: Actor) -> None:
        table = self.system.exported
        with self.database.write() as connection:
            connection.execute(update(table).where(table.c.id == job.id).values(roles=sorted(actor.roles)))

    def _load(self, connection: Connection, export_id: str) -> ExportJob | None:
        table = self.system.exported
        row = connection.execute(select(table).where(table.c.id == export_id)).mappings().first()
        return None if row is None else job_of(row, self.clock.now())

    def _worker(self, job: ExportJob, beat: dt.datetime) -> ExportWork:
        return ExportWork(
            exports=self.exports,
            database=self.database,
            system=self.system,
            clock=self.clock,
            folder=self.folder,
            job=job,
            beat=beat,
        )

    def _work(self, actor: Actor, job: ExportJob, beat: dt.datetime) -> threading.Thread:
        work = self._worker(job, beat)
        thread = threading.Thread(target=work.do, args=(actor,), name=f"export {job.id}", daemon=True)
        thread.start()
        return thread


def _whose(actor: Actor) -> str:
    return actor.user_id or actor.login


def _own(roles: frozenset[str]) -> frozenset[str]:
    return frozenset(role for role in roles if not role.startswith(LIMIT))
