"""Tries a rule on a chosen record: everything is done in one transaction that is rolled back, what leaves is listed.

The rule is carried out by the code that carries out runs, with a run of its own that is gone afterwards. Waits are
taken as over. Its trigger is taken as fired: by the newest save of the record that fits it, else by none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from engine.access.actor import Actor
from engine.automation.batch_runs import is_once, names_of
from engine.automation.before_rules import BeforeRunner
from engine.automation.explaining import explain_value
from engine.automation.inside import InsideActions
from engine.automation.insight.judging import context_of, judge
from engine.automation.insight.listing import Listed, ListedOutside, ListedWaits
from engine.automation.insight.past import PastEvent, entries_of, events_of
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.record_rules import trigger_texts
from engine.automation.insight.try_door import TryDoor
from engine.automation.insight.try_trace import TriedRun, trace_of, trace_of_before
from engine.automation.insight.trying_before import try_before
from engine.automation.insight.views import Tried
from engine.automation.interpreter import Interpreter
from engine.automation.journal import Journal
from engine.automation.ledger import FAILED_TRY, Ledger
from engine.automation.notices import Notices
from engine.automation.program import Program
from engine.automation.run_sight import RunSight
from engine.automation.run_state import Run, RunState, Snapshot, StepFailed
from engine.automation.stored_actors import stored_actor
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.errors import AutomationStopped, RecordNotFound
from engine.ids import IdMaker
from engine.records.hooks import SaveKind
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from workflow_dsl.context import Values
from workflow_dsl.evaluation_errors import EvaluationError

_SAVES_LOOKED_AT = 60


class _Undone(Exception):
    """Rolls back what was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trier:
    """Tries rules of one installation; find_actor: user id → who that user is now."""

    database: Database
    system: SystemTables
    records: Records
    before: BeforeRunner
    sight: RunSight
    clock: Clock
    ids: IdMaker
    tuning: Tuning
    find_actor: Callable[[str], Actor | None]

    def try_rule(self, actor: Actor, release: Release, program: Program, record_id: str | None) -> Tried:
        """Try a rule; record_id: of its object, None for a rule that has no record.

        Raises: RecordNotFound, AccessDenied.
        """
        with self._undone() as connection:
            transaction = self.records.within(connection, actor, release)
            run, note = self._begin(transaction, program, record_id)
            if program.is_before:
                return self._try_before(transaction, run, program, note)
            return self._try_after(connection, actor, release, program, run, note)
        raise AssertionError("an answer was given within")

    @contextmanager
    def _undone(self) -> Iterator[Connection]:
        with suppress(_Undone), self.database.write() as connection:
            yield connection
            raise _Undone

    def _begin(self, transaction: Transaction, program: Program, record_id: str | None) -> tuple[Run, str]:
        values, title, snapshot = None, None, Snapshot(holds=True if program.condition is None else None)
        note = "The rule has no record of its own."
        if program.object is not None and record_id is not None:
            object_def = transaction.object_def(program.object)
            transaction.reader.require_readable(object_def, record_id)
            values = transaction.cache.related(program.object, record_id)
            if values is None:
                raise RecordNotFound(program.object, record_id)
            past = self._fitting_save(transaction, program, record_id, values)
            note = _note(past)
            old = _old(program, past, values)
            context = transaction.context(program.object, values, old or None)
            title = transaction.cache.title(program.object, context)
            snapshot = _judged(program, context, old, past)
        now = self.clock.now()
        names: dict[str, Any] = {program.each_name: record_id} if program.each_name is not None else {}
        if is_once(program) and record_id is not None:
            names |= names_of([record_id])
        run = Run(
            id=self.ids.new(),
            rule=program.name,
            rule_text=program.text,
            release=transaction.release.number,
            object=program.object if record_id is not None else None,
            record_id=record_id,
            record_title=title,
            event=next(iter(trigger_texts(program)), ""),
            snapshot=replace(snapshot, facts={**snapshot.facts, "at": program.at, "names": names}),
            actor=stored_actor(transaction.actor, program),
            root=self.ids.new(),
            state=RunState.QUEUED,
            created_at=now,
        )
        return run, note

    def _fitting_save(
        self, transaction: Transaction, program: Program, record_id: str, values: Values
    ) -> PastEvent | None:
        assert program.object is not None
        entries = entries_of(transaction, program.object, record_id, most=_SAVES_LOOKED_AT)
        if not entries or not program.on_record:
            return None
        records = PastRecords(transaction, entries[-1].id)
        records.know(program.object, values, record_id, entries)
        for past in events_of(transaction, transaction.object_def(program.object), values, entries):
            judged = judge(program, past, context_of(transaction, past, records))
            if judged is not None and judged.fits:
                return past
        return None

    def _try_before(self, transaction: Transaction, run: Run, program: Program, note: str) -> Tried:
        assert run.record_id is not None, "a before rule is tried on a record"
        eyes = self.sight.condition_eyes(transaction.actor, run.object, run.record_id)
        holds = run.snapshot.holds
        acts, fault = (
            ((), run.error or "")
            if holds is None
            else try_before(transaction, self.before, program, run.record_id, holds=holds)
        )
        trace = trace_of_before(run, acts, fault, eyes, transaction.actor, program)
        return Tried(trace=trace, written=(), outside=(), trigger_note=note)

    def _try_after(
        self, connection: Connection, actor: Actor, release: Release, program: Program, run: Run, note: str
    ) -> Tried:
        ledger, listed = Ledger(self.system), Listed()
        ledger.add(connection, [run])
        taken = ledger.take(connection, run.id, 0, executor="try", now=self.clock.now())
        assert taken is not None, "it was added just now"
        door = TryDoor(
            run=taken,
            program=program,
            metamodel=release.metamodel,
            records=self.records,
            notices=Notices(self.system, self.ids),
            find_actor=self.find_actor,
            connection=connection,
            release=release,
        )
        state, outcome, error = self._walk(connection, ledger, taken, program, door, listed)
        ended = replace(taken, state=state, outcome=outcome, error=error)
        eyes = self.sight.condition_eyes(actor, run.object, run.record_id)
        found = TriedRun(run=ended, program=program, eyes=eyes, outside=tuple(listed.intents), note=note)
        return trace_of(self.records.within(connection, actor, release), self.sight, found)

    def _walk(
        self, connection: Connection, ledger: Ledger, run: Run, program: Program, door: TryDoor, listed: Listed
    ) -> tuple[RunState, str, str | None]:
        tuning, clock = self.tuning, self.clock
        journal = Journal(
            run, ledger, clock, done={}, tries={}, used_actions=0, used_rows=0,
            max_actions=tuning.max_actions, max_rows=tuning.max_rows,
        )  # fmt: skip
        inside = InsideActions(journal=journal, door=door, clock=clock, object_key=run.object, record_id=run.record_id)
        walk = Interpreter(
            program=program,
            journal=journal,
            inside=inside,
            outside=ListedOutside(inside=inside, listed=listed),
            waiter=ListedWaits(inside=inside, listed=listed),
        )
        try:
            return RunState.DONE, walk.run(run.snapshot.facts.get("names") or {}), None
        except StepFailed as failure:
            if failure.path is not None:
                now = clock.now()
                ledger.add_step(
                    connection, run, failure.path, attempt=1, kind="try", outcome=FAILED_TRY, at=now, finished_at=now,
                    error=failure.reason,
                )  # fmt: skip
            return RunState.FAILED, "failed", failure.reason
        except (AutomationStopped, EvaluationError) as stopped:
            return RunState.FAILED, "stopped", str(stopped)


