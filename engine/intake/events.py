"""Takes behaviour events in: each id once, with the rights of who sends it, for the person it is about.

An event is a record made through the one door. Its id and what it said are noted in the same commit, so that of two
that send it at once one makes it. Whether the person is known is told to nobody who may not read it of the record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Table, select, update

from engine import faults
from engine.access.actor import Actor, system_actor
from engine.accounts.upsert import insert_if_absent
from engine.errors import AccessDenied, EngineError, FieldError, ValidationFailed
from engine.records.hooks import Placed
from engine.records.persons import find_persons
from engine.records.saving.bulk import refused_row
from engine.records.saving.messages import say
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef

MOST = 1_000
LONGEST_ID = 200
OUTCOMES = TAKEN, REPEATED, REFUSED = "taken", "repeated", "refused"


class NoEvents(EngineError):
    """The object named takes no events in."""

    def __init__(self, object_key: str) -> None:
        super().__init__(f"Records of '{object_key}' are no behaviour events: its file has no 'events:'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """One event as it came. id: the sender's, which it has for good. values: raw values by field."""

    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """What became of an event. outcome: taken, repeated or refused. record_id: of the record, None where refused."""

    outcome: str
    record_id: str | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIntake:
    """The behaviour events of an installation."""

    records: Records
    system: SystemTables

    def take(
        self, actor: Actor, release: Release, object_key: str, events: Sequence[SentEvent]
    ) -> Sequence[EventResult]:
        """Take events in, each in a commit of its own, in their order; what was taken is not taken again.

        Raises: UnknownObject; NoEvents; AccessDenied where the actor makes no records of the object.
        """
        with self.records.reading(actor, release=release) as transaction:
            object_def = transaction.object_def(object_key)
            if object_def.behaviour is None:
                raise NoEvents(object_key)
            if not transaction.access.of(object_key).may("create"):
                raise AccessDenied("create", object_key, say("no_right", actor.language))
        with self.records.reading(system_actor(), release=release) as transaction:
            persons = find_persons(transaction, object_def, [each.values for each in events])
        return [
            self._take(actor, release, object_def, event, person) for event, person in zip(events, persons, strict=True)
        ]

    def _take(
        self, actor: Actor, release: Release, object_def: ObjectDef, event: SentEvent, person: str | None
    ) -> EventResult:
        try:
            with self.records.transaction(actor, release=release) as transaction:
                return self._once(transaction, object_def, event, person)
        except (ValidationFailed, AccessDenied) as refused:
            return EventResult(outcome=REFUSED, errors=refused_row(None, refused).errors)

    def _once(
        self, transaction: Transaction, object_def: ObjectDef, event: SentEvent, person: str | None
    ) -> EventResult:
        table, said = self.system.event, _digest(event.values)
        row = {"object": object_def.key, "event_id": event.id, "digest": said, "created_at": transaction.now}
        if not insert_if_absent(transaction.connection, table, row):
            return self._before(transaction, table, object_def, event, said)
        assert object_def.behaviour is not None
        name = object_def.behaviour.person
        if person is not None and event.values.get(name) is None:
            placed = Placed(object=object_def.key, values={name: person})
            transaction.cause = replace(transaction.cause, placed=placed)
        # Nobody is there who could judge a warning; who works on the record sees what it was.
        made = transaction.create(object_def.key, event.values, confirm=None).record.id
        noted = (table.c.object == object_def.key) & (table.c.event_id == event.id)
        transaction.connection.execute(update(table).where(noted).values(record_id=made))
        faults.reach("event.before_commit")
        return EventResult(outcome=TAKEN, record_id=made)

    def _before(
        self, transaction: Transaction, table: Table, object_def: ObjectDef, event: SentEvent, said: str
    ) -> EventResult:
        same = (table.c.object == object_def.key) & (table.c.event_id == event.id)
        found = transaction.connection.execute(select(table.c.digest, table.c.record_id).where(same)).one()
        if found.digest == said:
            return EventResult(outcome=REPEATED, record_id=str(found.record_id))
        message = say("event_differs", transaction.actor.language)
        return EventResult(outcome=REFUSED, errors=(FieldError(code="event_differs", message=message, field="id"),))


def _digest(values: Mapping[str, Any]) -> str:
    """Give what tells whether two events say the same, however their keys are ordered."""
    text = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
