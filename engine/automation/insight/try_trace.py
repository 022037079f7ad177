"""What a try did, read within the transaction before it is rolled back: steps, values written, runs it would start."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from engine.access.actor import Actor
from engine.automation.insight.past import Entry, read_entries
from engine.automation.insight.views import Intent, Tried
from engine.automation.program import Program
from engine.automation.run_rows import run_of_row
from engine.automation.run_sight import RunSight
from engine.automation.run_state import Run, RunState
from engine.automation.run_views import RunSummary, RunTrace, StepShown
from engine.automation.trace import build_trace
from engine.records.earlier_names import EarlierNames
from engine.records.history import history_value
from engine.records.personal import PersonalValues
from engine.records.transaction import Transaction

_WRITTEN_SHOWN = 200
_STEPS_SHOWN = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRun:
    """A run that was tried, with what it did not do and the eyes of who tried it."""

    run: Run
    program: Program
    eyes: Container[str]
    outside: tuple[Intent, ...]
    note: str


def trace_of(transaction: Transaction, sight: RunSight, tried: TriedRun) -> Tried:
    """Tell of a try, to who tried it; transaction: of that person, on the connection that is rolled back."""
    run, system = tried.run, transaction.system
    actor, connection = transaction.actor, transaction.connection
    ordered = select(system.run_step).where(system.run_step.c.run_id == run.id)
    steps = connection.execute(ordered.order_by(system.run_step.c.at).limit(_STEPS_SHOWN)).mappings().all()
    caused = connection.execute(select(system.run).where(system.run.c.cause_run == run.id)).mappings().all()
    written = tuple(_written(transaction, run.id))
    trace = build_trace(
        run,
        steps,
        summary=_summary(run, tried.program, actor),
        cause=None,
        caused=tuple(_caused(transaction, sight, row) for row in caused),
        readable=tried.eyes,
        actor_name=actor.name,
        may_manage=False,
    )
    shown = {(each.object, each.record_id): each.title for each in written}
    told = tuple(_told(step, shown) for step in trace.steps)
    # Where it is taken back there is no such record any more that its id could lead to.
    kept = tuple(replace(each, record_id=None) if each.kind == "created" else each for each in written)
    return Tried(trace=replace(trace, steps=told), written=kept, outside=tried.outside, trigger_note=tried.note)


def trace_of_before(
    run: Run, acts: Sequence[Intent], fault: str, eyes: Container[str], actor: Actor, program: Program
) -> RunTrace:
    """Tell of a before rule that was tried: each of its acts is a step."""
    ended = replace(
        run,
        state=RunState.FAILED if fault else RunState.DONE,
        outcome="failed" if fault else "done" if acts else "not met",
        error=fault or None,
    )
    trace = build_trace(
        ended,
        (),
        summary=_summary(ended, program, actor),
        cause=None,
        caused=(),
        readable=eyes,
        actor_name=actor.name,
        may_manage=False,
    )
    return replace(trace, steps=tuple(_step_of(act, run, eyes) for act in acts))


def _step_of(act: Intent, run: Run, eyes: Container[str]) -> StepShown:
    values = {name: value for name, value in (act.values or {}).items() if name in eyes}
    text = f"{act.kind} {', '.join(act.values or ()) or act.target}".strip()
    return StepShown(
        path=act.path,
        attempt=1,
        kind=act.kind,
        text=text,
        outcome="done",
        at=run.created_at,
        finished_at=run.created_at,
        result={**values, **({"message": act.text} if act.text else {})},
    )


def _written(transaction: Transaction, run_id: str) -> Iterator[Intent]:
    """Give what the run's steps wrote, of records and fields that the person may read."""
    audit = transaction.system.audit
    query = select(audit).where(audit.c.run_id == run_id).order_by(audit.c.id).limit(_WRITTEN_SHOWN)
    entries = read_entries(transaction, query, EarlierNames((), PersonalValues(transaction)))
    titles = transaction.reader.titles((entry.object, entry.record_id) for entry in entries)
    for entry in entries:
        title = titles.get((entry.object, entry.record_id))
        yield Intent(
            path=entry.step or "",
            kind=entry.action,
            object=entry.object,
            record_id=entry.record_id if title is not None else None,
            title=title,
            values=_values(transaction, entry) if title is not None else None,
        )


def _values(transaction: Transaction, entry: Entry) -> Mapping[str, Any]:
    fields = transaction.parts.metamodel.objects[entry.object].fields
    whole = transaction.access.of(entry.object).whole
    shown = (name for name in entry.changes if name in fields and name in whole and not fields[name].system)
    return {name: history_value(transaction, entry.changes[name][1], fields[name]) for name in shown}


def _told(step: StepShown, shown: Mapping[tuple[str | None, str | None], str | None]) -> StepShown:
    effects = tuple(
        {**effect, "title": shown.get((effect.get("object"), effect.get("record_id")))} for effect in step.effects
    )
    return replace(step, effects=effects)


def _caused(transaction: Transaction, sight: RunSight, row: Mapping[Any, Any]) -> RunSummary:
    run = run_of_row(row)
    place = (run.object or "", run.record_id or "")
    seen = place in transaction.reader.titles([place])
    return RunSummary(
        id=run.id,
        rule=run.rule,
        label=sight.rule_label(run.rule, run.release, transaction.actor.language),
        state=run.state,
        event=run.event,
        object=run.object,
        record_id=run.record_id if seen else None,
        record_title=run.record_title if seen else None,
        created_at=run.created_at,
        started_at=None,
        finished_at=None,
        due_at=None,
        release=run.release,
        actions=0,
        reason=run.error,
        outcome=run.outcome,
    )


def _summary(run: Run, program: Program, actor: Actor) -> RunSummary:
    return RunSummary(
        id=run.id,
        rule=run.rule,
        label=program.called(actor.language),
        state=run.state,
        event=run.event,
        object=run.object,
        record_id=run.record_id,
        record_title=run.record_title,
        created_at=run.created_at,
        started_at=run.created_at,
        finished_at=run.created_at,
        due_at=None,
        release=run.release,
        actions=run.actions,
        reason=run.error,
        outcome=run.outcome,
    )
