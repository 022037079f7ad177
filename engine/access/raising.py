"""What a change of the configuration adds to the rights of roles: nobody who may only configure does that.

Compared are the objects and fields that there are: what a role gets of new ones shows nothing that was there before. A
right that is written otherwise counts as added unless it held everywhere, or its scopes are some of those it had; one
that is written as before, where what it reads means something else now.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.access.grants import Alternatives, OfParent, RoleGrants
from engine.access.scope_readings import defined_otherwise, names_in
from metamodel.access import OBJECT_ACTIONS, RoleDef
from metamodel.apps import Metamodel
from metamodel.diff import renamed_from, renamed_names
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location, Problem

_PEOPLE = re.compile(r"[^/]+/data/(?:core\.)?(user|team|queue)\.(?:csv|yaml)")
RIGHT = "manage_users"
"""Who has it gives rights to people, so may add to what roles give as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedRight:
    """One right that a role gains. right: `update opportunity`, `read account.credit_limit`, `the right export`."""

    role: RoleDef
    right: str


def raised_rights(before: Metamodel, after: Metamodel) -> Iterator[RaisedRight]:
    """Give what roles gain that were there before; a new role is nobody's until somebody gives it."""
    redefined = defined_otherwise(before, after)
    for name, role in after.roles.items():
        if name in before.roles:
            old, new = RoleGrants(before, (name,)), RoleGrants(after, (name,))
            for right in _gained(before, after, old, new, redefined):
                yield RaisedRight(role=role, right=right)
            for given in sorted(set(role.gives) - set(before.roles[name].gives)):
                yield RaisedRight(role=role, right=f"the right to give '{given}'")


def refused_rights(before: Metamodel, after: Metamodel, hands_on: Collection[str]) -> Iterator[Problem]:
    """Give what an author who may not give rights can't publish. hands_on: the author's own roles.

    Problems: APP851, APP852.
    """
    acting: list[tuple[str, str, Any, Any]] = [
        (what, name, each, old.get(name))
        for what, old, new in (("connector", before.connectors, after.connectors), ("form", before.forms, after.forms))
        for name, each in new.items()
    ]
    for what, name, each, known in acting:
        if each.role not in hands_on and (known is None or replace(known, at=each.at) != each):
            message = f"the {what} '{name}' acts with the role '{each.role}', which is none of yours"
            hint = f"name a role of yours, or let somebody with the right '{RIGHT}' publish it"
            yield Problem(code="APP852", message=message, at=each.at, hint=hint, length=len(name))
    for raised in raised_rights(before, after):
        role = raised.role
        message = f"the role '{role.name}' would gain {raised.right}, and your roles may not give rights"
        hint = f"let somebody with the right '{RIGHT}' publish it"
        yield Problem(code="APP851", message=message, at=role.at, hint=hint, length=len(role.name))


def refused_people(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Problem]:
    """Give what an author who may not give rights can't have loaded: files of people and teams, by path → text.

    They are loaded by the product itself, roles included. Problems: APP853.
    """
    for path, text in after.items():
        found = _PEOPLE.fullmatch(path)
        if found is not None and before.get(path) != text:
            message = f"records of '{found[1]}' would be loaded with the rights of the product"
            hint = f"let somebody with the right '{RIGHT}' publish it"
            yield Problem(code="APP853", message=message, at=Location(file=path), hint=hint)


def _gained(
    before: Metamodel, after: Metamodel, old: RoleGrants, new: RoleGrants, redefined: frozenset[str]
) -> Iterator[str]:
    for right in sorted(new.system - old.system):
        yield f"the right {right}"
    for key, was in renamed_from(before.objects, after.objects).items():
        for action in OBJECT_ACTIONS:
            scopes = _scopes(new, key, action)
            if _is_more(_scopes(old, was, action), scopes):
                yield f"{action} {key}"
            elif read := _reads(scopes, redefined):
                yield f"{action} {key} by '{read}', which means something else now"
        yield from _gained_of_fields(before.objects[was], after.objects[key], old, new, redefined)


def _gained_of_fields(
    was: ObjectDef, now: ObjectDef, old: RoleGrants, new: RoleGrants, redefined: frozenset[str]
) -> Iterator[str]:
    fields = was.fields
    for name, earlier in renamed_names(fields, now.fields).items():
        had = old.field_rights(was.key, fields[earlier])
        has = new.field_rights(now.key, now.fields[name])
        named = new.names_field(now.key, name)
        for right, mine, then in (("read", had.read, has.read), ("update", had.update, has.update)):
            # What follows the object's own scope was compared with it.
            if (not mine and then) or (named and _is_more(mine, then)):
                yield f"{right} {now.key}.{name}"
            elif named and (read := _reads(then, redefined)):
                yield f"{right} {now.key}.{name} by '{read}', which means something else now"
        if has.masked and not (had.masked or had.read):
            yield f"read {now.key}.{name} masked"


def _scopes(grants: RoleGrants, object_key: str, action: str) -> Alternatives:
    return () if grants.denies(object_key, action) else grants.scopes(object_key, action)


def _is_more(old: Alternatives, new: Alternatives) -> bool:
    said = {tuple(map(_text, each)) for each in old}
    return () not in said and not {tuple(map(_text, each)) for each in new} <= said


def _reads(scopes: Alternatives, redefined: frozenset[str]) -> str:
    """Give the first of some names that a scope reads, "" where it reads none."""
    said = frozenset(name for each in scopes for part in each for name in names_in(_text(part)))
    return min(said & redefined, default="")


def _text(part: LocatedText | OfParent) -> str:
    return f"of its parent {_text(part.condition)}" if isinstance(part, OfParent) else str(part.text)
