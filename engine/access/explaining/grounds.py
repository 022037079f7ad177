"""Why an answer is what it is: the denials, grants, shares, parents and locks that it rests on, each with its place.

Read from the statements that the compiled rights were made of, with their conditions judged over the record by the
predicates that judge requests. Which answer they come to is `judging`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.access.compiler import Access
from engine.access.explaining.answers import Answer, Basis, Ground
from engine.access.explaining.conditions import condition_tree, holds
from engine.access.explaining.held_roles import through
from engine.access.grants import PARENT_ACTION, RoleGrants, condition_of
from engine.access.predicates import EVERYONE, Predicate, all_of
from engine.access.statements import Denial, Statement
from metamodel.access import RoleDef
from metamodel.objects import ObjectDef
from workflow_dsl.context import Context

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

Tree = list[Any]
ShowTree = Callable[[str, str | None, Tree], Any]
"""Makes what is shown of a condition over a record: of its object, its id and the explained condition."""


class ObjectGrounds:
    """Finds what one person's rights on one object and action rest on.

    context: of the record, None where none was named. record_id: its id.
    """

    def __init__(
        self,
        transaction: Transaction,
        object_def: ObjectDef,
        action: str,
        record_id: str | None,
        show: ShowTree,
    ) -> None:
        assert transaction.access.grants is not None, "whom nothing binds has no grounds"
        self.transaction = transaction
        self.access: Access = transaction.access
        self.grants: RoleGrants = transaction.access.grants
        self.object_def = object_def
        self.action = action
        self.record_id = record_id
        self.show = show
        values = None if record_id is None else transaction.cache.related(object_def.key, record_id)
        self.context: Context | None = None if values is None else transaction.context(object_def.key, values)

    def find(self) -> Iterator[Ground]:
        """Give the grounds of the action on the object, whether or not they decide."""
        key, action = self.object_def.key, self.action
        if self.grants.lies_elsewhere(key, action):
            yield Ground(basis=Basis.ELSEWHERE, holds=False, at=self.object_def.at)
        yield from (self._denial(denial) for denial in self.grants.denials(key, action))
        parent = self.grants.parent_of(key)
        if not self.grants.names_object(key) and parent is None:
            yield Ground(basis=Basis.CLOSED, holds=False, at=self.object_def.at)
            return
        if self.grants.names_object(key):
            yield from (found for role in self.grants.roles if (found := self._of_role(role)) is not None)
        if parent is not None and parent != key:
            yield from self._of_parent(parent)
        if action != "create" and self.object_def.links is not None:
            other = self.access.other_side(self.object_def)
            yield Ground(
                basis=Basis.OTHER_SIDE,
                holds=holds(other, self.context),
                note=self.object_def.links,
                condition=self._condition(other),
            )

    def _of_role(self, role: RoleDef) -> Ground | None:
        """Give what a role says of the action; None where it does not name the object."""
        said, grant = self._says(role), self.grants.object_grant(role, self.object_def.key)
        if grant is None:
            return None
        if said is None:
            path = self.through(role.name)
            return Ground(basis=Basis.UNGRANTED, holds=False, role=role.name, through=path, at=grant.at)
        predicate = self.predicate(role)
        return Ground(
            basis=Basis.GRANT,
            holds=False if predicate is None else holds(predicate, self.context),
            role=role.name,
            through=self.through(role.name),
            at=said.text.at,
            written=f"{said.action}: {said.text.text}",
            condition=None if predicate is None else self._condition(predicate),
        )

    def predicate(self, role: RoleDef) -> Predicate | None:
        """Give the condition under which a role grants the action; None where it does not."""
        said = self._says(role)
        found = None if said is None else condition_of(said)
        if found is None:
            return None
        return all_of(*(self.access.judge(part, self.object_def.key, self.action) for part in found))

    def _says(self, role: RoleDef) -> Statement | None:
        return self.grants.statement(role, self.object_def.key, self.action)

    def _denial(self, denial: Denial) -> Ground:
        return denial_ground(denial, self.through(denial.role))

    def through(self, role: str) -> tuple[str, ...]:
        """Give how a role is held."""
        return through(self.transaction.parts.metamodel, self.transaction.actor.roles, role)

    def _of_parent(self, parent: str) -> Iterator[Ground]:
        action = PARENT_ACTION[self.action]
        definition = self.transaction.parts.metamodel.objects[parent]
        field = self.object_def.parent_field
        above = None if self.context is None or field is None else self.context.this.get(field.name)
        inner = ObjectGrounds(self.transaction, definition, action, None if above is None else str(above), self.show)
        predicate = self.access.of(parent).actions[action]
        met = holds(predicate, inner.context)
        if self.context is not None and above is None:
            met = False
        yield Ground(
            basis=Basis.PARENT,
            holds=met,
            note=f"{action} {parent}",
            parts=decided(tuple(inner.find()), met),
        )

    def _condition(self, predicate: Predicate) -> Any:
        if self.context is None or predicate is EVERYONE:
            return None
        return self.show(self.object_def.key, self.record_id, condition_tree(predicate, self.context))


def denial_ground(denial: Denial, path: tuple[str, ...]) -> Ground:
    """Give what a denial is told as."""
    deny = denial.deny
    return Ground(
        basis=Basis.DENY,
        holds=False,
        role=denial.role,
        through=path,
        at=deny.at,
        written=f"deny: {deny.object}{f'.{deny.field}' if deny.field else ''}: {deny.action}",
    )


def decided(found: Iterable[Ground], answer: Answer | bool | None) -> tuple[Ground, ...]:
    """Mark the grounds that an answer follows from: grants that hold where it is yes, else what keeps it from that."""
    grounds = tuple(found)
    if answer in (Answer.YES, Answer.MASKED, True):
        return tuple(replace(each, decides=each.holds is True) for each in grounds)
    if answer in (Answer.SOMETIMES, None):
        return tuple(replace(each, decides=each.holds is not False or each.basis is Basis.FIELD) for each in grounds)
    passing = {each.basis for each in grounds if each.holds is True}
    return tuple(replace(each, decides=each.holds is False and not _is_made_up(each, passing)) for each in grounds)


def _is_made_up(ground: Ground, passing: set[Basis]) -> bool:
    """Say whether another ground of its kind passes: one grant of several is enough."""
    if ground.basis in (Basis.GRANT, Basis.UNGRANTED):
        return Basis.GRANT in passing
    return ground.basis in (Basis.FIELD, Basis.SHARE) and ground.basis in passing
