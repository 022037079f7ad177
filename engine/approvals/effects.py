"""What a decision sets off: fields set with it in the same transaction, the rest and rules that wait for it as runs.

Sets that stand first in a block are saved with the decision, so that a record never shows an earlier state than its
approval; where the save is refused, so is the decision. The runs commit with the decision or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.approvals.case import Case
from engine.approvals.program import Block
from engine.approvals.refusals import refused
from engine.automation.approval_letters import LETTER
from engine.automation.calls.making import Called, called_run
from engine.automation.explaining import explain_value
from engine.automation.program import Program, SetFields
from engine.automation.run_state import Run, RunState
from engine.expressions.context import RecordContext
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

APPROVAL_FACT = "approval"
"""The fact of a run by which the door knows that it belongs to a request, whose lock it may pass."""


def carry_out(case: Case, block: Block | None) -> None:
    """Do what a block of the approval says."""
    if block is None:
        return
    _set(case, block.sets)
    if block.rest is not None:
        run = _run(case, block.rest, f"approval {block.rest.name}")
        facts = {**run.snapshot.facts, APPROVAL_FACT: case.request.id}
        # Its program is that of the release which the request follows.
        own = replace(run, release=case.request.release, snapshot=replace(run.snapshot, facts=facts))
        case.tools.starter.start(case.work, [own])


def start_letter(case: Case, letter: Mapping[str, Any]) -> None:
    """Ask somebody by mail, as a run of its own."""
    run = _run(case, case.program.mail, f"approval {case.program.mail.name}")
    own = replace(
        run,
        release=case.request.release,
        snapshot=replace(run.snapshot, facts={**run.snapshot.facts, "names": {LETTER: letter}}),
    )
    case.tools.starter.start(case.work, [own])


def tell_rules(case: Case, outcome: str) -> None:
    """Start the rules that wait for an outcome of the approval."""
    index = case.tools.index_of(case.work.release)
    found = [_judged(case, rule, text) for rule, text in index.waiting_for(case.program.key, outcome)]
    runs = [run for run in found if run is not None]
    case.tools.launcher.launch(case.work, case.tools.rules_of(case.work.release), runs)


def _set(case: Case, sets: Iterable[SetFields]) -> None:
    for action in sets:
        names = case.names()
        try:
            context = case.context(names)
            if action.unless is not None and action.unless.evaluate(context):
                continue
            values = _values(case, action, context)
        except EvaluationError as fault:
            raise refused("not_computable", case.language, what=action.text, reason=fault) from fault
        case.work.update(case.request.object, case.request.record_id, values, confirm=None)


def _values(case: Case, action: SetFields, context: RecordContext) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in action.fields:
        # Each set sees those before it.
        seen = RecordContext(case.work.around, case.request.object, {**context.this, **values}, given=case.names())
        values[name] = value.evaluate(seen)
    return values


def _judged(case: Case, rule: Program, text: str) -> Run | None:
    """Give the run of a rule whose condition holds; a condition that can't be evaluated is reported, never true."""
    run = _run(case, rule, text)
    condition = rule.condition
    if condition is None:
        return run
    context = case.context(case.names())
    try:
        holds = bool(condition.evaluate(context))
    except EvaluationError as fault:
        reason = f"Its condition could not be evaluated: {fault}."
        return replace(run, state=RunState.SKIPPED, outcome="not judged", error=reason)
    if not holds and not rule.otherwise:
        return None
    explained = explain_value(condition, context)
    return replace(run, snapshot=replace(run.snapshot, holds=holds, explained=explained))


def _run(case: Case, program: Program, event: str) -> Run:
    request = case.request
    called = Called(
        program=program,
        event=event,
        release=case.work.release.number,
        names=case.names(),
        # What follows by itself after a time is done by nobody.
        who=case.by if case.by.user_id is not None else None,
        record=Ref(request.object, request.record_id),
        title=request.record_title,
        cause=case.work.cause,
    )
    root = case.work.cause.root or case.tools.ids.new()
    return called_run(called, run_id=case.tools.ids.new(), root=root, now=case.work.now)
