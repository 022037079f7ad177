"""The matching of after rules at the end of a save, inside its transaction: decided once, from what is true then.

A match writes its run and enqueues it; both commit with the save or not at all. Loops end here: a rule runs once a
record and root cause, and a chain is no deeper than its limit; what was not started says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import faults
from engine.automation.admission import Admission
from engine.automation.batch_runs import as_batches
from engine.automation.before_rules import values_fit
from engine.automation.calling import called_program, called_run
from engine.automation.explaining import explain_value
from engine.automation.held import context_of
from engine.automation.launching import Launcher
from engine.automation.ledger import Ledger
from engine.automation.program import OnHeld, OnRecord, Program
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex, triggers_for
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.save_order import Order, tell_order, with_order
from engine.automation.sifting import concerned, filled_fields, held_by_some
from engine.automation.starting import RunStarter
from engine.automation.stored_actors import stored_actor
from engine.automation.timers import Timers
from engine.automation.tuning import Tuning
from engine.automation.waiting.waits import Waits
from engine.expressions.context import RecordContext
from engine.ids import IdMaker
from engine.records.hooks import CalledRun, SaveEvent, SaveKind
from engine.records.saving.record_columns import RecordColumns
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

Candidates = tuple[tuple[Program, tuple[OnRecord, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a match; holds: None where it could not be told."""

    explained: Any = None
    matched: Any = None
    holds: bool | None = None
    state: RunState = RunState.QUEUED
    outcome: str | None = None
    error: str | None = None


