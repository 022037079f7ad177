"""One transaction of the door: who acts, when, for what cause, and the steps done in it.

Everything a save needs hangs here, so that several steps of a rule or import share one commit, one `now` and the
records read so far. The steps themselves are in `saving` and `reading`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.errors import EngineError, SourceReadOnly, UnknownObject
from engine.expressions.context import RecordContext, Surroundings
from engine.expressions.sql.runtime import RunValues
from engine.records.aggregates import AggregateQuery, AggregateRow, read_aggregate
from engine.records.asked_texts import computable, search_words
from engine.records.choosing import choices, choices_of
from engine.records.files import FilesOfSave
from engine.records.forms import form_state
from engine.records.history import read_history
from engine.records.hooks import Cause
from engine.records.outer_rows import OuterRows
from engine.records.parts import ReleaseParts
from engine.records.reading import Reader
from engine.records.saving.bulk import save_many
from engine.records.saving.children import save_with_children
from engine.records.saving.deleting import delete_record, restore_record
from engine.records.saving.deleting_many import delete_many
from engine.records.saving.steps import create_record, update_record
from engine.records.sending import Sending
from engine.records.services import Services
from engine.records.sources import RecordCache
from engine.records.types import (
    BulkResult,
    Choice,
    Count,
    FormState,
    HistoryEntry,
    ListQuery,
    Lookups,
    Page,
    Record,
    Saved,
    SaveRow,
)
from metamodel.layouts import Device
from metamodel.objects import ObjectDef


class Transaction(Sending):
    """One transaction. confirmed: codes of warnings that a person confirmed; None = warnings pass and are reported.

    claims: whether owners change by claims out of a pool.
    """

    def __init__(
        self,
        services: Services,
        connection: Connection,
        parts: ReleaseParts,
        actor: Actor,
        now: dt.datetime,
        cause: Cause,
        *,
        alone: bool = False,
    ) -> None:
        super().__init__(connection, services.database, parts, alone=alone)
        self.services = services
        self.system = services.system
        self.release = parts.release
        self.actor = actor
        self.access = parts.access(None if actor.is_system else actor.roles)
        self.now = now
        zone = ZoneInfo(parts.metamodel.main.timezone)
        self.today = now.astimezone(zone).date()
        self.cause = cause
        self.confirmed: frozenset[str] | None = frozenset()
        self.supplier = self.outer = OuterRows(self, services.outer)
        self.cache = RecordCache(lambda: self.connection, services.database, services.system, parts, self.outer, now)
        self.cache.permissions = self.access.rights
        if actor.user_id is not None:
            self.cache.know_roles(actor.user_id, self.access.roles)
        self.around = Surroundings(
            metamodel=parts.metamodel,
            source=self.cache,
            user=actor.user_id,
            now=now,
            today=self.today,
            zone=zone,
            language=actor.language,
            settings=parts.settings(self.access.roles),
            calendar=parts.calendar,
            token_key=services.token_key,
        )
        self.run_values = RunValues(
            user_id=actor.user_id,
            team_id=actor.team_id,
            manager_id=actor.manager_id,
            now=now,
            today=self.today,
            context=RecordContext(self.around, "user", {}),
        )
        self.reader = Reader(self)
        self.claims = False
        self.files = FilesOfSave()

    def get(self, object_key: str, record_id: str, *, fields: Sequence[str] | None = None) -> Record:
        """Read one record.

        Raises: UnknownObject, RecordNotFound, QueryProblem.
        """
        return self.reader.get(self.object_def(object_key), record_id, fields)

    def list(self, query: ListQuery) -> Page:
        """Read a page of a list.

        Raises: UnknownObject, QueryProblem.
        """
        return self.reader.page(self.object_def(query.object), query)

    def count(self, query: ListQuery, *, exact: bool = False) -> Count:
        """Count what a list holds, at most COUNT_CAP unless `exact`.

        Raises: UnknownObject, QueryProblem.
        """
        return self.reader.count(self.object_def(query.object), query, exact=exact)

    def create(
        self, object_key: str, values: Mapping[str, Any], *, confirm: Collection[str] | None = (), id: str | None = None
    ) -> Saved:
        """Create a record from raw values, rows of child lists (`lines: [{…}]`) with it.

        confirm: codes of warnings that were confirmed; None = warnings pass and are reported.

        Raises: UnknownObject, AccessDenied, ValidationFailed, ConfirmationNeeded.
        """
        self._confirm(confirm)
        object_def = self._written_def(object_key)
        saved = save_with_children(self, object_def, values, lambda own: create_record(self, object_def, own, id))
        self.settle(last=self.alone)
        return saved

    def update(
        self,
        object_key: str,
        record_id: str,
        values: Mapping[str, Any],
        *,
        version: int | None = None,
        confirm: Collection[str] | None = (),
    ) -> Saved:
        """Change a record; values that change nothing write nothing, rows of child lists are saved with it.

        Raises: UnknownObject, RecordNotFound, AccessDenied, StaleVersion, ValidationFailed, ConfirmationNeeded.
        """
        self._confirm(confirm)
        object_def = self._written_def(object_key)

        saved = save_with_children(
            self, object_def, values, lambda own: update_record(self, object_def, record_id, own, version)
        )
        self.settle(last=self.alone)
        return saved

    def delete(self, object_key: str, record_id: str, *, version: int | None = None) -> None:
        """Move a record and its parts to the bin.

        Raises: UnknownObject, RecordNotFound, AccessDenied, StaleVersion, RecordInUse, ValidationFailed.
        """
        self._confirm(None)
        delete_record(self, self._written_def(object_key), record_id, version)
        self.settle()

    def delete_many(self, object_key: str, versions: Mapping[str, int | None]) -> Mapping[str, EngineError]:
        """Move records and their parts to the bin; give what refused those that stay. versions: as in `delete`, by id.

        Raises: UnknownObject.
        """
        self._confirm(None)
        refused = delete_many(self, self._written_def(object_key), versions)
        self.settle()
        return refused

    def restore(self, object_key: str, record_id: str) -> Saved:
        """Take a record out of the bin.

        Raises: UnknownObject, RecordNotFound, AccessDenied, ValidationFailed.
        """
        self._confirm(None)
        saved = restore_record(self, self._written_def(object_key), record_id)
        self.settle()
        return saved

    def save_many(
        self, object_key: str, rows: Sequence[SaveRow], *, all_or_nothing: bool = False, beside: bool = False
    ) -> BulkResult:
        """Create and change many records of an object; warnings pass and are reported.

        beside: the server may still take the last rows; for who asks the transaction, not a connection kept aside.
        With `all_or_nothing` and a refused row the caller must roll the transaction back (`Records.save_many` does).

        Raises: UnknownObject.
        """
        self._confirm(None)
        asked = self._written_def(object_key)
        result = save_many(self, asked, rows, all_or_nothing=all_or_nothing, beside=beside)
        self.settle()
        return result

    def history(self, object_key: str, record_id: str, *, before: int | None = None) -> Sequence[HistoryEntry]:
        """Read who changed a record, the newest first; `before`: id of the last entry seen.

        Raises: UnknownObject, RecordNotFound.
        """
        return read_history(self, self.object_def(object_key), record_id, before)

    def form_state(
        self, object_key: str, record_id: str | None, values: Mapping[str, Any], device: Device = Device.DESKTOP
    ) -> FormState:
        """Judge a form: what it shows, asks for and offers for the values typed so far.

        Raises: UnknownObject, RecordNotFound, AccessDenied.
        """
        self._confirm(None)
        return form_state(self, self.object_def(object_key), record_id, values, device)

    def choices(
        self, object_key: str, field: str, text: str = "", *, values: Mapping[str, Any] | None = None
    ) -> Sequence[Choice]:
        """Give the records that a lookup's picker offers.

        Raises: UnknownObject, QueryProblem.
        """
        self._confirm(None)
        return choices(self, self.object_def(object_key), field, text, values or {})

    def choices_of(self, asked: Sequence[Lookups]) -> Sequence[Mapping[str, Sequence[Choice]]]:
        """Give the first records that lookups offer, by one statement; an answer for each of `asked`."""
        return choices_of(self, asked)

    def related(
        self,
        object_key: str,
        record_id: str,
        list_name: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """Read a page of a related list of a record.

        Raises: UnknownObject, RecordNotFound, QueryProblem.
        """
        return self.reader.related(self.object_def(object_key), record_id, list_name, tuple(fields), limit, cursor)

    def aggregate(self, query: AggregateQuery) -> Sequence[AggregateRow]:
        """Compute figures over a list.

        Raises: UnknownObject, QueryProblem.
        """
        asked = ListQuery(object=query.object, filter=query.filter, view=query.view, search=query.search)
        question = self.reader.question(asked, search_words(query.search), None)
        with computable():
            return read_aggregate(self, query, question)

    # ---------------------------------------------------------------- what the steps use
    def object_def(self, object_key: str) -> ObjectDef:
        """Give an object that the actor may see.

        Raises: UnknownObject.
        """
        found = self.parts.metamodel.objects.get(object_key)
        if found is None or not self.access.of(object_key).known:
            raise UnknownObject(object_key)
        return found

    def _written_def(self, object_key: str) -> ObjectDef:
        """Give an object whose records are to be changed.

        Raises: UnknownObject, SourceReadOnly.
        """
        found = self.object_def(object_key)
        if found.source is not None:
            raise SourceReadOnly(object_key)
        return found

    def context(
        self, object_key: str, values: Mapping[str, Any], old: Mapping[str, Any] | None = None
    ) -> RecordContext:
        """Give the context of a record's values, with an author's eyes."""
        return RecordContext(self.around, object_key, values, old=old)

    def _confirm(self, codes: Collection[str] | None) -> None:
        self.confirmed = None if codes is None else frozenset(codes)
