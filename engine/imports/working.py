"""The work on one import: try it and take all of it back, or do it, from where it stands; and write down how it ended.

Done on a thread of whichever process took the import. Every transaction of it gives a sign of life that is known by
the one before: who lost the import to somebody else, or to a cancel, commits nothing more of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from engine import faults
from engine.access.actor import Actor
from engine.clock import Clock
from engine.errors import EngineError
from engine.imports.csv_file import CsvFile
from engine.imports.errors import TakenOver
from engine.imports.job import ImportJob
from engine.imports.job_rows import JobRows
from engine.imports.reached import BatchDone, Reached
from engine.imports.result import errors_text
from engine.imports.service import Imports
from engine.imports.uploads import first_rows
from engine.storage.database import Database
from engine.storage.dialect import Dialect

TRIED_ROWS = 2_000
"""How many rows pages try; programs that ask for a dry run have all of them tried."""
_LOG = logging.getLogger("fieldstone.imports")


@dataclass(slots=True, kw_only=True)
class Grip:
    """Who works on an import is known by the last sign of life that they gave.

    before: the one before it, which still stands where the transaction that gave the last one was not committed.
    """

    job: ImportJob
    beat: dt.datetime
    before: dt.datetime | None = None

    def gave(self, beat: dt.datetime) -> None:
        """Remember a sign of life."""
        self.before, self.beat = self.beat, beat

    @property
    def held(self) -> tuple[dt.datetime, ...]:
        """The signs of life by which the import is known as held."""
        return (self.beat,) if self.before is None else (self.beat, self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The books of one import (`reached.Ledger`)."""

    grip: Grip
    rows: JobRows
    database: Database
    clock: Clock

    @property
    def id(self) -> str:
        """The id of the import."""
        return self.grip.job.id

    def reached(self) -> Reached:
        """Give where it stands."""
        with self.database.read() as connection:
            return self.rows.reached(connection, self.id)

    def note(self, connection: Connection, done: BatchDone) -> None:
        """Write down what a transaction did, within it. Raises: TakenOver."""
        now, counts = self.clock.now(), {**done.counts, "total": done.total, "done": done.rows - len(done.held)}
        self.rows.beat(connection, self.grip.job, self.grip.held, now, counts=counts)
        try:
            self.rows.note(connection, self.id, done)
        except IntegrityError as fault:
            raise TakenOver from fault
        self.grip.gave(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWork:
    """Does what was asked of imports."""

    imports: Imports
    rows: JobRows
    database: Database
    clock: Clock

    def do(self, actor: Actor, grip: Grip) -> None:
        """Work on an import that was taken; whatever happens is written down with it."""
        try:
            self._do(actor, grip)
        except TakenOver:
            _LOG.warning("the import %s is somebody else's by now, or was cancelled", grip.job.id)

    def _do(self, actor: Actor, grip: Grip) -> None:
        try:
            self._try(actor, grip) if grip.job.state == "checking" else self._import(actor, grip)
        except TakenOver:
            raise
        except EngineError as fault:
            self.fail(grip, str(fault))
        except Exception:
            _LOG.exception("an import failed")
            self.fail(grip, "Something went wrong; the log of the server says what.")

    def fail(self, grip: Grip, message: str) -> None:
        """End an import that cannot go on; where it saved rows they stay, and it can't be begun again."""
        with self.database.write() as connection:
            self._end(connection, grip, "failed", {"message": message})
            self.rows.tell(connection, grip.job.id, found=self.closed(connection, grip.job, anyway=False))

    def closed(self, connection: Connection, job: ImportJob, *, anyway: bool = True) -> dict[str, Any]:
        """Keep the rows that an import refused so far, let go of its file, and give what is known of it then.

        anyway: else only where it has saved something.
        """
        reached = self.rows.reached(connection, job.id)
        if not (anyway or reached.batches):
            return dict(job.found)
        # What a trial found, which saved nothing, is told on the page alone.
        rejected = self._refused(connection, job, reached) if reached.batches and reached.errors else ""
        self.rows.close(connection, job.id, rejected)
        return {"rules": dict(job.rules), "rejected": bool(rejected), "closed": True}

    def _refused(self, connection: Connection, job: ImportJob, reached: Reached) -> str:
        file = CsvFile.of_text(job.file, self.rows.content(connection, job.id))
        lines = {error.line for error in reached.errors}
        cells = {row.line: row.cells for row in file.rows() if row.line in lines}
        return errors_text(file.columns, [each.of_row(cells[each.line]) for each in reached.errors])

    def _try(self, actor: Actor, grip: Grip) -> None:
        job, file = grip.job, self._file(grip.job)
        if not job.dry_run:
            file = CsvFile.of_text(job.file, first_rows(self._content(job), TRIED_ROWS))

        def say(done: int, _total: int) -> None:
            # On SQLite what is tried holds the one place to write until it is taken back.
            if self.database.dialect is Dialect.POSTGRESQL:
                now = self.clock.now()
                with self.database.write() as connection:
                    self.rows.beat(connection, job, grip.held, now, counts={"total": job.total, "done": done})
                grip.gave(now)

        mapping = job.wanted.mapping(file.columns)
        result = self.imports.import_file(actor, job.object, file, mapping=mapping, dry_run=True, on_progress=say)
        counts = {**result.counts, "total": job.total, "tried": result.total}
        with self.database.write() as connection:
            self.rows.forget(connection, [job.id])
            self.rows.add_faults(connection, job.id, result.errors)
            found = {"rules": dict(result.rules)}
            self._end(connection, grip, "checked", {"counts": counts, "found": found, "message": None})

    def _import(self, actor: Actor, grip: Grip) -> None:
        job, file = grip.job, self._file(grip.job)
        books = Books(grip=grip, rows=self.rows, database=self.database, clock=self.clock)
        mapping = job.wanted.mapping(file.columns)
        result = self.imports.import_file(actor, job.object, file, mapping=mapping, ledger=books)
        faults.reach("import.ending")
        rejected = errors_text(file.columns, result.errors) if result.errors else ""
        values = {"counts": {**result.counts, "done": result.total}, "message": None}
        with self.database.write() as connection:
            found = {"rules": dict(job.rules), "rejected": bool(rejected), "closed": True}
            self._end(connection, grip, "done", {**values, "found": found})
            self.rows.close(connection, job.id, rejected)

    def _file(self, job: ImportJob) -> CsvFile:
        return CsvFile.of_text(job.file, self._content(job))

    def _content(self, job: ImportJob) -> str:
        with self.database.read() as connection:
            return self.rows.content(connection, job.id)

    def _end(self, connection: Connection, grip: Grip, state: str, values: Mapping[str, Any]) -> None:
        now = self.clock.now()
        self.rows.beat(connection, grip.job, grip.held, None, state=state, finished_at=now, **values)
