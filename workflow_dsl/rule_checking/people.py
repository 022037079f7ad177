"""Checks who is told: users, contacts, queues, teams, roles, addresses, lists of them, paths through a list."""

from __future__ import annotations

from collections.abc import Sequence

from workflow_dsl.checked_rules import CheckedValue
from workflow_dsl.rule_checking.rows import collect
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Expr, Path
from workflow_dsl.typed import ListValue, Typed
from workflow_dsl.types import Kind, Type

_PEOPLE = frozenset(("user", "contact", "queue", "team"))


def check_people(checking: RuleChecking, people: Sequence[Expr], *, addresses: bool) -> tuple[CheckedValue, ...]:
    """Check the people of an action; `addresses` says whether texts with an address are people too."""
    found = [_person(checking, person, addresses) for person in people]
    return tuple(value for value in found if value is not None)


def _person(checking: RuleChecking, person: Expr, addresses: bool) -> CheckedValue | None:
    value = _along_list(checking, person) or checking.value(person)
    if value is None:
        return None
    for part in _parts(value.typed):
        if not _is_person(part.type, addresses):
            hint = "people are users, contacts, queues, teams and roles" + (" and addresses" if addresses else "")
            checking.refuse("RUL303", f"'{value.text}' is {part.type.with_article}, not people", person.at, hint)
            return None
    return value


def _along_list(checking: RuleChecking, person: Expr) -> CheckedValue | None:
    found = collect(checking, person) if isinstance(person, Path) else None
    if found is None:
        return None
    aggregate, reads = found
    return CheckedValue(typed=aggregate, reads=reads, text=checking.text_of(person.at))


def _parts(typed: Typed) -> Sequence[Typed]:
    return typed.items if isinstance(typed, ListValue) else (typed,)


def _is_person(type_: Type, addresses: bool) -> bool:
    if type_.kind is Kind.LIST and type_.item is not None:
        return _is_person(type_.item, addresses)
    if type_.kind is Kind.RECORD:
        return not type_.objects or bool(_PEOPLE & set(type_.objects))
    return type_.is_open or type_.kind is Kind.ROLE or (addresses and type_.kind is Kind.TEXT)
