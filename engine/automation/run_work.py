"""One transaction of a run, as the steps of its rule use it: values, records, and what is done with them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from engine.automation.batch_runs import RECORDS
from engine.automation.eyes import SeenByActor
from engine.automation.mail_in.files import file_with_record
from engine.automation.notices import Notices
from engine.automation.people_in_records import RecordDirectory
from engine.automation.program import AssignToNext, Program, Rows
from engine.automation.run_assigning import assign_in_run
from engine.automation.run_state import Run, StepFailed
from engine.automation.schedules.business import may_count_business_time
from engine.automation.selecting import at_most, in_order, select_ids
from engine.automation.waiting.seen import WatchedSource
from engine.errors import (
    RecordNotFound,
    ValidationFailed,
)
from engine.expressions.context import RecordContext, Surroundings
from engine.records.assigning.assigning import Assigned
from engine.records.hooks import CalledRun
from engine.records.tagging import TagChange, change_tags
from engine.records.transaction import Transaction
from metamodel.values import Ref
from workflow_dsl.compiling.aggregation import rows_given
from workflow_dsl.context import Context, Values

_LOG = logging.getLogger("fieldstone.rules")


class RunWork:
    """One transaction of a run."""

    def __init__(self, transaction: Transaction, run: Run, program: Program, notices: Notices) -> None:
        self._transaction = transaction
        self._run = run
        self._program = program
        self._notices = notices
        self._eyes = SeenByActor(transaction)
        self.directory = RecordDirectory(transaction, self._eyes)

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        return self._transaction.connection

    def context(self, names: Mapping[str, Any], *, with_rights: bool = True) -> Context:
        """Give what values are evaluated in."""
        around = self._around()
        if with_rights and not self._transaction.access.full:
            around = replace(around, source=self._eyes)
        return self._context(around, names, with_rights=with_rights)

    def watched(self, names: Mapping[str, Any]) -> tuple[Context, Callable[[], frozenset[str]]]:
        """Give what conditions are evaluated in, and what then tells the keys of all that was read."""
        around = self._around()
        source = WatchedSource(around.source, around.metamodel)
        return self._context(replace(around, source=source), names, with_rights=False), source.keys

    def _around(self) -> Surroundings:
        calendar = self._program.calendar
        around = self._transaction.around
        return around if calendar is None else replace(around, calendar=calendar)

    def _context(self, around: Surroundings, names: Mapping[str, Any], *, with_rights: bool) -> Context:
        run = self._run
        if run.object is not None and isinstance(names.get(RECORDS), list):
            self._transaction.cache.prefetch(run.object, names[RECORDS])
        own: Values = {}
        if run.object is not None and run.record_id is not None:
            found = around.source.related(run.object, run.record_id)
            own = found if found is not None else self._last_known(with_rights=with_rights)
        old: Values | None = run.snapshot.old or None
        if with_rights and run.object is not None:
            old = self._eyes.seen(run.object, old)
        # Without a record of its own the rule's expressions read none; a context is always of some object.
        return RecordContext(around, run.object or "user", own, old=old, given=names)

    def rows(self, rows: Rows, names: Mapping[str, Any]) -> list[Any]:
        """Give the records an action is about."""
        context = self.context(names)
        if rows.one is not None:
            found = rows.one.evaluate(context)
            return [] if found is None else [found]
        if rows.list_name is not None and rows.base_object is not None:
            base = rows.base.evaluate(context) if rows.base is not None else self._run.record_id
            base_id = base.id if isinstance(base, Ref) else base
            listed: Iterable[Values] = context.children(rows.base_object, rows.list_name, base_id) if base_id else ()
        elif rows.given is not None:
            listed = rows_given(context, rows.object or "", rows.given)
        else:
            assert rows.object is not None, "rows of an object name it"
            selected = self._selected(rows, context)
            if selected is not None:
                return selected
            listed = context.records(rows.object)
        kept = (row for row in listed if rows.where is None or rows.where.evaluate(context, row))
        if rows.sorted_by is None:
            # Only the ids are kept: an object may have more records than there is room for.
            return at_most((row["id"] for row in kept), rows.object or "")
        return [row["id"] for row in in_order(list(kept), rows, context)]

    def _selected(self, rows: Rows, context: Context) -> list[str] | None:
        where = rows.where
        if self._program.calendar is not None and where is not None and may_count_business_time(where.typed):
            # Statements count by the calendar in force.
            return None
        return select_ids(self._transaction, rows, context, self._run.object or "user")

    def create(self, object_key: str, values: Mapping[str, Any]) -> str:
        """Create a record and give its id."""
        return self._transaction.create(object_key, values, confirm=None).record.id

    def file_mail(self, record: Ref) -> tuple[list[Mapping[str, Any]], str]:
        """File what is attached to the run's mail with a record; later records of the run get nothing more."""
        return file_with_record(self._transaction, self._run, record)

    def update(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> bool:
        """Update a record; False where it had these values already."""
        return bool(self._transaction.update(object_key, record_id, values, confirm=None).changed)

    def delete(self, object_key: str, record_id: str) -> None:
        """Move a record to the bin."""
        self._transaction.delete(object_key, record_id)

    def restore(self, object_key: str, record_id: str) -> bool:
        """Take a record out of the bin; False where it is not in it."""
        try:
            self._transaction.restore(object_key, record_id)
        except RecordNotFound:
            # One that may be read is not in the bin; of any other the same is said as of one that never was.
            self._transaction.get(object_key, record_id, fields=("id",))
            return False
        return True

    def change_tag(self, name: str, targets: Sequence[Ref], *, add: bool) -> Mapping[Ref, str]:
        """Put a tag on records or take it off; give those where that was news, with the id of what was written."""
        wanted = [TagChange(name=name, target=target, add=add) for target in targets]
        try:
            done = change_tags(self._transaction, wanted)
        except ValidationFailed as refused:
            if any(error.code == "not_unique" for error in refused.errors):
                # Somebody else has put it on meanwhile; the next try sees that.
                raise StepFailed(str(refused), permanent=False) from refused
            raise
        return {each.target: each.tagging or "" for each in done}

    def assign_next(
        self,
        action: AssignToNext,
        target: Ref,
        names: Mapping[str, Any],
        *,
        besides: frozenset[str] = frozenset(),
        before: str | None = None,
    ) -> tuple[Assigned, str]:
        """Give a record to the next member of a queue; give what was done, and why in words.

        besides, before: who had it, and the name of who did not touch it in time.
        """
        context = self.context(names, with_rights=False)
        return assign_in_run(
            self._transaction, self._run, action, target, context, names, besides=besides, before=before
        )

    def call_rule(self, name: str, target: Ref, event: str) -> CalledRun:
        """Start another rule on a record, as the app of this one calls it."""
        call = self._transaction.services.after_save.call
        return call(self._transaction, self._program.app, name, target, event)

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self._program.name

    @property
    def transaction(self) -> Transaction:
        """The transaction itself, for acts that are more than one save."""
        return self._transaction

    def submit(self, record: Ref, approval: str | None, by: str | None) -> str:
        """Submit a record for an approval; give the request."""
        return self._transaction.services.approvals.submit(self._transaction, record, approval, by)

    def notify(self, user_id: str, text: str, *, key: str) -> None:
        """Tell a user something; the same key tells nobody twice."""
        self._notices.add(
            self.connection,
            user_id,
            text,
            key=key,
            at=self._transaction.now,
            object_key=self._run.object,
            record_id=self._run.record_id,
            run_id=self._run.id,
        )

    def log(self, text: str) -> None:
        """Write a line to the program's log."""
        _LOG.info("rule %s, run %s: %s", self._program.name, self._run.id, text)

    def _last_known(self, *, with_rights: bool) -> Values:
        last = self._run.snapshot.this
        if last is None or self._run.object is None:
            return {}
        if not with_rights:
            return last
        return self._eyes.seen(self._run.object, last) or {}