def _judged(program: Program, context: Any, old: Values, past: PastEvent | None) -> Snapshot:
    changed = tuple(sorted(past.event.changed)) if past is not None else ()
    facts: Mapping[str, Any] = {} if past is None else {"new": {name: past.event.new.get(name) for name in changed}}
    snapshot = Snapshot(old=old, changed=changed, facts=facts, holds=True if program.condition is None else None)
    if program.condition is None:
        return snapshot
    explained = explain_value(program.condition, context)
    try:
        return replace(snapshot, explained=explained, holds=bool(program.condition.evaluate(context)))
    except EvaluationError:
        # The walk meets it again, and tells of it.
        return replace(snapshot, explained=explained)


def _old(program: Program, past: PastEvent | None, values: Values) -> Values:
    """Give what the record was before: of the save that fits, else what it is, nothing for a rule on creation."""
    if past is not None:
        return past.event.old
    kinds: Sequence[str] = [kind for trigger in program.on_record for kind in trigger.kinds]
    return {} if not kinds or set(kinds) == {SaveKind.CREATED.value} else values


def _note(past: PastEvent | None) -> str:
    if past is None:
        return "No save of the record fits its trigger; it is tried as if it had fired now, with nothing changed."
    return f"As if its save of {past.entry.at:%Y-%m-%d %H:%M} UTC had started it; the record is as it is now."
