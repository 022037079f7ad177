"""Explains access to people: may somebody do this, and why; and who may do it with a record.

Everybody may ask about themselves; about others, who administers users or configures. Places in files and what roles
say are told to those; others are told the kind of reason, and of conditions what they may see themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.access.actor import Actor
from engine.access.explaining.answers import AccessAnswer, Answer, Asked, Basis, Ground
from engine.access.explaining.controls_told import control_grounds
from engine.access.explaining.field_answers import FieldAnswer, field_answers
from engine.access.explaining.field_grounds import FieldGrounds, lock_grounds
from engine.access.explaining.grounds import ObjectGrounds, Tree, decided
from engine.access.explaining.judging import EXPORT_RIGHT, judge
from engine.access.explaining.shares_told import share_grounds
from engine.automation.run_views import ConditionPart
from engine.automation.trace import part_of
from engine.errors import AccessDenied, UnknownObject
from engine.records.query_problems import problem
from metamodel.access import OBJECT_ACTIONS
from metamodel.names import did_you_mean

if TYPE_CHECKING:
    from engine.accounts.users import UserRow
    from engine.records.service import Records
    from engine.records.transaction import Transaction
    from engine.releases.release import Release
    from metamodel.objects import ObjectDef

ABOUT_OTHERS = ("manage_users", "configure")
RECORD_ACTIONS = ("read", "update", "delete")
NEEDED = "it needs the system right 'manage_users' or 'configure'."
Eyes = Callable[[Actor, str, str], Container[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsAccess:
    """What one person may do with a record, and the grounds on which it is read or not."""

    user_id: str
    login: str
    name: str
    answers: dict[str, Answer]
    because: tuple[Ground, ...]


class AccessExplainer:
    """Answers may-questions with their reasons. eyes: what a viewer may see of conditions about a record."""

    def __init__(self, records: Records, eyes: Eyes) -> None:
        self._records = records
        self._eyes = eyes

    def may_ask_about_others(self, viewer: Actor) -> bool:
        """Say whether somebody may ask what others may do."""
        access = self._records.access(viewer)
        return any(access.has_right(right) for right in ABOUT_OTHERS)

    def explain(
        self, viewer: Actor, person: UserRow | None, asked: Asked, *, release: Release | None = None
    ) -> AccessAnswer:
        """Say whether somebody (None: the viewer) may do something and why.

        Raises: UnknownObject, UnknownField, RecordNotFound for what the viewer may not know; AccessDenied.
        """
        about = viewer if person is None else person.actor()
        informed = self.may_ask_about_others(viewer)
        if about.user_id != viewer.user_id and not informed:
            raise AccessDenied("explain", "access", NEEDED)
        with self._records.reading(viewer, release=release) as transaction:
            key = _known_to(transaction, asked)
        enabled = person is None or person.enabled
        with self._records.reading(about, release=release) as transaction:
            found = self._answer(viewer, transaction, replace(asked, object=key), informed=informed)
        return found if enabled else _switched_off(found)

    def people(
        self, viewer: Actor, people: Sequence[UserRow], object_key: str, record_id: str
    ) -> Sequence[PersonsAccess]:
        """Say of each of some people what they may do with a record.

        Raises: UnknownObject, RecordNotFound, AccessDenied.
        """
        if not self.may_ask_about_others(viewer):
            raise AccessDenied("explain", "access", NEEDED)
        asked = Asked(action="read", object=object_key, record_id=record_id)
        with self._records.reading(viewer) as transaction:
            asked = replace(asked, object=_known_to(transaction, asked))
        return [self._of_person(viewer, person, asked) for person in people]

    def fields(self, viewer: Actor, person: UserRow | None, asked: Asked) -> Sequence[FieldAnswer]:
        """Say of each field of a record that the viewer may know of whether somebody sees and changes it.

        Raises: UnknownObject, RecordNotFound, AccessDenied.
        """
        about = viewer if person is None else person.actor()
        if about.user_id != viewer.user_id and not self.may_ask_about_others(viewer):
            raise AccessDenied("explain", "access", NEEDED)
        with self._records.reading(viewer) as transaction:
            key = _known_to(transaction, asked)
            shown = transaction.access.of(key).shown
        with self._records.reading(about) as transaction:
            return field_answers(transaction, key, asked.record_id or "", shown)

    def _of_person(self, viewer: Actor, person: UserRow, asked: Asked) -> PersonsAccess:
        with self._records.reading(person.actor()) as transaction:
            object_def = transaction.parts.metamodel.objects[asked.object]
            reading = self._answer(viewer, transaction, asked, informed=True)
            reading = reading if person.enabled else _switched_off(reading)
            answers = {action: Answer.NO for action in RECORD_ACTIONS} | {"read": reading.answer}
            if reading.answer is Answer.YES:
                for action in RECORD_ACTIONS[1:]:
                    answers[action] = judge(transaction, object_def, replace(asked, action=action))
        return PersonsAccess(
            user_id=person.id,
            login=person.login,
            name=person.name,
            answers=answers,
            because=tuple(reading.deciding()),
        )

    def _answer(self, viewer: Actor, transaction: Transaction, asked: Asked, *, informed: bool) -> AccessAnswer:
        actor = transaction.actor
        object_def = transaction.parts.metamodel.objects[asked.object]

        def show(object_key: str, record_id: str | None, tree: Tree) -> ConditionPart | None:
            eyes = self._eyes(viewer, object_key, record_id or "")
            part = part_of(tree, eyes)
            return part if part is None or informed else _without_hidden_names(part)

        answer = judge(transaction, object_def, asked)
        grounds = decided(_grounds(transaction, object_def, asked, show), answer)
        of_control: tuple[Ground, ...] = ()
        if asked.action == "update" and asked.field is not None and transaction.access.grants is not None:
            on = ObjectGrounds(transaction, object_def, asked.action, asked.record_id, show)
            of_control = tuple(control_grounds(on, object_def.fields[asked.field]))
        return AccessAnswer(
            asked=asked,
            login=actor.login,
            roles=tuple(sorted(actor.roles)),
            answer=answer,
            grounds=grounds if informed else tuple(_without_places(each) for each in grounds),
            of_control=of_control if informed else tuple(_without_places(each) for each in of_control),
        )


def _grounds(transaction: Transaction, object_def: ObjectDef, asked: Asked, show: Any) -> list[Ground]:
    if transaction.access.grants is None:
        return [Ground(basis=Basis.SYSTEM, holds=True)]
    found: list[Ground] = []
    if asked.action == "export":
        found += _right_grounds(transaction)
    on = ObjectGrounds(transaction, object_def, asked.action, asked.record_id, show)
    found += on.find()
    if asked.action not in ("read", "create") and asked.record_id is not None:
        first = ObjectGrounds(transaction, object_def, "read", asked.record_id, show)
        may_read = judge(transaction, object_def, replace(asked, action="read", field=None))
        found.append(
            Ground(
                basis=Basis.READ_FIRST,
                holds=may_read is Answer.YES,
                note=object_def.name,
                parts=decided(tuple(first.find()), may_read),
            )
        )
    if asked.record_id is not None:
        found += share_grounds(transaction, object_def, asked.action, asked.record_id)
    if asked.field is not None:
        found += FieldGrounds(on, object_def.fields[asked.field]).find()
    found += lock_grounds(on, asked.field)
    return found


def _right_grounds(transaction: Transaction) -> list[Ground]:
    grants = transaction.access.grants
    held = [role for role in grants.roles if EXPORT_RIGHT in role.system] if grants is not None else []
    if not held:
        return [Ground(basis=Basis.RIGHT, holds=False, note=EXPORT_RIGHT)]
    return [Ground(basis=Basis.RIGHT, holds=True, role=role.name, at=role.at, note=EXPORT_RIGHT) for role in held]


def _known_to(transaction: Transaction, asked: Asked) -> str:
    """Give the object's key, where the viewer may know of all that is asked about."""
    found = transaction.parts.metamodel.find_object(asked.object)
    if found is None or asked.action not in OBJECT_ACTIONS or not transaction.access.of(found.key).known:
        raise UnknownObject(asked.object)
    informed = any(transaction.access.has_right(right) for right in ABOUT_OTHERS)
    known = found.fields.keys() if informed else transaction.access.of(found.key).shown
    if asked.field is not None and asked.field not in known:
        message = f"'{asked.field}' is not a field of {found.key} or a path to one"
        raise problem("EXP903", message, did_you_mean(asked.field, known))
    if asked.record_id is not None and not transaction.access.of(found.key).visible:
        raise UnknownObject(asked.object)
    if asked.record_id is not None:
        transaction.reader.require_readable(found, asked.record_id)
    return found.key


def _switched_off(found: AccessAnswer) -> AccessAnswer:
    kept = tuple(replace(each, decides=False) for each in found.grounds)
    off = Ground(basis=Basis.SWITCHED_OFF, holds=False, decides=True)
    return replace(found, answer=Answer.NO, grounds=(off, *kept))


def _without_places(ground: Ground) -> Ground:
    return replace(
        ground,
        at=None,
        written="",
        role="" if ground.basis in (Basis.DENY, Basis.GRANT, Basis.UNGRANTED, Basis.FIELD) else ground.role,
        through=(),
        parts=tuple(_without_places(each) for each in ground.parts),
    )


def _without_hidden_names(part: ConditionPart) -> ConditionPart:
    """Leave out the texts that name what the viewer may not see."""
    parts = tuple(_without_hidden_names(each) for each in part.parts)
    hidden = part.masked or any(not each.text for each in parts)
    return replace(part, text="" if hidden else part.text, parts=() if hidden else parts)
