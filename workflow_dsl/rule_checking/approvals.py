"""Checks approvals: their object, who may submit, the steps with their people and deadlines, and the blocks of actions.

Also the two places where rules name one: `when approval x is …` and `submit for approval x`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedAction, CheckedValue
from workflow_dsl.checked_rules.approvals import (
    ApprovalTrigger,
    CheckedApproval,
    CheckedDeadline,
    CheckedDecision,
    CheckedEntry,
    CheckedStep,
    CheckedSubmit,
)
from workflow_dsl.rule_checking.known_approvals import KnownApproval
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import (
    Action,
    Approval,
    ApprovalDecided,
    Expr,
    Name,
    Span,
    Step,
    StepDeadline,
    SubmitForApproval,
)
from workflow_dsl.types import BOOLEAN, DURATION, TEXT, Kind, Type, record_of

CheckBlock = Callable[[RuleChecking, Sequence[Action], str], tuple[CheckedAction, ...]]
DECISION_NAMES: Mapping[str, Type] = MappingProxyType(
    {"comment": TEXT, "approver": record_of("user"), "submitter": record_of("user")}
)
"""The names that a decision gives to the actions it sets off, and to rules that wait for it."""
_SUBMITTER = {"submitter": record_of("user")}


def check_approval(checking: RuleChecking, item: Approval, app: str, check_block: CheckBlock) -> CheckedApproval | None:
    """Check an approval; None where it has no object."""
    object_def = checking.find_object(item.object)
    if object_def is None or checking.refuses_source(object_def, item.object.at, "they can't be locked or changed"):
        return None
    scope = replace(checking.scope, object=object_def.key, place=f"approval '{item.name.text}'")
    checking = replace(checking, scope=scope)
    _check_names(checking, item)
    steps = tuple(_check_step(checking, object_def, item, step, check_block) for step in item.steps)
    if all(step.entry is not None and step.entry.otherwise == "skip" for step in item.steps):
        message = (
            f"all steps of '{item.name.text}' may be left out; a record that none of them is for is approved at once"
        )
        checking.warn("RUL463", message, item.name.at, "give one step no condition, or write else reject")
    return CheckedApproval(
        key=item.name.text,
        name=item.name.text,
        app=app,
        at=item.name.at.location,
        text=checking.source.text[item.at.start : item.at.end],
        object=object_def.key,
        steps=steps,
        label=item.label,
        condition=checking.value(item.condition, BOOLEAN) if item.condition is not None else None,
        priority=item.priority or 0,
        submitted_by=_check_users(checking, item.submitted_by),
        decisions=tuple(_check_decisions(checking, item, check_block)),
        locks=item.lock_record,
    )


def _check_names(checking: RuleChecking, item: Approval) -> None:
    seen: set[str] = set()
    for step in item.steps:
        if step.name.text in seen or step.name.text == "start":
            what = "is where a rejection leads back to" if step.name.text == "start" else "is a step of it already"
            checking.refuse("RUL462", f"'{step.name.text}' {what}; give another name", step.name.at)
        seen.add(step.name.text)
    outcomes: set[str] = set()
    for decision in item.decisions:
        if decision.outcome in outcomes:
            message = f"'on {decision.outcome}' is given twice"
            checking.refuse("RUL462", message, decision.at, "put all its actions into one")
        outcomes.add(decision.outcome)


def _check_decisions(checking: RuleChecking, item: Approval, check_block: CheckBlock) -> Iterator[CheckedDecision]:
    giving = checking.giving(DECISION_NAMES)
    for decision in item.decisions:
        yield CheckedDecision(outcome=decision.outcome, actions=check_block(giving, decision.actions, "actions"))


def _check_step(
    checking: RuleChecking, object_def: ObjectDef, item: Approval, step: Step, check_block: CheckBlock
) -> CheckedStep:
    giving = checking.giving(DECISION_NAMES)
    if step.quorum is not None and step.quorum < 1:
        checking.refuse("RUL464", "a step needs at least one of its people", step.at, "write any of, all of or 2 of")
    for name in step.may_edit:
        _check_may_edit(checking, object_def, item, name)
    return CheckedStep(
        name=step.name.text,
        label=step.label,
        choice=step.choice,
        quorum=step.quorum,
        people=_check_users(checking.giving(_SUBMITTER), step.approvers),
        entry=_check_entry(checking, step),
        deadline=_check_deadline(checking.giving(_SUBMITTER), step.deadline) if step.deadline is not None else None,
        may_edit=tuple(name.text for name in step.may_edit),
        after_approval=check_block(giving, step.after_approval, "actions"),
        after_rejection=check_block(giving, step.after_rejection, "actions"),
        text=checking.text_of(step.at),
    )


def _check_entry(checking: RuleChecking, step: Step) -> CheckedEntry | None:
    if step.entry is None:
        return None
    condition = checking.giving(_SUBMITTER).value(step.entry.condition, BOOLEAN)
    return None if condition is None else CheckedEntry(condition=condition, otherwise=step.entry.otherwise)


def _check_deadline(checking: RuleChecking, deadline: StepDeadline) -> CheckedDeadline | None:
    within = checking.value(deadline.within, DURATION, "'within'")
    people = _check_users(checking, deadline.escalate_to)
    if within is None:
        return None
    return CheckedDeadline(within=within, otherwise=deadline.otherwise or "escalate", escalate_to=people)


def _check_may_edit(checking: RuleChecking, object_def: ObjectDef, item: Approval, name: Name) -> None:
    listed = object_def.inverses.get(name.text)
    if (listed is None or not listed.owned) and checking.find_field(object_def, name.text, name.at) is None:
        return
    if not item.lock_record:
        message = f"'may edit {name.text}' changes nothing: the record is not locked"
        checking.warn("RUL465", message, name.at, "write lock record at the end of the approval")


def _check_users(checking: RuleChecking, people: Sequence[Expr]) -> tuple[CheckedValue, ...]:
    found = check_people(checking, people, addresses=False)
    for value, expression in zip(found, people, strict=False):
        if _is_contact(value.typed.type):
            message = f"'{value.text}' is a contact, and contacts can't sign in to decide"
            checking.refuse("RUL466", message, expression.at, "approvers are users, queues, teams and roles")
    return found


def _is_contact(type_: Type) -> bool:
    inner = type_.item if type_.kind is Kind.LIST and type_.item is not None else type_
    return inner.kind is Kind.RECORD and inner.objects == ("contact",)


def find_approval(checking: RuleChecking, name: Name) -> KnownApproval | None:
    """Give the approval of a name; an unknown one is reported."""
    found = checking.approvals.get(name.text)
    if found is None:
        hint = did_you_mean(name.text, checking.approvals)
        checking.refuse("RUL461", f"'{name.text}' is not an approval", name.at, hint)
    return found


def approval_object(checking: RuleChecking, event: ApprovalDecided) -> ObjectDef | None:
    """Give the object of the approval that a trigger names; an unknown one is reported by `approval_decided`."""
    known = checking.approvals.get(event.approval.text)
    return checking.scope.metamodel.objects.get(known.object or "") if known is not None else None


def approval_decided(checking: RuleChecking, event: ApprovalDecided) -> Iterator[ApprovalTrigger]:
    """Check `when approval x is approved`."""
    if checking.is_before:
        hint = "write when; a before rule on the object sees the fields that the approval sets"
        checking.refuse("RUL401", "an approval is decided after saves, not before one", event.at, hint)
        return
    found = find_approval(checking, event.approval)
    if found is not None:
        yield ApprovalTrigger(approval=found.key, outcome=event.outcome, text=checking.text_of(event.at))


def _check_submit(checking: RuleChecking, action: SubmitForApproval, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "submit")
    known = find_approval(checking, action.approval) if action.approval is not None else None
    by = _check_submitter(checking, action)
    if own is None or (action.approval is not None and known is None):
        return None
    if known is not None and known.object not in (None, own.key):
        message = f"'{known.key}' is about {known.object}, and the rule's record is of {own.key}"
        checking.refuse("RUL467", message, action.at, "name an approval of the rule's object")
        return None
    if known is None and not any(each.object == own.key for each in checking.approvals.values()):
        checking.refuse("RUL467", f"there is no approval on {own.key}", action.at, f"write approval … on {own.key}")
        return None
    text, at = checking.text_of(action.at), action.at.location
    return CheckedSubmit(path=path, text=text, at=at, approval=known.key if known is not None else None, by=by)


def _check_submitter(checking: RuleChecking, action: SubmitForApproval) -> CheckedValue | None:
    if action.by is None:
        return None
    found = check_people(checking, (action.by,), addresses=False)
    for value in found:
        if value.typed.type.kind is not Kind.RECORD or "user" not in (value.typed.type.objects or ("user",)):
            message = f"'{value.text}' is {value.typed.type.with_article}, and one user submits a record"
            checking.refuse("RUL466", message, _at(action))
    return found[0] if found else None


def _at(action: SubmitForApproval) -> Span:
    return action.by.at if action.by is not None else action.at


APPROVAL_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {SubmitForApproval: _check_submit}
)
