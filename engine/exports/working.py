"""Makes one export as a file, beside requests: all of one state of the data, and a sign of life every few pages.

The file has its name once it is whole. Who lost the export to somebody else, or to a cancel, leaves nothing behind.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, update

from engine import faults
from engine.access.actor import Actor
from engine.clock import Clock
from engine.errors import EngineError, TooManyAtOnce
from engine.exports.job import ExportJob, request_of
from engine.exports.service import PAGE_ROWS, Export, Exports
from engine.imports.errors import TakenOver
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_BEAT_PAGES = 10
_LOG = logging.getLogger("fieldstone.exports")


@dataclass(slots=True, kw_only=True)
class ExportWork:
    """The work on one export; beat: the last sign of life, by which it is known who does it."""

    exports: Exports
    database: Database
    system: SystemTables
    clock: Clock
    folder: Path
    job: ExportJob
    beat: dt.datetime

    def do(self, actor: Actor) -> None:
        """Make the file; whatever happens is written down with the export."""
        part = self.folder / f"{self.job.id}.{self.beat:%H%M%S%f}.part"
        try:
            self._make(actor, part)
        except TakenOver:
            _LOG.warning("the export %s is somebody else's by now, or was cancelled", self.job.id)
        except EngineError as fault:
            self.fail(str(fault))
        except Exception:
            _LOG.exception("an export failed")
            self.fail("Something went wrong; the log of the server says what.")
        finally:
            part.unlink(missing_ok=True)

    def fail(self, message: str) -> None:
        """End an export that cannot be made."""
        with self.database.write() as connection:
            self._say(connection, state="failed", message=message, finished_at=self.clock.now())

    def _make(self, actor: Actor, part: Path) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(self._started(actor)) as export:
            counts = {"total": export.total, "done": 0}
            self._tell(counts)
            with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                for pages, chunk in enumerate(self._chunks(export), start=1):
                    file.write(chunk)
                    if pages % _BEAT_PAGES == 0:
                        self._tell({**counts, "done": min(pages * PAGE_ROWS, export.total)})
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
        faults.reach("export.written")
        with self.database.write() as connection:
            counts = {"total": export.total, "done": export.total, "bytes": size}
            self._say(connection, state="done", counts=counts, message=None, finished_at=self.clock.now())
            part.replace(file_of(self.folder, self.job))

    def _started(self, actor: Actor) -> Export:
        """Begin once there is a place."""
        while True:
            try:
                return self.exports.start(actor, request_of(self.job))
            except TooManyAtOnce:
                self._tell({})
                time.sleep(1)

    def _chunks(self, export: Export) -> Iterator[bytes]:
        for chunk in export:
            yield chunk
            faults.reach("export.page")

    def _tell(self, counts: dict[str, int]) -> None:
        now = self.clock.now()
        with self.database.write() as connection:
            self._say(connection, beat_at=now, counts=counts)
        self.beat = now

    def _say(self, connection: Connection, **values: Any) -> None:
        table = self.system.exported
        mine = update(table).where(table.c.id == self.job.id, table.c.beat_at == self.beat, table.c.state == "running")
        if connection.execute(mine.values(values)).rowcount != 1:
            raise TakenOver


def file_of(folder: Path, job: ExportJob) -> Path:
    """Give where the file of an export lies."""
    return folder / f"{job.id}.{job.format}"
