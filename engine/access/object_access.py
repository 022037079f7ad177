"""The rights on one object, put together: where each action is granted, and which fields may be read and set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.access.grants import READ_ACTIONS
from engine.access.predicates import EVERYONE, NOBODY, Predicate
from metamodel.access import OBJECT_ACTIONS
from metamodel.objects import ObjectDef


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAccess:
    """Where a field may be read, is shown masked, may be updated and may be set on creation."""

    read: Predicate
    masked: Predicate
    update: Predicate
    create: Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAccess:
    """What may be done with the records of one object.

    actions: action → condition. readable: fields that may be read somewhere; whole: those readable in every readable
    record. masked: fields that some record shows masked; they are shown and set, and nothing else is done with them.
    updatable, creatable: fields that may be set somewhere.
    """

    key: str
    actions: Mapping[str, Predicate]
    fields: Mapping[str, FieldAccess]
    readable: frozenset[str]
    whole: frozenset[str]
    masked: frozenset[str]
    updatable: frozenset[str]
    creatable: frozenset[str]

    @property
    def visible(self) -> bool:
        """Whether any record may be read."""
        return self.actions["read"] is not NOBODY

    @property
    def shown(self) -> frozenset[str]:
        """The fields that are shown somewhere, in clear or masked."""
        return self.readable | self.masked if self.masked else self.readable

    @property
    def known(self) -> bool:
        """Whether the object exists for these roles at all."""
        return any(predicate is not NOBODY for predicate in self.actions.values())

    def may(self, action: str) -> bool:
        """Say whether the action is granted on any record."""
        return self.actions.get(action, NOBODY) is not NOBODY


def full_access(object_def: ObjectDef) -> ObjectAccess:
    """Give the product's own rights on an object."""
    # What lies in another database is read, and written by nobody here.
    writing: Predicate = EVERYONE if object_def.source is None else NOBODY
    everything = FieldAccess(read=EVERYONE, masked=NOBODY, update=writing, create=writing)
    actions: dict[str, Predicate] = dict.fromkeys(OBJECT_ACTIONS, writing)
    actions |= dict.fromkeys(READ_ACTIONS, EVERYONE)
    return object_access(object_def.key, actions, dict.fromkeys(object_def.fields, everything))


def object_access(key: str, actions: Mapping[str, Predicate], fields: Mapping[str, FieldAccess]) -> ObjectAccess:
    """Put the rights on an object together."""
    return ObjectAccess(
        key=key,
        actions=MappingProxyType(dict(actions)),
        fields=MappingProxyType(dict(fields)),
        readable=frozenset(name for name, item in fields.items() if item.read is not NOBODY),
        whole=frozenset(name for name, item in fields.items() if item.read is EVERYONE),
        masked=frozenset(n for n, item in fields.items() if item.masked is not NOBODY and item.read is not EVERYONE),
        updatable=frozenset(name for name, item in fields.items() if item.update is not NOBODY and _is_seen(item)),
        creatable=frozenset(name for name, item in fields.items() if item.create is not NOBODY and _is_seen(item)),
    )


def _is_seen(item: FieldAccess) -> bool:
    # What may not be read is not to be used at all: a field written blind would tell by its refusals.
    return item.read is not NOBODY or item.masked is not NOBODY
