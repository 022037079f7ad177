"""Checks the actions of a rule: each known one becomes a checked action with a stable path.

Names that an action gives (`as review`) hold for the actions after it in its block and inside those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedForEach,
    CheckedIf,
    CheckedLog,
    CheckedRefuse,
    CheckedStop,
    CheckedWait,
)
from workflow_dsl.rule_checking.approvals import APPROVAL_CHECKS
from workflow_dsl.rule_checking.assigning_actions import ASSIGNING_CHECKS
from workflow_dsl.rule_checking.calls import ANSWER_CHECKS
from workflow_dsl.rule_checking.document_actions import DOCUMENT_CHECKS, document_given
from workflow_dsl.rule_checking.fate_actions import FATE_CHECKS, first_made
from workflow_dsl.rule_checking.follow_actions import FOLLOW_CHECKS
from workflow_dsl.rule_checking.later import LATER_ACTIONS
from workflow_dsl.rule_checking.marking_actions import MARKING_CHECKS
from workflow_dsl.rule_checking.outside_actions import OUTSIDE_CHECKS
from workflow_dsl.rule_checking.record_actions import RECORD_CHECKS
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.run_rule import RUN_RULE_CHECKS
from workflow_dsl.rule_checking.share_actions import SHARE_CHECKS
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import message_of
from workflow_dsl.rule_checking.waiting import check_wait_until
from workflow_dsl.syntax import (
    Action,
    AssignTo,
    CallAction,
    CallWebhook,
    ConvertTo,
    ConvertUsing,
    Create,
    ForEach,
    GenerateDocument,
    If,
    Log,
    Name,
    Refuse,
    Set,
    Stop,
    Tag,
    Wait,
    WaitUntil,
)
from workflow_dsl.typed import InverseSource
from workflow_dsl.types import BOOLEAN, DURATION, UNKNOWN, Type, record_of

Check = Callable[[RuleChecking, Any, str], CheckedAction | None]
_BEFORE_ONLY = frozenset((Refuse,))
_IN_BEFORE = frozenset((Set, AssignTo, Tag, Refuse, If, ForEach, Stop, Log))


_GIVING = Create | CallWebhook | CallAction | GenerateDocument | ConvertTo | ConvertUsing


def check_actions(checking: RuleChecking, actions: Sequence[Action], prefix: str) -> tuple[CheckedAction, ...]:
    """Check a block; `prefix` is the path of the block (`actions`, `actions/1/then`)."""
    checked: list[CheckedAction] = []
    for index, action in enumerate(actions):
        found = _check_action(checking, action, f"{prefix}/{index}")
        if found is not None:
            checked.append(found)
        given = _given(checking, action)
        if given is not None:
            name, type_ = given
            _check_given_name(checking, name)
            checking = checking.giving({name.text: type_})
    return tuple(checked)


def _check_action(checking: RuleChecking, action: Action, path: str) -> CheckedAction | None:
    later = LATER_ACTIONS.get(type(action))
    if later is not None:
        checking.not_available("RUL902", later, action.at)
        return None
    if checking.is_before and type(action) not in _IN_BEFORE:
        word = checking.text_of(action.at).split(" ", 1)[0]
        allowed = "set, assign to, add tag, remove tag, reject, warn, if, for each, stop and log"
        hint = f"it may {allowed}, on the record at hand"
        checking.refuse("RUL402", f"a before rule can't '{word}'", action.at, hint)
        return None
    if not checking.is_before and type(action) in _BEFORE_ONLY:
        hint = "the record is stored already; write the rule with 'before'"
        checking.refuse("RUL403", "only a before rule can reject or warn", action.at, hint)
        return None
    unless = checking.value(action.unless, BOOLEAN) if action.unless is not None else None
    checked = _CHECKS[type(action)](checking, action, path)
    if checked is None or (action.unless is not None and unless is None):
        return None
    return replace(checked, unless=unless)


def _given(checking: RuleChecking, action: Action) -> tuple[Name, Type] | None:
    if not isinstance(action, _GIVING) or action.given_name is None:
        return None
    if isinstance(action, ConvertTo | ConvertUsing):
        return action.given_name, first_made(checking, action)
    if isinstance(action, GenerateDocument):
        return action.given_name, document_given()
    if isinstance(action, Create):
        object_def = checking.scope.metamodel.find_object(action.object.dotted)
        return action.given_name, record_of(object_def.key) if object_def is not None else UNKNOWN
    return action.given_name, UNKNOWN


_TAKEN = frozenset("this old user now today app it".split())


def _check_given_name(checking: RuleChecking, name: Name) -> None:
    own = checking.scope.metamodel.objects.get(checking.scope.object or "")
    if name.text in _TAKEN:
        checking.refuse("RUL408", f"'{name.text}' is a word of the language; give another name", name.at)
    elif name.text in checking.scope.given:
        checking.refuse("RUL408", f"'{name.text}' is given already; give another name", name.at)
    elif own is not None and (name.text in own.fields or name.text in own.inverses):
        message = f"'{name.text}' is a field or list of {own.key} too; the given name goes first from here on"
        checking.warn("RUL408", message, name.at)


def _text(checking: RuleChecking, action: Action) -> str:
    return checking.text_of(action.at)


def _check_if(checking: RuleChecking, action: If, path: str) -> CheckedAction | None:
    condition = checking.value(action.condition, BOOLEAN)
    then = check_actions(checking, action.then, f"{path}/then")
    otherwise = check_actions(checking, action.otherwise, f"{path}/else")
    if condition is None:
        return None
    return CheckedIf(
        path=path,
        text=f"if {condition.text}",
        at=action.at.location,
        condition=condition,
        then=then,
        otherwise=otherwise,
    )


def _check_for_each(checking: RuleChecking, action: ForEach, path: str) -> CheckedAction | None:
    rows = check_rows(
        checking, action.source, action.where, action="for each", sorted_by=action.sorted_by, all_rows=True
    )
    _check_given_name(checking, action.variable)
    if rows is None or rows.many is None:
        if rows is not None:
            message = f"'{action.source.dotted}' is one record, not a list"
            checking.refuse("RUL405", message, action.source.at, "for each goes through a related list or an object")
        check_actions(checking.giving({action.variable.text: UNKNOWN}), action.actions, f"{path}/do")
        return None
    assert rows.object is not None
    if checking.is_before and not isinstance(rows.many.source, InverseSource):
        hint = "in a before rule 'for each' goes through a list of the record; an after rule goes through an object"
        message = f"a before rule can't go through all records of {rows.object}"
        checking.refuse("RUL402", message, action.source.at, hint)
    inner = checking.giving({action.variable.text: record_of(rows.object)})
    return CheckedForEach(
        path=path,
        text=f"for each {action.variable.text} in {action.source.dotted}",
        at=action.at.location,
        variable=action.variable.text,
        rows=rows,
        actions=check_actions(inner, action.actions, f"{path}/do"),
    )


def _check_wait(checking: RuleChecking, action: Wait, path: str) -> CheckedAction | None:
    duration = checking.value(action.duration, DURATION, "'wait'")
    if duration is None:
        return None
    return CheckedWait(path=path, text=_text(checking, action), at=action.at.location, duration=duration)


def _check_stop(checking: RuleChecking, action: Stop, path: str) -> CheckedAction | None:
    return CheckedStop(path=path, text="stop", at=action.at.location)


def _check_log(checking: RuleChecking, action: Log, path: str) -> CheckedAction | None:
    message = message_of(checking, action.message)
    if message is None:
        return None
    return CheckedLog(path=path, text=_text(checking, action), at=action.at.location, message=message)


def _check_refuse(checking: RuleChecking, action: Refuse, path: str) -> CheckedAction | None:
    own = checking.scope.metamodel.objects.get(checking.scope.object or "")
    field_name = None
    if action.field is not None and own is not None:
        first = action.field.names[0]
        if len(action.field.names) > 1:
            checking.refuse("RUL404", f"'{action.field.dotted}' is a field of another record", action.field.at)
        elif checking.find_field(own, first.text, first.at) is not None:
            field_name = first.text
    message = message_of(checking, action.message)
    if message is None:
        return None
    return CheckedRefuse(
        path=path,
        text=_text(checking, action),
        at=action.at.location,
        message=message,
        field=field_name,
        warning=action.warning,
    )


_CHECKS: Mapping[type[Action], Check] = MappingProxyType(
    {
        **RECORD_CHECKS,
        **MARKING_CHECKS,
        **ASSIGNING_CHECKS,
        **FATE_CHECKS,
        **FOLLOW_CHECKS,
        **SHARE_CHECKS,
        **RUN_RULE_CHECKS,
        **OUTSIDE_CHECKS,
        **DOCUMENT_CHECKS,
        **ANSWER_CHECKS,
        **APPROVAL_CHECKS,
        If: _check_if,
        ForEach: _check_for_each,
        Wait: _check_wait,
        WaitUntil: lambda checking, action, path: check_wait_until(checking, action, path, check_actions),
        Stop: _check_stop,
        Log: _check_log,
        Refuse: _check_refuse,
    }
)
