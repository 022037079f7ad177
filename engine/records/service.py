"""The one door: every read and write of records goes through `Records` or a `Transaction` it opens.

A call takes the current release once and is judged by the rights of its actor. How reads are compiled is in `query`,
what a save does is in `saving`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from engine import faults
from engine.access.actor import Actor
from engine.access.compiler import Access
from engine.clock import Clock
from engine.ids import IdMaker
from engine.outer.databases import OuterDatabases
from engine.records.aggregates import AggregateQuery, AggregateRow
from engine.records.hooks import AfterSave, BeforeRules, Cause, NoAfterSave, NoBeforeRules, RecordApprovals
from engine.records.parts import ReleaseParts
from engine.records.services import Services
from engine.records.stages import Stay, read_stays
from engine.records.together import Overtaken
from engine.records.transaction import Transaction
from engine.records.types import (
    BulkResult,
    Choice,
    Count,
    FormState,
    HistoryEntry,
    ListQuery,
    Page,
    Record,
    Saved,
    SaveRow,
)
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.statistics import MANY_ROWS, refresh_statistics
from engine.storage.system_tables import SystemTables
from workflow_dsl.functions import FunctionRegistry

_NO_CAUSE = Cause()


class _Nothing(Exception):
    """Rolls a batch back in which all or nothing was to be written."""


class Records:
    """Reads and writes records for actors."""

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        release: Callable[[], Release],
        clock: Clock,
        ids: IdMaker,
        functions: FunctionRegistry,
        secret: bytes,
        outer: OuterDatabases,
    ) -> None:
        self._database = database
        self._release = release
        self._clock = clock
        self._functions = functions
        self._services = Services(database, system, ids, secret, NoBeforeRules(), NoAfterSave(), outer)

    def join(self, before_rules: BeforeRules, after_save: AfterSave) -> None:
        """Let automation take part in all saves from now on; called once, when the platform is put together."""
        self._services.before_rules = before_rules
        self._services.after_save = after_save

    def guard(self, approvals: RecordApprovals) -> None:
        """Let approvals keep records as they are from now on; called once, when the platform is put together."""
        self._services.approvals = approvals

    def parts(self, release: Release) -> ReleaseParts:
        """Give what the door compiled of a release."""
        return release.part("records", lambda made: ReleaseParts(made, self._functions, self._database.engine.dialect))

    def access(self, actor: Actor, release: Release | None = None) -> Access:
        """Give the compiled rights of an actor."""
        parts = self.parts(release or self._release())
        return parts.access(None if actor.is_system else actor.roles)

    @contextmanager
    def transaction(
        self, actor: Actor, *, cause: Cause = _NO_CAUSE, release: Release | None = None
    ) -> Iterator[Transaction]:
        """Open a transaction: what is done in the block is committed at its end, or nothing of it."""
        parts = self.parts(release or self._release())
        with self._database.write() as connection:
            transaction = Transaction(self._services, connection, parts, actor, self._clock.now(), cause)
            try:
                yield transaction
            except BaseException:
                with suppress(DBAPIError):
                    transaction.wait()
                raise
            transaction.settle()
            transaction.wait()
            faults.reach("save.before_commit")
        faults.reach("save.committed")

    @contextmanager
    def reading(self, actor: Actor, *, release: Release | None = None, snapshot: bool = False) -> Iterator[Transaction]:
        """Open a transaction that only reads; with `snapshot` all of it sees one state of the data."""
        parts = self.parts(release or self._release())
        with self._database.read(snapshot=snapshot) as connection:
            transaction = Transaction(self._services, connection, parts, actor, self._clock.now(), _NO_CAUSE)
            transaction.reader.remember()
            yield transaction

    def within(self, connection: Connection, actor: Actor, release: Release) -> Transaction:
        """Make a transaction on a connection that somebody else opened and will commit: a migration's."""
        return Transaction(self._services, connection, self.parts(release), actor, self._clock.now(), _NO_CAUSE)

    def get(self, actor: Actor, object_key: str, record_id: str, *, fields: Sequence[str] | None = None) -> Record:
        """Read one record; see `Transaction.get`."""
        with self.reading(actor) as transaction:
            return transaction.get(object_key, record_id, fields=fields)

    def list(self, actor: Actor, query: ListQuery) -> Page:
        """Read a page of a list; see `Transaction.list`."""
        with self.reading(actor) as transaction:
            return transaction.list(query)

    def count(self, actor: Actor, query: ListQuery, *, exact: bool = False) -> Count:
        """Count what a list holds; see `Transaction.count`."""
        with self.reading(actor) as transaction:
            return transaction.count(query, exact=exact)

    def create(
        self,
        actor: Actor,
        object_key: str,
        values: Mapping[str, object],
        *,
        confirm: Collection[str] | None = (),
    ) -> Saved:
        """Create a record; see `Transaction.create`."""
        return self._save(actor, lambda transaction: transaction.create(object_key, values, confirm=confirm))

    def update(
        self,
        actor: Actor,
        object_key: str,
        record_id: str,
        values: Mapping[str, object],
        *,
        version: int | None = None,
        confirm: Collection[str] | None = (),
    ) -> Saved:
        """Change a record; see `Transaction.update`."""
        return self._save(
            actor, lambda save: save.update(object_key, record_id, values, version=version, confirm=confirm)
        )

    def _save(self, actor: Actor, save: Callable[[Transaction], Saved]) -> Saved:
        """Do one save; where others change meanwhile what it is built upon, it begins again and locks that first."""
        if self._database.dialect is Dialect.POSTGRESQL:
            with suppress(Overtaken), self._alone(actor) as transaction:
                return save(transaction)
        with self.transaction(actor) as transaction:
            return save(transaction)

    @contextmanager
    def _alone(self, actor: Actor) -> Iterator[Transaction]:
        """Open a transaction for one save, which begins it when it has to and commits by itself what it can."""
        parts = self.parts(self._release())
        with self._database.read() as connection:
            transaction = Transaction(
                self._services, connection, parts, actor, self._clock.now(), _NO_CAUSE, alone=True
            )
            try:
                yield transaction
                faults.reach("save.before_commit")
                transaction.commit()
            except BaseException:
                transaction.roll_back()
                raise
        faults.reach("save.committed")

    def delete(self, actor: Actor, object_key: str, record_id: str, *, version: int | None = None) -> None:
        """Move a record to the bin; see `Transaction.delete`."""
        with self.transaction(actor) as transaction:
            transaction.delete(object_key, record_id, version=version)

    def restore(self, actor: Actor, object_key: str, record_id: str) -> Saved:
        """Take a record out of the bin; see `Transaction.restore`."""
        with self.transaction(actor) as transaction:
            return transaction.restore(object_key, record_id)

    def save_many(
        self, actor: Actor, object_key: str, rows: Sequence[SaveRow], *, all_or_nothing: bool = False
    ) -> BulkResult:
        """Create and change many records in one transaction; see `Transaction.save_many`."""
        with suppress(_Nothing), self.transaction(actor) as transaction:
            result = transaction.save_many(object_key, rows, all_or_nothing=all_or_nothing)
            if not result.written:
                raise _Nothing
            table = transaction.parts.tables.of(transaction.object_def(object_key).key).table.name
        if result.written and len(rows) > MANY_ROWS:
            refresh_statistics(self._database, [table])
        return result

    def history(
        self, actor: Actor, object_key: str, record_id: str, *, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        """Read who changed a record; see `Transaction.history`."""
        with self.reading(actor) as transaction:
            return transaction.history(object_key, record_id, before=before)

    def stays(self, actor: Actor, object_key: str, record_id: str) -> Sequence[Stay]:
        """Read when a record entered and left the stages of its path; see `stages.read_stays`."""
        with self.reading(actor) as transaction:
            return read_stays(transaction, transaction.object_def(object_key), record_id)

    def form_state(
        self, actor: Actor, object_key: str, record_id: str | None, values: Mapping[str, object]
    ) -> FormState:
        """Judge a form; see `Transaction.form_state`."""
        with self.reading(actor) as transaction:
            return transaction.form_state(object_key, record_id, values)

    def choices(
        self,
        actor: Actor,
        object_key: str,
        field: str,
        text: str = "",
        *,
        values: Mapping[str, object] | None = None,
    ) -> Sequence[Choice]:
        """Give what a lookup's picker offers; see `Transaction.choices`."""
        with self.reading(actor) as transaction:
            return transaction.choices(object_key, field, text, values=values)

    def related(
        self,
        actor: Actor,
        object_key: str,
        record_id: str,
        list_name: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """Read a page of a related list; see `Transaction.related`."""
        with self.reading(actor) as transaction:
            return transaction.related(object_key, record_id, list_name, fields=fields, limit=limit, cursor=cursor)

    def aggregate(self, actor: Actor, query: AggregateQuery) -> Sequence[AggregateRow]:
        """Compute figures over a list; see `Transaction.aggregate`."""
        with self.reading(actor) as transaction:
            return transaction.aggregate(query)
