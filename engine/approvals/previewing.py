"""The path that a record would take if it were submitted now: steps, people, who stands in, and by when it would end.

Found by what opens the steps later, so that the steps then taken are the same if nothing has changed; nothing is
written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.approvals.approvers import StandIns, ask, name_of
from engine.approvals.case import Case, Tools
from engine.approvals.deadlines import due_of
from engine.approvals.messages import say
from engine.approvals.program import ApprovalProgram, StepProgram
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.requests import Mode, Request, RequestState
from engine.approvals.submitting import Submission, choose_approval, fitting, in_name_of, may_submit
from engine.automation.explaining import explain_value
from engine.automation.run_views import ConditionPart
from engine.automation.trace import part_of
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError

ASKED, CHOOSE, NOBODY, STUCK = "asked", "choose", "nobody", "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPerson:
    """Somebody who would be asked. stand_in: who acts meanwhile, '' where the person is here."""

    id: str
    name: str
    stand_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One step of the path. state: asked, choose (who submits names the people), nobody, stuck, or how it is left out.

    condition: why it is taken or left out. note: what was cut or could not be evaluated.
    """

    name: str
    label: str
    state: str
    people: tuple[PathPerson, ...] = ()
    mode: Mode = Mode.ANY
    needed: int = 0
    due_at: dt.datetime | None = None
    condition: ConditionPart | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The path. ends_at: when it is over at the latest, by the times of its steps; None where a step has none.

    others: further approvals that may be named, key and label.
    """

    approval: str
    label: str
    steps: tuple[PathStep, ...]
    ends_at: dt.datetime | None
    others: tuple[tuple[str, str], ...] = ()


def preview(tools: Tools, transaction: Transaction, object_def: ObjectDef, given: Submission) -> Preview | None:
    """Give the path; None where no approval is for the record, or who acts may not submit it.

    Raises: RecordNotFound.
    """
    transaction.reader.require_readable(object_def, given.record_id)
    values = transaction.cache.related(object_def.key, given.record_id) or {}
    try:
        program = choose_approval(tools, transaction, object_def, given.record_id, given.approval)
    except ApprovalRefused:
        return None
    if not may_submit(transaction, object_def, values, program):
        return None
    case = _case(tools, transaction, program, given)
    steps = tuple(_steps(case, transaction.access.of(object_def.key).whole))
    taken = [step for step in steps if step.state in (ASKED, CHOOSE, NOBODY)]
    ends = taken[-1].due_at if taken and all(step.due_at is not None for step in taken) else None
    language = transaction.actor.language
    others = fitting(transaction, tools.index_of(transaction.release).of(object_def.key), values)
    return Preview(
        approval=program.key,
        label=program.called(language),
        steps=steps,
        ends_at=ends,
        others=tuple(
            (each.key, each.called(language))
            for each in others
            if each.key != program.key and may_submit(transaction, object_def, values, each)
        ),
    )


def _case(tools: Tools, transaction: Transaction, program: ApprovalProgram, given: Submission) -> Case:
    request = Request(
        id="",
        approval=program.key,
        release=transaction.release.number,
        object=program.object,
        record_id=given.record_id,
        record_title=None,
        state=RequestState.OPEN,
        locks=False,
        visit=0,
        submitter=given.by or transaction.actor.user_id,
        submitted_at=transaction.now,
        chosen=given.chosen,
    )
    return Case(tools=tools, by=transaction.actor, work=in_name_of(transaction, ""), program=program, request=request)


def _steps(case: Case, readable: frozenset[str]) -> Iterator[PathStep]:
    begun: dt.datetime | None = case.work.now
    stand_ins = case.stand_ins()
    for step in case.program.steps:
        try:
            found = _step(case, step, begun, stand_ins, readable)
        except EvaluationError as fault:
            note = say("not_computable", case.language, what=step.called(case.language), reason=fault)
            yield PathStep(name=step.name, label=step.called(case.language), state=STUCK, note=note)
            return
        yield found
        if found.state == "reject":
            return
        if found.state in (ASKED, CHOOSE, NOBODY):
            # A step without a time lets those after it begin nobody knows when.
            begun = found.due_at


def _step(
    case: Case, step: StepProgram, begun: dt.datetime | None, stand_ins: StandIns, readable: frozenset[str]
) -> PathStep:
    condition = None
    if step.entry is not None:
        context = case.context()
        condition = part_of(explain_value(step.entry.condition, context), readable)
        if not step.entry.condition.evaluate(context):
            return PathStep(
                name=step.name, label=step.called(case.language), state=step.entry.otherwise, condition=condition
            )
    asked = ask(case.work, step, case.context(), case.request.chosen.get(step.name, ()))
    state = ASKED if asked.people else CHOOSE if step.is_chosen else NOBODY
    return PathStep(
        name=step.name,
        label=step.called(case.language),
        state=state,
        people=_people(case.work, asked.people, stand_ins),
        mode=asked.mode,
        needed=asked.needed,
        due_at=due_of(case, step, begun) if begun is not None else None,
        condition=condition,
        note=" ".join(asked.notes),
    )


def _people(work: Transaction, users: Mapping[str, int] | Sequence[str], stand_ins: StandIns) -> tuple[PathPerson, ...]:
    found = []
    for user in users:
        acting = stand_ins.acting(user)
        stand_in = name_of(work, acting) if acting != user else ""
        found.append(PathPerson(id=user, name=name_of(work, user), stand_in=stand_in))
    return tuple(found)
