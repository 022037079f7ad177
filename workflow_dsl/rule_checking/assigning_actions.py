"""Checks `assign to next of queue`: the queue, what a member must be, and that the record has what the method reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedAction, CheckedAssignNext
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Action, AssignMethod, AssignNext, NamedKind
from workflow_dsl.types import BOOLEAN

_SKILLS = "skills"
_SKILL_TYPES = frozenset(("text", "tags", "choice", "multi_choice"))


def _check_assign_next(checking: RuleChecking, action: AssignNext, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "assign")
    if action.source.kind is not NamedKind.QUEUE:
        message = f"{action.source.kind.value} has no turns; records are given out by a queue"
        checking.refuse("RUL450", message, action.source.at, 'write next of queue "…"; a queue has members')
        return None
    queue = checking.value(action.source)
    method = action.method or AssignMethod.ROUND_ROBIN
    where = None
    if action.where is not None:
        # Names are the member's; the rule's record is `this`.
        scope = replace(checking.scope, row_object="user", place=f"the 'where' of {checking.scope.place}")
        where = checking.value_in(scope, action.where, BOOLEAN)
    if own is None or queue is None or (action.where is not None and where is None):
        return None
    if not _is_assignable(checking, own, action, method):
        return None
    checking.writes.add((own.key, "owner"))
    text, at = checking.text_of(action.at), action.at.location
    return CheckedAssignNext(path=path, text=text, at=at, queue=queue, method=method, where=where)


def _is_assignable(checking: RuleChecking, own: ObjectDef, action: AssignNext, method: AssignMethod) -> bool:
    if checking.refuses_source(own, action.at, "nobody is assigned to them"):
        return False
    owner = own.fields.get("owner")
    if owner is None or owner.relation is None or set(owner.relation.targets) < {"user", "queue"}:
        checking.refuse("RUL450", f"records of {own.key} are owned by no queue and user", action.at)
        return False
    skills = own.fields.get(_SKILLS)
    if method is AssignMethod.SKILL and (skills is None or skills.type not in _SKILL_TYPES):
        message = f"'by skill' reads which skills a {own.key} needs in its field '{_SKILLS}', which it has not"
        hint = "add it, of type tags, choice, multi_choice or text; or ask in the 'where' what the member must be"
        checking.refuse("RUL450", message, action.at, hint)
        return False
    return True


ASSIGNING_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {AssignNext: _check_assign_next}
)
