"""Reading runs, judged by access; and what a person does with a failed one: retry, dismiss.

Runs are seen by those with the system right `view_runs`, and those of a record by its readers; `retry_runs` lets one
retry and dismiss. Of the record's fields the reader sees what the door would show. Writing runs is the `ledger`'s.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_, select

from engine.access.actor import Actor
from engine.automation.chains import places_in, seen_chain, seen_text
from engine.automation.durable import RunQueue
from engine.automation.run_acts import RunActs
from engine.automation.run_cursors import read_cursor, write_cursor
from engine.automation.run_rows import run_of_row
from engine.automation.run_sight import RecordPlace, RunSight
from engine.automation.run_state import RunState
from engine.automation.run_views import RunFilter, RunPage, RunSummary, RunTrace
from engine.automation.trace import build_trace
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError
from engine.records.earlier_objects import entries_of
from engine.records.identifiers import could_be_id
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MAX_RUNS = 200
MAX_ACTED_ON = 10_000
_STEPS_SHOWN = 2_000


class RunNotFound(EngineError):
    """There is no such run, or the actor may not see it: both look the same."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"There is no run '{run_id}'.")


class RunNotOpen(EngineError):
    """A run cannot be retried or dismissed since it has not failed."""

    def __init__(self, run_id: str, state: str) -> None:
        self.run_id = run_id
        self.state = state
        super().__init__(f"Only a failed run can be retried or dismissed; this one is {state}.")


