"""The rows of the imports of the desk: made, found, changed by who holds them, and given up. Rights are the desk's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.imports.errors import TakenOver
from engine.imports.job import OVER, UNDER_WAY, ImportJob, RowFault, job_of
from engine.imports.kept_cells import KeptCells
from engine.imports.log import fault_rows
from engine.imports.reached import BatchDone, Reached
from engine.imports.result import RowError
from engine.storage.system_tables import SystemTables

SHOWN_FAULTS = 50
_LISTED = 30
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class JobRows:
    """The statements. kept: how cells of the files are kept."""

    system: SystemTables
    kept: KeptCells

    def make(self, connection: Connection, row: Mapping[str, Any], content: str) -> None:
        """Write a new import down, with its file."""
        import_id, key = row["id"], row["object"]
        row = {**row, "sample": self.kept.sample(key, import_id, row["sample"])}
        connection.execute(insert(self.system.imported), row)
        sealed = self.kept.sealer(key, import_id)(content)
        connection.execute(insert(self.system.import_file), {"import_id": import_id, "content": sealed})

    def find(
        self, connection: Connection, import_id: str, now: dt.datetime, *, whose: str | None = None
    ) -> ImportJob | None:
        """Give an import with the first of its faults. whose: of this person alone."""
        made, files = self.system.imported, self.system.import_file
        query = select(made).join(files, files.c.import_id == made.c.id).where(made.c.id == import_id)
        row = connection.execute(query if whose is None else query.where(made.c.actor == whose)).mappings().first()
        return None if row is None else self._job(row, now, self.faults(connection, import_id, most=SHOWN_FAULTS))

    def newest(self, connection: Connection, object_key: str, whose: str, now: dt.datetime) -> Sequence[ImportJob]:
        """Give the newest imports of a person into an object."""
        made, files = self.system.imported, self.system.import_file
        query = select(made).join(files, files.c.import_id == made.c.id)
        query = query.where(made.c.actor == whose, made.c.object == object_key)
        rows = connection.execute(query.order_by(made.c.created_at.desc(), made.c.id.desc()).limit(_LISTED))
        return [self._job(row._mapping, now) for row in rows]

    def standing(self, connection: Connection, since: Mapping[str, dt.datetime], now: dt.datetime) -> list[ImportJob]:
        """Give the imports of which nothing was heard since, by their state."""
        made = self.system.imported
        found = []
        for state, before in since.items():
            query = select(made).where(made.c.state == state, made.c.beat_at < before)
            found += [self._job(row._mapping, now) for row in connection.execute(query)]
        return found

    def faults(self, connection: Connection, import_id: str, *, most: int, after: int = 0) -> tuple[RowFault, ...]:
        """Give what is wrong with rows, in the order it was found. after: the id of the last one given before."""
        table = self.system.import_error
        query = select(table).where(table.c.import_id == import_id, table.c.id > after).order_by(table.c.id).limit(most)
        opened = partial(self.kept.opened, import_id)
        return tuple(
            RowFault(
                id=row.id, line=row.line, column=row.column or "", value=opened(row.value), reason=opened(row.reason)
            )
            for row in connection.execute(query)
        )

    def content(self, connection: Connection, import_id: str) -> str:
        """Give the file; "" of an import that is over."""
        files = self.system.import_file
        found = connection.execute(select(files.c.content).where(files.c.import_id == import_id)).scalar()
        return self.kept.opened(import_id, found)

    def rejected(self, connection: Connection, import_id: str) -> str:
        """Give the rows that were refused as CSV; "" where there are none."""
        files = self.system.import_file
        found = connection.execute(select(files.c.rejected).where(files.c.import_id == import_id)).scalar()
        return self.kept.opened(import_id, found)

    def hold(self, connection: Connection, job: ImportJob, now: dt.datetime, **values: Any) -> bool:
        """Take an import as it was seen; say whether it still was so."""
        made = self.system.imported
        seen = made.c.beat_at.is_(None) if job.beat_at is None else made.c.beat_at == job.beat_at
        mine = update(made).where(made.c.id == job.id, made.c.state == job.state, seen)
        return connection.execute(mine.values(beat_at=now, **values)).rowcount == 1

    def beat(
        self,
        connection: Connection,
        job: ImportJob,
        held: Collection[dt.datetime],
        now: dt.datetime | None,
        **values: Any,
    ) -> None:
        """Give a sign of life with what is new; held: those before, by which it is known who works on an import.

        Raises: TakenOver.
        """
        made = self.system.imported
        mine = update(made).where(made.c.id == job.id, made.c.beat_at.in_(held), made.c.state.in_(UNDER_WAY))
        if connection.execute(mine.values(beat_at=now, **values)).rowcount != 1:
            raise TakenOver

    def cancel(self, connection: Connection, import_id: str, now: dt.datetime) -> bool:
        """Let an import come to its end that is not over; say whether it was not."""
        made = self.system.imported
        mine = update(made).where(made.c.id == import_id, made.c.state.not_in(OVER))
        return connection.execute(mine.values(state="cancelled", finished_at=now, beat_at=None)).rowcount == 1

    def tell(self, connection: Connection, import_id: str, **values: Mapping[str, Any]) -> None:
        """Write down what is known of an import that is over: `found`, `counts`."""
        made = self.system.imported
        connection.execute(update(made).where(made.c.id == import_id).values(values))

    def close(self, connection: Connection, import_id: str, rejected: str) -> None:
        """Let go of the file of an import that is over; keep the rows it refused."""
        files = self.system.import_file
        values = {"content": "", "rejected": self._sealer(connection, import_id)(rejected) or None}
        connection.execute(update(files).where(files.c.import_id == import_id).values(values))

    def note(self, connection: Connection, import_id: str, done: BatchDone) -> None:
        """Write down what a transaction of the import did."""
        row = {
            "import_id": import_id,
            "number": done.number,
            "rows": done.rows,
            "counts": dict(done.counts),
            "held": list(done.held),
            "waiting": [dict(each) for each in done.waiting],
            "waited": done.waited,
        }
        connection.execute(insert(self.system.import_batch), row)
        self.add_faults(connection, import_id, done.errors)

    def add_faults(self, connection: Connection, import_id: str, errors: Sequence[RowError]) -> None:
        """Write down what is wrong with rows."""
        if not errors:
            return
        told = fault_rows(import_id, errors, self._sealer(connection, import_id))
        connection.execute(insert(self.system.import_error), told)

    def _sealer(self, connection: Connection, import_id: str) -> Callable[[str], str]:
        made = self.system.imported
        key = connection.execute(select(made.c.object).where(made.c.id == import_id)).scalar_one()
        return self.kept.sealer(key, import_id)

    def _job(self, row: Mapping[Any, Any], now: dt.datetime, faults: Sequence[RowFault] = ()) -> ImportJob:
        sample = self.kept.opened_sample(str(row["id"]), row["sample"])
        return job_of({**row, "sample": sample}, now, faults)

    def reached(self, connection: Connection, import_id: str) -> Reached:
        """Give where an import stands."""
        table = self.system.import_batch
        rows = connection.execute(select(table).where(table.c.import_id == import_id).order_by(table.c.number)).all()
        if not rows:
            return Reached()
        last, faults = rows[-1], self.faults(connection, import_id, most=10_000_000)
        return Reached(
            batches=last.number,
            rows=last.rows,
            counts=last.counts,
            held=last.held,
            errors=[RowError(line=e.line, column=e.column, value=e.value, reason=e.reason) for e in faults],
            waiting=[each for row in rows for each in row.waiting],
            waited=last.waited,
        )

    def forget(self, connection: Connection, ids: Collection[str]) -> None:
        """Delete what was found out about imports, and how far they were."""
        for table in (self.system.import_error, self.system.import_batch):
            connection.execute(delete(table).where(table.c.import_id.in_(ids)))

    def drop(self, connection: Connection, ids: Collection[str], *, logged: bool) -> None:
        """Delete files of imports; logged: those that did something stay in the log, without their files."""
        self.forget(connection, ids)
        made, files = self.system.imported, self.system.import_file
        connection.execute(delete(files).where(files.c.import_id.in_(ids)))
        gone = delete(made).where(made.c.id.in_(ids))
        connection.execute(gone.where(made.c.state.not_in(("done", "cancelled"))) if logged else gone)

    def past(self, connection: Connection, unused: dt.datetime, others: dt.datetime) -> list[str]:
        """Give some imports whose files are past their time: those that nobody started, and all others."""
        made, files = self.system.imported, self.system.import_file
        is_unused = (made.c.state.in_(("taken", "checked", "failed"))) & (made.c.created_at < unused)
        is_old = made.c.state.in_(OVER) & (made.c.created_at < others)
        query = select(made.c.id).join(files, files.c.import_id == made.c.id).where(is_unused | is_old)
        return [str(each) for each in connection.execute(query.limit(_AT_ONCE)).scalars()]
