"""Checks convert to, convert using and merge: what becomes of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedConvertTarget,
    CheckedConvertTo,
    CheckedConvertUsing,
    CheckedMerge,
    CheckedRows,
)
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import check_field_values, check_inputs
from workflow_dsl.syntax import Action, ConvertTarget, ConvertTo, ConvertUsing, Merge, Path
from workflow_dsl.types import UNKNOWN, Type, record_of

_PEOPLE = "user"


def first_made(checking: RuleChecking, action: ConvertTo | ConvertUsing) -> Type:
    """Give the type of the record that `as x` names: the first one of the conversion."""
    metamodel = checking.scope.metamodel
    if isinstance(action, ConvertTo):
        found = metamodel.find_object(action.targets[0].object.dotted)
        return record_of(found.key) if found is not None else UNKNOWN
    conversion = metamodel.conversions.get(action.conversion.text)
    key = conversion.targets[0].object if conversion is not None and conversion.targets else None
    return record_of(key) if key is not None else UNKNOWN


def _check_convert_to(checking: RuleChecking, action: ConvertTo, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "convert")
    targets = []
    for each in action.targets:
        targets.append(_target(checking, each))
        if action.given_name is not None and len(targets) == 1:
            checking = checking.giving({action.given_name.text: first_made(checking, action)})
    if own is None or checking.refuses_source(own, action.at, "'convert' is not for them"):
        return None
    made = tuple(each for each in targets if each is not None)
    if len(made) != len(action.targets):
        return None
    text, given = checking.text_of(action.at), action.given_name.text if action.given_name is not None else None
    return CheckedConvertTo(path=path, text=text, at=action.at.location, targets=made, given_name=given)


def _target(checking: RuleChecking, target: ConvertTarget) -> CheckedConvertTarget | None:
    made = checking.find_object(target.object)
    if made is None or checking.refuses_source(made, target.object.at, "none is created from here"):
        check_inputs(checking, target.values)
        return None
    checking.writes.add((made.key, ""))
    fields = check_field_values(checking, made, target.values, creates=target.object.at)
    return CheckedConvertTarget(object=made.key, fields=fields)


def _check_convert_using(checking: RuleChecking, action: ConvertUsing, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "convert")
    if own is None:
        return None
    name, conversions = action.conversion, checking.scope.metamodel.conversions
    found = conversions.get(name.text)
    mine = [each.name for each in conversions.values() if each.source == own.key]
    if found is None or found.source != own.key:
        message = f"'{name.text}' is not a conversion of {own.key}"
        checking.refuse("RUL452", message, name.at, did_you_mean(name.text, mine))
        return None
    checking.writes.update((each.object, "") for each in found.targets if each.object is not None)
    checking.writes.update((own.key, field) for field in found.values)
    text, given = checking.text_of(action.at), action.given_name.text if action.given_name is not None else None
    return CheckedConvertUsing(
        path=path,
        text=text,
        at=action.at.location,
        conversion=found.name,
        given_name=given,
        made=tuple((each.object, tuple(each.fields)) for each in found.targets if each.object is not None),
        sets=tuple(found.values),
        moves=tuple(
            (own.inverses[name].object, own.inverses[name].field) for name in found.carry if name in own.inverses
        ),
    )


def _check_merge(checking: RuleChecking, action: Merge, path: str) -> CheckedAction | None:
    gone, into = (_one(checking, each) for each in (action.source, action.into))
    if gone is None or into is None:
        return None
    object_def = checking.scope.metamodel.objects[into.object or ""]
    if gone.object != into.object:
        message = f"'{action.source.dotted}' leads to {gone.object}, '{action.into.dotted}' to {into.object}"
        checking.refuse("RUL453", message, action.source.at, "records of one object are merged")
        return None
    if not _is_mergeable(object_def):
        checking.refuse("RUL453", f"records of {object_def.key} can't be merged", action.at)
        return None
    sets = tuple(each.name for each in object_def.fields.values() if not (each.is_computed or each.system))
    checking.writes.update(((object_def.key, ""), *((object_def.key, name) for name in sets)))
    text = checking.text_of(action.at)
    return CheckedMerge(
        path=path,
        text=text,
        at=action.at.location,
        object=object_def.key,
        gone=gone,
        into=into,
        sets=sets,
        moves=tuple((each.object, each.field) for each in object_def.inverses.values()),
    )


def _one(checking: RuleChecking, path: Path) -> CheckedRows | None:
    rows = check_rows(checking, path, None, action="merge", chooses=False)
    if rows is not None and (rows.one is None or rows.object is None):
        message = f"'{path.dotted}' is not one record of a known object"
        checking.refuse("RUL405", message, path.at, "merge takes two records: this, a lookup, or a given name")
        return None
    return rows


def _is_mergeable(object_def: ObjectDef) -> bool:
    return object_def.links is None and object_def.source is None and object_def.key != _PEOPLE


FATE_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {ConvertTo: _check_convert_to, ConvertUsing: _check_convert_using, Merge: _check_merge}
)