class RunLog:
    """The runs of an installation, for pages and API."""

    def __init__(
        self, *, database: Database, system: SystemTables, sight: RunSight, queue: RunQueue, clock: Clock
    ) -> None:
        self._database = database
        self._run = system.run
        self._step = system.run_step
        self._sight = sight
        self._acts = RunActs(database, system, queue)
        self._clock = clock

    def list(
        self,
        actor: Actor,
        which: RunFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        within: Transaction | None = None,
    ) -> RunPage:
        """List runs, the newest first.

        within: a reading transaction of the actor, which knows already what of the record named may be read.

        Raises:
            AccessDenied: the actor has not `view_runs`, and `which` does not name a record the actor may read.
        """
        which = which or RunFilter()
        named = self._check_list(actor, which, within)
        limit = max(1, min(limit, MAX_RUNS))
        run = self._run
        statement = select(run).where(*self._conditions(which)).order_by(run.c.created_at.desc(), run.c.id.desc())
        if (place := read_cursor(cursor)) is not None:
            at, last = place
            statement = statement.where(or_(run.c.created_at < at, and_(run.c.created_at == at, run.c.id < last)))
        with self._database.read() as connection:
            rows = connection.execute(statement.limit(limit + 1)).mappings().all()
        following = write_cursor(rows[limit - 1]) if len(rows) > limit else None
        readable = self._readable_records(actor, rows[:limit], known=named)
        found = tuple(self._summary(actor, row, readable) for row in rows[:limit])
        return RunPage(rows=found, next_cursor=following)

    def get(self, actor: Actor, run_id: str) -> RunTrace:
        """Give the whole trace of one run.

        Raises:
            RunNotFound: there is none, or the actor may not see it.
        """
        run, step = self._run, self._step
        row = self._visible_row(actor, run_id)
        with self._database.read() as connection:
            steps = connection.execute(
                select(step).where(step.c.run_id == run_id).order_by(step.c.at, step.c.path).limit(_STEPS_SHOWN)
            ).mappings()
            found = tuple(steps)
            caused = tuple(
                connection.execute(
                    select(run).where(run.c.cause_run == run_id).order_by(run.c.created_at).limit(MAX_RUNS)
                ).mappings()
            )
            cause = None
            if row["cause_run"] is not None:
                cause = connection.execute(select(run).where(run.c.id == row["cause_run"])).mappings().first()
        told = [row, *caused, *([cause] if cause is not None else [])]
        readable = self._readable_records(actor, told, known=self._told_of(actor, found))
        current = run_of_row(row)
        failed = current.state is RunState.FAILED and self._sight.has_right(actor, "retry_runs")
        return build_trace(
            current,
            tuple({**each, "error": seen_text(each["error"], readable)} for each in found),
            summary=self._summary(actor, row, readable),
            cause=self._seen_summary(actor, cause, readable) if cause is not None else None,
            caused=tuple(filter(None, (self._seen_summary(actor, each, readable) for each in caused))),
            readable=self._readable(actor, row, readable),
            actor_name=self._sight.user_name(current.actor.get("user_id")),
            may_manage=failed,
            chain=seen_chain(self._sight, actor, (*current.chain, current.link)),
        )

    def retry(self, actor: Actor, run_id: str) -> RunSummary:
        """Let a failed run go on at the step that failed.

        Raises:
            RunNotFound, RunNotOpen, AccessDenied.
        """
        self._acts.retry([self._managed(actor, run_id)])
        return self._summary_alone(actor, self._visible_row(actor, run_id))

    def dismiss(self, actor: Actor, run_id: str) -> RunSummary:
        """Put a failed run aside: it stays on record and is not tried again.

        Raises:
            RunNotFound, RunNotOpen, AccessDenied.
        """
        self._acts.dismiss([self._managed(actor, run_id)])
        return self._summary_alone(actor, self._visible_row(actor, run_id))

    def retry_many(self, actor: Actor, which: RunFilter | Sequence[str]) -> int:
        """Let failed runs go on, those named or those of a filter that the actor may see; give how many did.

        Raises:
            AccessDenied.
        """
        return self._acts.retry(self._failed(actor, which))

    def dismiss_many(self, actor: Actor, which: RunFilter | Sequence[str]) -> int:
        """Put failed runs aside, those named or those of a filter that the actor may see; give how many were.

        Raises:
            AccessDenied.
        """
        return self._acts.dismiss(self._failed(actor, which))

    def _failed(self, actor: Actor, which: RunFilter | Sequence[str]) -> Sequence[Mapping[Any, Any]]:
        self._require_manager(actor)
        run = self._run
        asked = select(run).where(run.c.state == RunState.FAILED.value).order_by(run.c.created_at, run.c.id)
        if isinstance(which, RunFilter):
            asked = asked.where(*self._conditions(replace(which, state=RunState.FAILED)))
        else:
            asked = asked.where(run.c.id.in_([each for each in which if could_be_id(each)]))
        with self._database.read() as connection:
            rows = connection.execute(asked.limit(MAX_ACTED_ON)).mappings().all()
        if self._sight.has_right(actor, "view_runs"):
            return rows
        readable = self._readable_records(actor, rows)
        return [row for row in rows if (row["object"], row["record_id"]) in readable]

    def _require_manager(self, actor: Actor) -> None:
        if not self._sight.has_right(actor, "retry_runs"):
            raise AccessDenied("retry or dismiss", "run", "it needs the system right 'retry_runs'.")

    def _managed(self, actor: Actor, run_id: str) -> Mapping[Any, Any]:
        row = self._visible_row(actor, run_id)
        self._require_manager(actor)
        if row["state"] != RunState.FAILED:
            raise RunNotOpen(run_id, row["state"])
        return row

    def _visible_row(self, actor: Actor, run_id: str) -> Mapping[Any, Any]:
        with self._database.read() as connection:
            row = connection.execute(select(self._run).where(self._run.c.id == run_id)).mappings().first()
        if row is None or not self._sees(actor, row):
            raise RunNotFound(run_id)
        return row

    def _sees(self, actor: Actor, row: Mapping[Any, Any]) -> bool:
        return self._sight.has_right(actor, "view_runs") or self._reads(actor, row)

    def _reads(self, actor: Actor, row: Mapping[Any, Any]) -> bool:
        return bool(row["record_id"] and self._sight.readable_among(actor, {(row["object"], row["record_id"])}))

    def _check_list(self, actor: Actor, which: RunFilter, within: Transaction | None) -> frozenset[RecordPlace]:
        named = (which.object, which.record_id) if which.object and which.record_id else None
        if named is not None and within is not None:
            within.reader.require_readable(within.object_def(named[0]), named[1])
            return frozenset((named,))
        if named is not None and (readable := self._sight.readable_among(actor, (named,))):
            return readable
        if self._sight.has_right(actor, "view_runs"):
            return frozenset()
        raise AccessDenied("list", "runs", "it needs the system right 'view_runs', or a record you may read.")

    def touching(self, actor: Actor, object_key: str, record_id: str, *, within: Transaction) -> Sequence[RunSummary]:
        """Give the newest runs about a record the actor may read, and those of others that wrote it.

        within: a reading transaction of the actor that has read the record.
        """
        run, audit = self._run, within.system.audit
        wrote = select(audit.c.run_id).where(
            entries_of(within, object_key), audit.c.record_id == record_id, audit.c.run_id.is_not(None)
        )
        about = and_(run.c.object == object_key, run.c.record_id == record_id)
        query = select(run).where(or_(about, run.c.id.in_(wrote))).order_by(run.c.created_at.desc(), run.c.id.desc())
        rows = within.connection.execute(query.limit(MAX_RUNS)).mappings().all()
        readable = self._readable_records(actor, rows, known=frozenset(((object_key, record_id),)))
        # That a rule wrote this record is part of its history, whoever may see what else the rule did.
        return [self._summary(actor, row, readable) for row in rows]

    def _conditions(self, which: RunFilter) -> Sequence[ColumnElement[bool]]:
        run = self._run
        found: list[ColumnElement[bool]] = []
        for column, value in (
            (run.c.rule, which.rule),
            (run.c.object, which.object),
            (run.c.record_id, which.record_id),
            (run.c.state, which.state.value if which.state else None),
        ):
            if value is not None:
                found.append(column == value)
        if which.record_id is not None and not could_be_id(which.record_id):
            # Of a record of another database: no rule runs for it.
            return [false()]
        if which.since is not None:
            found.append(run.c.created_at >= which.since)
        return found

    def _readable_records(
        self, actor: Actor, rows: Sequence[Mapping[Any, Any]], known: frozenset[RecordPlace] = frozenset()
    ) -> frozenset[RecordPlace]:
        asked = {(row["object"], row["record_id"]) for row in rows if row["record_id"] is not None}
        asked = (asked | places_in(row["error"] for row in rows)) - known
        return known | (self._sight.readable_among(actor, asked) if asked else frozenset())

    def _told_of(self, actor: Actor, steps: Sequence[Mapping[Any, Any]]) -> frozenset[RecordPlace]:
        named = places_in(step["error"] for step in steps)
        return self._sight.readable_among(actor, named) if named else frozenset()

    def _readable(self, actor: Actor, row: Mapping[Any, Any], readable: frozenset[RecordPlace]) -> Container[str]:
        # Who may look after runs need not see the records they are about: then all of it is masked.
        seen = (row["object"], row["record_id"]) in readable
        return self._sight.condition_eyes(actor, row["object"] if seen else None, row["record_id"])

    def _seen_summary(
        self, actor: Actor, row: Mapping[Any, Any], readable: frozenset[RecordPlace]
    ) -> RunSummary | None:
        seen = self._sight.has_right(actor, "view_runs") or (row["object"], row["record_id"]) in readable
        return self._summary(actor, row, readable) if seen else None

    def _summary_alone(self, actor: Actor, row: Mapping[Any, Any]) -> RunSummary:
        return self._summary(actor, row, self._readable_records(actor, [row]))

    def _summary(self, actor: Actor, row: Mapping[Any, Any], records: frozenset[RecordPlace]) -> RunSummary:
        readable = (row["object"], row["record_id"]) in records
        return RunSummary(
            id=row["id"],
            rule=row["rule"],
            label=self._sight.rule_label(row["rule"], row["release"], actor.language),
            state=RunState(row["state"]),
            event=row["event"],
            object=row["object"],
            record_id=row["record_id"] if readable else None,
            record_title=row["record_title"] if readable else None,
            created_at=row["created_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            due_at=row["due_at"] if row["state"] == RunState.WAITING.value else None,
            release=row["release"],
            actions=row["actions"],
            reason=seen_text(row["error"], records),
            outcome=row["outcome"],
        )
