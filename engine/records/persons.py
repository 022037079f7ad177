"""Finds the persons that behaviour events are about, by the values that the object of the events says.

With nobody's eyes: who sends an event need not read persons, and learns nothing of them. A value that several persons
have means none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select

from engine.records.batches import one_of
from engine.records.finding import read_key

if TYPE_CHECKING:
    import datetime as dt

    from engine.records.transaction import Transaction
    from engine.storage.tables import ObjectTable
    from metamodel.behaviour import BehaviourDef
    from metamodel.objects import ObjectDef


def behaviour_objects(objects: Iterable[ObjectDef]) -> list[ObjectDef]:
    """Give the objects whose records are behaviour events."""
    return [each for each in objects if each.behaviour is not None]


def person_object(object_def: ObjectDef) -> str:
    """Give the key of the object whose records are the persons of an object's events."""
    assert object_def.behaviour is not None
    relation = object_def.fields[object_def.behaviour.person].relation
    assert relation is not None, "checked with the app"
    return relation.targets[0]


def find_persons(
    transaction: Transaction, object_def: ObjectDef, events: Sequence[Mapping[str, Any]]
) -> list[str | None]:
    """Give the person of each event, None where nobody or several fit; one statement a key. events: raw values."""
    assert object_def.behaviour is not None
    table = transaction.parts.tables.of(person_object(object_def))
    found: list[str | None] = [None] * len(events)
    for own, other in object_def.behaviour.found_by:
        field = object_def.fields[own]
        wanted = {
            index: _folded(field.value_type, read_key(transaction, field, each[own]))
            for index, each in enumerate(events)
            if found[index] is None and each.get(own) not in (None, "")
        }
        keys = {value for value in wanted.values() if value is not None}
        if not keys:
            continue
        column = _compared(table, other)
        fitting = one_of(column, sorted(keys), transaction.database.dialect)
        query = select(column, table.table.c["id"]).where(fitting, table.table.c["deleted_at"].is_(None))
        ids: dict[Any, list[str]] = {}
        for value, record_id in transaction.connection.execute(query):
            ids.setdefault(value, []).append(str(record_id))
        for index, value in wanted.items():
            if len(ids.get(value, ())) == 1:
                found[index] = ids[value][0]
    return found


def joinable_events(
    transaction: Transaction,
    object_def: ObjectDef,
    key: int,
    *,
    since: dt.datetime | None,
    after: str | None,
    limit: int,
) -> list[tuple[str, str]]:
    """Give waiting events that exactly one person fits by a key, by id, with the person.

    since: of persons changed since then only. after: only events after that one.
    """
    assert object_def.behaviour is not None
    tables = transaction.parts.tables
    events, persons = tables.of(object_def.key), tables.of(person_object(object_def))
    query = _joinable(events, persons, object_def.behaviour, key, since).limit(limit)
    if after is not None:
        query = query.where(events.table.c["id"] > after)
    return [(str(event), str(person)) for event, person in transaction.connection.execute(query)]


def _joinable(
    events: ObjectTable, persons: ObjectTable, behaviour: BehaviourDef, key: int, since: dt.datetime | None
) -> Select[Any]:
    own, other = behaviour.found_by[key]
    event, person = events.table, persons.table
    # An alias: events may be about records of their own object.
    named = person.alias()
    fits = _compared(events, own) == _compared(persons, other, named)
    waiting = (events.column(behaviour.person).is_(None), event.c["deleted_at"].is_(None))
    query = select(event.c["id"], func.min(cast(named.c["id"], Text))).select_from(event.join(named, fits))
    query = query.where(*waiting, named.c["deleted_at"].is_(None)).group_by(event.c["id"])
    if since is not None:
        lately = select(_compared(persons, other)).where(person.c["modified_at"] >= since)
        query = query.where(_compared(events, own).in_(lately))
    return query.having(func.count() == 1).order_by(event.c["id"])


def _compared(table: ObjectTable, name: str, alias: Any = None) -> ColumnElement[Any]:
    column: Any = table.column(name)
    if alias is not None:
        column = alias.c[column.name]
    return func.lower(column, type_=Text()) if table.object.fields[name].value_type == "email" else column


def _folded(value_type: str, value: Any) -> Any:
    return value.lower() if value_type == "email" and isinstance(value, str) else value
