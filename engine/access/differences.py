"""What a change of roles means for the people there are: who gains or loses which right, over how many records now.

The roles to come are judged over the records there are, in the tables there are; where a scope reads a field that is
still to be made, the number of records is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select

from engine.access.grants import Alternatives, OfParent, RoleGrants
from engine.access.predicates import NOBODY
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.statements import Prepared
from engine.releases.release import Release
from metamodel.access import OBJECT_ACTIONS
from metamodel.apps import Metamodel

if TYPE_CHECKING:
    from engine.accounts.users import UserRow
    from engine.records.service import Records
    from engine.records.transaction import Transaction
    from engine.releases.plans import ReleasePlan
    from engine.releases.store import ReleaseStore

MOST_ROWS = 10_000
"""How many records are counted of a right; more are told as more."""
_MOST_COUNTED = 200
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsRows:
    """One person whose right changes, with the records it covers before and after; None = not counted."""

    login: str
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """One right that changes. right: `update opportunity`, `read account.credit_limit`, `the right export`."""

    right: str
    people: tuple[PersonsRows, ...]

    @property
    def line(self) -> str:
        """Say it in a line."""
        named = ", ".join(_said(each) for each in self.people[:_MOST_NAMED])
        more = len(self.people) - _MOST_NAMED
        count = f"{len(self.people)} {'person' if len(self.people) == 1 else 'people'}"
        return f"access: {self.right} changes for {count}: {named}{f' and {more} more' if more > 0 else ''}"

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        people = [{"user": each.login, "before": each.before, "after": each.after} for each in self.people]
        return {"right": self.right, "people": people}


class AccessDifferences:
    """Compares what people may do under a release with what they may do under the roles of a metamodel to come."""

    def __init__(self, records: Records, before: Release, after: Metamodel) -> None:
        self._records = records
        self._before = before
        self._after = after
        self._judged = _with_roles(before, after.roles)
        self._left = _MOST_COUNTED

    def find(self, people: Iterable[UserRow]) -> tuple[AccessChange, ...]:
        """Give the rights that change for somebody."""
        found: dict[str, list[PersonsRows]] = {}
        by_roles: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
        for person in people:
            roles = tuple(sorted(person.roles))
            if roles not in by_roles:
                by_roles[roles] = list(self._changed(roles))
            for right, object_key, action in by_roles[roles]:
                found.setdefault(right, []).append(self._rows(person, object_key, action))
        return tuple(AccessChange(right=right, people=tuple(found[right])) for right in sorted(found))

    def _changed(self, roles: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Give what changes for holders of some roles: what it is called, and object and action where rows count."""
        old, new = RoleGrants(self._before.metamodel, roles), RoleGrants(self._after, roles)
        for right in sorted(old.system ^ new.system):
            yield f"the right {right} ({'gained' if right in new.system else 'lost'})", "", ""
        for key, object_def in self._before.metamodel.objects.items():
            after = self._after.objects.get(key)
            if after is None:
                continue
            for action in OBJECT_ACTIONS:
                if _texts(old, key, action) != _texts(new, key, action):
                    yield f"{action} {key}", key, action
            for name, field_def in object_def.fields.items():
                other = after.fields.get(name)
                if other is None or (_plain(old, key, name) and _plain(new, key, name) and not other.sensitive):
                    continue
                was, now = old.field_rights(key, field_def), new.field_rights(key, other)
                for right in ("read", "update"):
                    mine = [_said_of(getattr(each, right)) for each in (was, now)]
                    if mine[0] != mine[1] and bool(getattr(was, right)) != bool(getattr(now, right)):
                        yield f"{right} {key}.{name} ({'gained' if getattr(now, right) else 'lost'})", "", ""

    def _rows(self, person: UserRow, object_key: str, action: str) -> PersonsRows:
        if not object_key or action == "create" or self._left <= 0 or not person.enabled:
            return PersonsRows(login=person.login)
        self._left -= 1
        before = self._count(self._before, person, object_key, action)
        known = not self._reads_what_is_new(person, object_key, action)
        after = self._count(self._judged, person, object_key, action) if known else None
        return PersonsRows(login=person.login, before=before, after=after)

    def _count(self, release: Release, person: UserRow, object_key: str, action: str) -> int:
        with self._records.reading(person.actor(), release=release) as transaction:
            return count_rows(transaction, object_key, action)

    def _reads_what_is_new(self, person: UserRow, object_key: str, action: str) -> bool:
        fresh = {
            name
            for key, object_def in self._after.objects.items()
            for name in object_def.fields
            if key not in self._before.metamodel.objects or name not in self._before.metamodel.objects[key].fields
        }
        texts = _texts(RoleGrants(self._after, person.roles), object_key, action)
        words = {word for part in texts for text in part for word in re.findall(r"\w+", text)}
        return bool(fresh & words)


def with_access(
    plan: ReleasePlan, records: Records, releases: ReleaseStore, people: Callable[[], Iterable[UserRow]]
) -> ReleasePlan:
    """Give a plan with what it changes of the rights of people; of one that cannot be applied nothing is told."""
    if not plan.base or plan.is_empty or not plan.candidate.is_sound or plan.candidate.metamodel is None:
        return plan
    differences = AccessDifferences(records, releases.numbered(plan.base), plan.candidate.metamodel)
    return replace(plan, access=differences.find(people()))


def count_rows(transaction: Transaction, object_key: str, action: str) -> int:
    """Count the records that the actor may read and do something with, up to one more than MOST_ROWS."""
    actions = transaction.access.of(object_key).actions
    wanted = [actions["read"], actions[action]]
    if any(each is NOBODY for each in wanted) or transaction.parts.metamodel.objects[object_key].source is not None:
        return 0
    parts = transaction.parts
    alias = parts.tables.of(object_key).table.alias()
    scope = RowScope(parts.builder(transaction.access, "en"), Frame(alias), object_key, alias)
    conditions = [each.sql(scope) for each in wanted]
    rows = select(literal(1).label("one")).select_from(scope.frame.source)
    rows = rows.where(alias.c["deleted_at"].is_(None), *conditions).limit(MOST_ROWS + 1)
    query = select(func.count()).select_from(rows.subquery())
    return int(transaction.row(Prepared(query, parts.dialect), {})[0])


def _with_roles(release: Release, roles: Mapping[str, Any]) -> Release:
    return Release(
        info=release.info,
        metamodel=replace(release.metamodel, roles=roles),
        tables=release.tables,
        stored=release.stored,
        field_types=release.field_types,
        settings=release.settings,
        trees=release.trees,
    )


def _texts(grants: RoleGrants, object_key: str, action: str) -> frozenset[tuple[str, ...]]:
    return _said_of(() if grants.denies(object_key, action) else grants.scopes(object_key, action))


def _said_of(alternatives: Alternatives) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(_text(part) for part in conjunction) for conjunction in alternatives)


def _text(part: Any) -> str:
    return f"of its parent {_text(part.condition)}" if isinstance(part, OfParent) else str(part.text)


def _plain(grants: RoleGrants, object_key: str, name: str) -> bool:
    return not grants.names_field(object_key, name)


def _said(person: PersonsRows) -> str:
    if person.before is None and person.after is None:
        return person.login
    return f"{person.login} {_number(person.before)} -> {_number(person.after)} records"


def _number(count: int | None) -> str:
    if count is None:
        return "?"
    return f"over {MOST_ROWS:,}" if count > MOST_ROWS else f"{count:,}"