class AfterMatcher:
    """Implements `AfterSave` of the door."""

    def __init__(
        self,
        *,
        index_of: Callable[[Release], RuleIndex],
        ledger: Ledger,
        timers: Timers,
        waits: Waits,
        health: RuleHealth,
        ids: IdMaker,
        tuning: Tuning,
        admission: Admission,
    ) -> None:
        self._index_of = index_of
        self.launcher = self._launcher = Launcher(
            ledger=ledger, starter=RunStarter(ledger), health=health, admission=admission, tuning=tuning
        )
        self._timers = timers
        self._waits = waits
        self._ids = ids

    def watches(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say whether any after rule or relative time looks at the object."""
        return self._index_of(transaction.release).watches(object_key)

    def looks_at(self, transaction: Transaction, object_key: str, kind: SaveKind, changed: frozenset[str]) -> bool:
        """Say whether a rule or relative time looks at a save that changes these fields."""
        index = self._index_of(transaction.release)
        awaited = object_key in index.awaited or index.held(object_key, kind, changed)
        return bool(awaited or index.moments(object_key) or index.after(object_key, kind, changed))

    def reads(self, transaction: Transaction, object_key: str, name: str) -> bool:
        """Say whether the text of a rule on an object holds a field's name."""
        return self._index_of(transaction.release).names(object_key, name)

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Give the places of the new records of a batch that a rule or relative time may look at."""
        index, key = self._index_of(transaction.release), new.plan.object.key
        if index.moments(key) or key in index.awaited:
            return range(len(new))
        filled = filled_fields(new)
        programs = index.after(key, SaveKind.CREATED, filled)
        found = concerned(transaction, [program for program in programs if program.bulk != "skip"], new)
        return found | held_by_some(transaction, index.held(key, SaveKind.CREATED, filled), new)

    def __call__(self, transaction: Transaction, events: Sequence[SaveEvent]) -> None:
        """Match the events of one save or batch, write their runs and move their timers."""
        index = self._index_of(transaction.release)
        runs = as_batches(self._matching(transaction, index, events), index)
        runs += self._held(transaction, index, events)
        self._launcher.launch(transaction, index, runs)
        if self._timers.concern(events, index):
            self._timers.on_events(transaction.connection, events, index, transaction.around)
        self._waits.note(transaction, events, index.awaited)
        faults.reach("save.matched")

    def call(self, transaction: Transaction, app: str, name: str, target: Ref | None, event: str) -> CalledRun:
        """Start a rule that a rule of an app calls by its name."""
        index = self._index_of(transaction.release)
        program = called_program(index, app, name)
        if program is None or not program.active or program.is_before:
            return CalledRun(run=None, reason=f"There is no rule '{name}' that can be run.")
        run = called_run(transaction, self._ids, program, target, event)
        found = self._launcher.launch(transaction, index, [run])
        if not found:
            return CalledRun(run=None, reason=f"The rule '{program.name}' is switched off.")
        return CalledRun(run=run.id, reason=found[0].error or "")

    def _held(self, transaction: Transaction, index: RuleIndex, events: Sequence[SaveEvent]) -> list[Run]:
        """Let the times of what has to hold begin and end; give runs that tell what can't be judged."""
        root = transaction.cause.root
        found = []
        for fault in self._timers.held.on_events(transaction, events, index):
            context = context_of(transaction, fault.program, fault.event)
            unclear = _not_judged("trigger", fault.error)
            found.append(self._run(transaction, fault.program, fault.trigger, fault.event, context, root, unclear))
        return found

    def _matching(self, transaction: Transaction, index: RuleIndex, events: Sequence[SaveEvent]) -> list[Run]:
        known: dict[object, Candidates] = {}
        found: list[Run] = []
        for event in events:
            # Most events of a batch have the same fields: what looks at them is found once.
            alike = (event.object, event.kind, event.changed, event.bulk)
            candidates = known.get(alike)
            if candidates is None:
                candidates = known[alike] = _candidates(index, event)
            if candidates:
                found += self._match(transaction, candidates, event)
        return found

    def _match(self, transaction: Transaction, candidates: Candidates, event: SaveEvent) -> list[Run]:
        found = []
        root: str | None = transaction.cause.root
        order: Order | None = [] if event.order else None
        by_calendar_in_force = transaction.context(event.object, event.new, event.old or None)
        for program, triggers in candidates:
            context = by_calendar_in_force.counted_by(program.calendar)
            trigger, fault = fitting(triggers, event, context)
            if trigger is None:
                continue
            judged = _judge(program, trigger, context) if fault is None else _not_judged("trigger", fault)
            if judged is not None:
                run = self._run(transaction, program, trigger, event, context, root, judged, order)
                root = run.root
                found.append(run)
        if order is not None:
            tell_order(order, event, (run.rule for run in found if run.state is not RunState.SKIPPED))
        return found

    def _run(
        self,
        transaction: Transaction,
        program: Program,
        trigger: OnRecord | OnHeld,
        event: SaveEvent,
        context: RecordContext,
        root: str | None,
        judged: Judged,
        order: Order | None = None,
    ) -> Run:
        cause = transaction.cause
        changed = tuple(sorted(event.changed))
        gone = event.kind is SaveKind.DELETED
        open_to_runs = _without_encrypted(transaction, event)
        return Run(
            id=self._ids.new(),
            rule=program.name,
            rule_text=program.text,
            release=transaction.release.number,
            object=event.object,
            record_id=event.record_id,
            record_title=transaction.cache.title(event.object, context),
            event=trigger.text,
            snapshot=Snapshot(
                old=open_to_runs(event.old),
                changed=changed,
                this=open_to_runs(event.new) if gone else None,
                explained=judged.explained,
                matched=judged.matched,
                holds=True if program.condition is None else judged.holds,
                facts=with_order(
                    {"new": open_to_runs({name: event.new.get(name) for name in changed}), "at": program.at}, order
                ),
            ),
            actor=stored_actor(transaction.actor, program),
            root=root or self._ids.new(),
            cause_run=cause.run,
            cause_step=cause.step,
            chain=cause.chain,
            depth=cause.depth,
            state=judged.state,
            outcome=judged.outcome,
            error=judged.error,
            created_at=transaction.now,
        )


def _candidates(index: RuleIndex, event: SaveEvent) -> Candidates:
    """Give the rules that look at an event's object, kind and fields, with the triggers that do."""
    return tuple(
        (program, triggers_for(program, event.object, event.kind, event.changed))
        for program in index.after(event.object, event.kind, event.changed)
        if not (event.bulk and program.bulk == "skip")
    )


def fitting(
    triggers: Sequence[OnRecord], event: SaveEvent, context: RecordContext
) -> tuple[OnRecord | None, EvaluationError | None]:
    """Give the first trigger that fits; where none does, the first of which that can't be told, and why."""
    unclear: tuple[OnRecord | None, EvaluationError | None] = (None, None)
    for trigger in triggers:
        try:
            if values_fit(trigger, context, event.old, event.new):
                return trigger, None
        except EvaluationError as error:
            if unclear[0] is None:
                unclear = (trigger, error)
    return unclear


def _judge(program: Program, trigger: OnRecord, context: RecordContext) -> Judged | None:
    """Ask a rule's condition, and explain what it and the trigger found; None where it starts nothing."""
    condition, matched, explained, holds = program.condition, None, None, None
    if condition is not None:
        try:
            holds = bool(condition.evaluate(context))
        except EvaluationError as error:
            return _not_judged("condition", error)
        if not holds and not program.otherwise:
            return None
        explained = explain_value(condition, context)
    if trigger.match is not None:
        matched = explain_value(trigger.match, context)
    return Judged(explained=explained, matched=matched, holds=holds)


def _not_judged(what: str, fault: EvaluationError) -> Judged:
    reason = f"Its {what} could not be evaluated: {fault}."
    return Judged(state=RunState.SKIPPED, outcome="not judged", error=reason)


def _without_encrypted(transaction: Transaction, event: SaveEvent) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Give what takes encrypted values out of a snapshot: no expression reads them, and runs are kept in clear."""
    fields = transaction.object_def(event.object).fields
    hidden = transaction.parts.made(
        ("encrypted", event.object), lambda: frozenset(name for name, each in fields.items() if each.encrypted)
    )
    if not hidden:
        return lambda values: values
    return lambda values: {name: value for name, value in values.items() if name not in hidden}
