"""Checks `share with`: with users, teams, queues' members and roles, for read or edit, until a date or a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import CheckedAction, CheckedShare, CheckedValue
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Access, Action, Expr, ShareWith
from workflow_dsl.types import MOMENTS, Kind, Type

_WORD = "share with"


def _check_share(checking: RuleChecking, action: ShareWith, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "share")
    people = check_people(checking, action.people, addresses=False)
    until = _until(checking, action.until) if action.until is not None else None
    if own is None or len(people) != len(action.people) or (action.until is not None and until is None):
        return None
    if checking.refuses_source(own, action.at, "they are not shared"):
        return None
    if own.links is not None or own.parent_field is not None:
        hint = "who may read the record it belongs to may read it; share that one"
        checking.refuse("RUL418", f"records of {own.key} are not shared by themselves", action.at, hint)
        return None
    if not all(_can_have(checking, value, person) for value, person in zip(people, action.people, strict=True)):
        return None
    text, at = checking.text_of(action.at), action.at.location
    return CheckedShare(path=path, text=text, at=at, people=people, edits=action.access is Access.EDIT, until=until)


def _can_have(checking: RuleChecking, value: CheckedValue, person: Expr) -> bool:
    if not _is_contact(value.typed.type):
        return True
    hint = "users, teams, the members of queues and roles have rights"
    checking.refuse("RUL303", f"'{value.text}' is a contact, who does not work here", person.at, hint)
    return False


def _is_contact(type_: Type) -> bool:
    if type_.kind is Kind.LIST and type_.item is not None:
        return _is_contact(type_.item)
    return type_.kind is Kind.RECORD and tuple(type_.objects) == ("contact",)


def _until(checking: RuleChecking, until: Expr) -> CheckedValue | None:
    found = checking.value(until)
    if found is None or found.typed.type.kind in MOMENTS or found.typed.type.is_open:
        return found
    message = f"'{found.text}' is {found.typed.type.with_article}, not a date or a moment"
    checking.refuse("RUL303", message, until.at, f"a share ends at one: {_WORD} … until today + 3 days")
    return None


SHARE_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {ShareWith: _check_share}
)
