"""Submitting a record: which approval is taken, who may submit it, who was chosen; and submitting it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sqlalchemy.exc import IntegrityError

from engine.approvals.approvers import find_people, is_active
from engine.approvals.case import Case, Tools
from engine.approvals.effects import carry_out, tell_rules
from engine.approvals.program import ApprovalProgram, StepProgram
from engine.approvals.refusals import refused
from engine.approvals.requests import Request, RequestState
from engine.approvals.steps import enter_from
from engine.errors import AccessDenied, RecordNotFound
from engine.expressions.context import RecordContext
from engine.records.hooks import SaveKind
from engine.records.saving.loading import load_for_change
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError

_NOBODY: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is submitted. approval: its name, None = the first that fits. chosen: step → users who decide it.

    by: who submits, None = who acts.
    """

    record_id: str
    approval: str | None = None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=lambda: _NOBODY)
    comment: str = ""
    by: str | None = None


def in_name_of(transaction: Transaction, request_id: str) -> Transaction:
    """Give a transaction on the same connection for the same person, not bound by grants nor by the request's lock."""
    kind, cause = type(transaction), replace(transaction.cause, approval=request_id)
    elevated = replace(transaction.actor, is_system=True)
    return kind(transaction.services, transaction.connection, transaction.parts, elevated, transaction.now, cause)


def submit(tools: Tools, transaction: Transaction, object_def: ObjectDef, given: Submission) -> Case:
    """Submit a record for approval.

    Raises: RecordNotFound, AccessDenied, ApprovalRefused, ValidationFailed.
    """
    transaction.reader.require_readable(object_def, given.record_id)
    request_id = tools.ids.new()
    work = in_name_of(transaction, request_id)
    # The record's lock lets one of two submissions through, and keeps saves from passing the request's lock.
    load_for_change(work, object_def.key, given.record_id, SaveKind.UPDATED, None)
    program = choose_approval(tools, transaction, object_def, given.record_id, given.approval)
    check_submitter(transaction, object_def, given.record_id, program)
    _check_free(tools, work, object_def, given.record_id)
    submitter = given.by or transaction.actor.user_id
    context = RecordContext(
        work.around, object_def.key, _values(work, object_def, given.record_id), given={"submitter": submitter}
    )
    _check_chosen(work, program, context, given.chosen)
    request = Request(
        id=request_id,
        approval=program.key,
        release=transaction.release.number,
        object=object_def.key,
        record_id=given.record_id,
        record_title=work.cache.title(object_def.key, context),
        state=RequestState.OPEN,
        locks=program.locks,
        visit=0,
        submitter=submitter,
        submitted_at=work.now,
        chosen={step: tuple(people) for step, people in given.chosen.items()},
    )
    case = Case(tools=tools, by=transaction.actor, work=work, program=program, request=request, comment=given.comment)
    try:
        tools.rows.add_request(work.connection, request)
    except IntegrityError as fault:
        raise refused("open_already", work.actor.language, approval=case.called) from fault
    case.note("submitted", comment=given.comment)
    carry_out(case, program.decisions.get("submit"))
    tell_rules(case, "submitted")
    enter_from(case, 0)
    return case


def choose_approval(
    tools: Tools, transaction: Transaction, object_def: ObjectDef, record_id: str, name: str | None
) -> ApprovalProgram:
    """Give the approval of a name, else the first by priority whose condition holds.

    Raises: ApprovalRefused.
    """
    language, index = transaction.actor.language, tools.index_of(transaction.release)
    if name is not None:
        found = index.by_key.get(name)
        if found is None or found.object != object_def.key:
            raise refused("unknown_approval", language, name=name)
        return found
    values = _values(transaction, object_def, record_id)
    first = next(fitting(transaction, index.of(object_def.key), values), None)
    if first is None:
        raise refused("no_approval", language)
    return first


def fitting(
    transaction: Transaction, programs: Sequence[ApprovalProgram], values: Mapping[str, object]
) -> Iterator[ApprovalProgram]:
    """Give those approvals whose condition holds; one that can't be evaluated does not."""
    for program in programs:
        try:
            context = transaction.context(program.object, values)
            if program.condition is None or program.condition.evaluate(context):
                yield program
        except EvaluationError:
            continue


def may_submit(
    transaction: Transaction, object_def: ObjectDef, values: Mapping[str, object], program: ApprovalProgram
) -> bool:
    """Say whether who acts may submit a readable record: one of `submitted by`, else whoever may change it."""
    if transaction.actor.is_system:
        return True
    context = transaction.context(object_def.key, values)
    if not program.submitted_by:
        return transaction.access.of(object_def.key).actions["update"].test(context)
    try:
        people = find_people(transaction, program.submitted_by, context)
    except EvaluationError:
        return False
    return any(transaction.actor.user_id in users for _, users in people)


def check_submitter(transaction: Transaction, object_def: ObjectDef, record_id: str, program: ApprovalProgram) -> None:
    """Make sure that who acts may submit a record. Raises: AccessDenied."""
    if not may_submit(transaction, object_def, _values(transaction, object_def, record_id), program):
        reason = refused("not_yours_to_submit", transaction.actor.language).reason
        raise AccessDenied("submit", object_def.key, reason)


def _check_free(tools: Tools, work: Transaction, object_def: ObjectDef, record_id: str) -> None:
    there = tools.rows.open_of(work.connection, object_def.key, record_id)
    if there is not None:
        program = tools.index_of(work.release).by_key.get(there.approval)
        called = program.called(work.actor.language) if program is not None else there.approval
        raise refused("open_already", work.actor.language, approval=called)


def _check_chosen(
    work: Transaction, program: ApprovalProgram, context: RecordContext, chosen: Mapping[str, Sequence[str]]
) -> None:
    language = work.actor.language
    for user_id in (user for users in chosen.values() for user in users):
        if not is_active(work, user_id):
            raise refused("not_a_user", language, name=user_id)
    for step in program.steps:
        if step.is_chosen and not chosen.get(step.name) and is_entered(step, context):
            raise refused("choose_people", language, step=step.called)


def is_entered(step: StepProgram, context: RecordContext) -> bool:
    """Say whether a step is for the record as it is; what can't be evaluated is not."""
    try:
        return step.entry is None or bool(step.entry.condition.evaluate(context))
    except EvaluationError:
        return False


def _values(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Mapping[str, object]:
    values = transaction.cache.related(object_def.key, record_id)
    if values is None:
        raise RecordNotFound(object_def.key, record_id)
    return values
