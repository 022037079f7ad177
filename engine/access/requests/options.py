"""What would let somebody do what was asked for: shares and roles, the smallest first.

Each is tried, not reasoned about: the door is asked as that person with the share made or the role held, and nothing of
it stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import insert

from engine.access.actor import Actor
from engine.access.compiler import Access
from engine.access.explaining.answers import Answer, Asked
from engine.access.explaining.judging import judge
from engine.access.predicates import EVERYONE, NOBODY
from engine.access.shared import can_be_shared
from engine.access.shares import key_of_user
from engine.errors import EngineError
from metamodel.access import OBJECT_ACTIONS

if TYPE_CHECKING:
    from engine.records.service import Records
    from engine.records.transaction import Transaction
    from engine.releases.release import Release

READ_SHARE, EDIT_SHARE, ROLE = "share:read", "share:edit", "role:"
_BY_SHARE = ("read", "update", "delete", "export")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One grant that would do. key: `share:read`, `share:edit` or `role:NAME`; gives: how much more it lets do."""

    key: str
    gives: int

    @property
    def role(self) -> str:
        """The name of the role, "" for a share."""
        return self.key.removeprefix(ROLE) if self.key.startswith(ROLE) else ""


class _Undone(Exception):
    """Takes back what was tried."""


def may_already(records: Records, person: Actor, asked: Asked, release: Release) -> bool:
    """Say whether somebody may do it as things are."""
    with records.reading(person, release=release) as transaction:
        return _may(transaction, asked)


def options_for(records: Records, person: Actor, asked: Asked, release: Release) -> Iterator[Option]:
    """Give what would do, the smallest first: shares of the one record, then roles by what they give besides."""
    if asked.record_id is not None and asked.action in _BY_SHARE:
        object_def = release.metamodel.objects[asked.object]
        for gives, key in enumerate((READ_SHARE, EDIT_SHARE), start=1):
            if can_be_shared(object_def) and _would_do(records, person, asked, release, edits=key == EDIT_SHARE):
                yield Option(key=key, gives=gives)
                break
    found = []
    held = records.access(person, release)
    for role in release.metamodel.roles:
        if role in held.roles:
            continue
        more = replace(person, roles=person.roles | {role})
        if may_already(records, more, asked, release):
            found.append(Option(key=ROLE + role, gives=_gained(held, records.access(more, release), release)))
    yield from sorted(found, key=lambda each: (each.gives, each.key))


def _would_do(records: Records, person: Actor, asked: Asked, release: Release, *, edits: bool) -> bool:
    """Say whether a share with the person would do."""
    found = False
    try:
        with records.transaction(person, release=release) as transaction:
            row = {"object": asked.object, "record_id": asked.record_id, "grantee": key_of_user(str(person.user_id))}
            given = {"edits": edits, "until": None, "at": transaction.now, "by": None}
            share = transaction.system.share
            here = (share.c[name] == value for name, value in row.items())
            transaction.connection.execute(share.delete().where(*here))
            transaction.connection.execute(insert(share).values(**row, **given))
            transaction.cache.forget_shares()
            found = _may(transaction, asked)
            raise _Undone
    except _Undone:
        return found


def _may(transaction: Transaction, asked: Asked) -> bool:
    object_def = transaction.parts.metamodel.objects[asked.object]
    try:
        answer = judge(transaction, object_def, asked)
    except EngineError:
        return False
    general = asked.record_id is None and answer is Answer.SOMETIMES
    return answer is Answer.YES or general


def _gained(held: Access, more: Access, release: Release) -> int:
    """Count what a role lets do besides: rights by name, and for each object its actions and fields."""
    gained = len((more.rights or frozenset()) - (held.rights or frozenset()))
    for key in release.metamodel.objects:
        before, after = held.of(key), more.of(key)
        for action in OBJECT_ACTIONS:
            gained += _weight(after.actions[action]) - _weight(before.actions[action])
        gained += len(after.readable - before.readable) + len(after.updatable - before.updatable)
    return gained


def _weight(predicate: object) -> int:
    return 0 if predicate is NOBODY else 3 if predicate is EVERYONE else 1
