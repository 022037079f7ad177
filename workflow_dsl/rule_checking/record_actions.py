"""Checks the actions that change records: set, assign to, create, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedCreate,
    CheckedDelete,
    CheckedSet,
    CheckedUpdate,
    FieldValue,
)
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import check_field_value, check_field_values, check_inputs
from workflow_dsl.syntax import Action, Assignment, AssignTo, Create, Delete, Set, Span, Update
from workflow_dsl.types import record_of


def own_object(checking: RuleChecking, action: Action, word: str) -> ObjectDef | None:
    """Give the object of the rule's own record; where the rule has none, that is reported."""
    key = checking.scope.object
    if key is None:
        hint = "a rule by the clock has one with `for each object where …`; others are changed with `update`"
        checking.refuse("RUL407", f"there is no record to '{word}' here", action.at, hint)
        return None
    return checking.scope.metamodel.objects.get(key)


def _check_set(checking: RuleChecking, action: Set, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "set")
    if own is None:
        return None
    found = [_assignment(checking, own, assignment) for assignment in action.assignments]
    return _set_action(checking, action, path, tuple(value for value in found if value is not None))


def _set_action(
    checking: RuleChecking, action: Action, path: str, fields: tuple[FieldValue, ...]
) -> CheckedAction | None:
    if not fields:
        return None
    return CheckedSet(path=path, text=checking.text_of(action.at), at=action.at.location, fields=fields)


def _assignment(checking: RuleChecking, own: ObjectDef, assignment: Assignment) -> FieldValue | None:
    names = assignment.target.names
    if names[0].text == "this":
        names = names[1:]
    if len(names) != 1:
        target = assignment.target
        lookup = ".".join(name.text for name in names[:-1]) or "…"
        hint = f"write update {lookup} {{ {target.names[-1].text}: … }}"
        checking.refuse("RUL404", f"'set {target.dotted}' would change another record", target.at, hint)
        return None
    return check_field_value(checking, own, names[0].text, names[0].at, assignment.value)


def _check_assign_to(checking: RuleChecking, action: AssignTo, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "assign")
    if own is None:
        return None
    value = check_field_value(checking, own, "owner", action.at, action.assignee)
    return _set_action(checking, action, path, (value,) if value is not None else ())


def _check_create(checking: RuleChecking, action: Create, path: str) -> CheckedAction | None:
    object_def = checking.find_object(action.object)
    if object_def is None or checking.refuses_source(object_def, action.object.at, "none is created from here"):
        check_inputs(checking, action.values)
        return None
    checking.writes.add((object_def.key, ""))
    return CheckedCreate(
        path=path,
        text=checking.text_of(action.at),
        at=action.at.location,
        object=object_def.key,
        fields=check_field_values(checking, object_def, action.values, creates=action.object.at),
        given_name=action.given_name.text if action.given_name is not None else None,
    )


def _check_update(checking: RuleChecking, action: Update, path: str) -> CheckedAction | None:
    rows = check_rows(checking, action.target, action.where, action="update")
    if rows is None:
        return None
    object_def = _object_of(checking, rows.object, action.target.at)
    if object_def is None:
        return None
    inner = checking.giving({"it": record_of(object_def.key)})
    fields = check_field_values(inner, object_def, action.values)
    return CheckedUpdate(path=path, text=checking.text_of(action.at), at=action.at.location, rows=rows, fields=fields)


def _object_of(checking: RuleChecking, key: str | None, at: Span) -> ObjectDef | None:
    if key is None:
        hint = "follow a lookup to one object"
        checking.refuse("RUL405", "the record may be of several objects, so its fields are not known", at, hint)
        return None
    return checking.scope.metamodel.objects.get(key)


def _check_delete(checking: RuleChecking, action: Delete, path: str) -> CheckedAction | None:
    rows = check_rows(checking, action.target, action.where, action="delete")
    if rows is None:
        return None
    if rows.object is not None:
        checking.writes.add((rows.object, ""))
    return CheckedDelete(path=path, text=checking.text_of(action.at), at=action.at.location, rows=rows)


RECORD_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {
        Set: _check_set,
        AssignTo: _check_assign_to,
        Create: _check_create,
        Update: _check_update,
        Delete: _check_delete,
    }
)
