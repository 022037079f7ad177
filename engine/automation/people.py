"""From what a rule names as people (users, contacts, queues, roles, teams, addresses, lists) to users and addresses.

Empties are left out and a person met twice counts once. Who is in a queue, team or role is asked of a `Directory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from metamodel.values import Ref
from workflow_dsl.syntax import NamedKind
from workflow_dsl.typed import ListValue, NamedValue, Typed
from workflow_dsl.types import Kind


class Directory(Protocol):
    """Knows who belongs where, and people's addresses."""

    def members(self, object_key: str, record_id: str) -> Iterable[str]:
        """Give the ids of the active users in a team or queue."""
        ...

    def with_role(self, role: str) -> Iterable[str]:
        """Give the ids of the active users who hold a role."""
        ...

    def address(self, object_key: str, record_id: str) -> str | None:
        """Give the mail address of a user or contact; None where it has none or may not be read."""
        ...


class Phonebook(Directory, Protocol):
    """Knows people's phone numbers too."""

    def phone(self, object_key: str, record_id: str) -> str | None:
        """Give the number that an SMS to a user or contact goes to; None where it has none or may not be read."""
        ...

    def called(self, object_key: str, record_id: str) -> str:
        """Give what a user or contact is called, for the trace."""
        ...


def users_of(typed: Typed, value: Any, directory: Directory) -> Iterator[str]:
    """Give the ids of the users that a value names; what is no user, queue, team or role gives nobody."""
    for object_key, key in _references(typed, value):
        match object_key:
            case "user":
                yield key
            case "team" | "queue":
                yield from directory.members(object_key, key)
            case "role":
                yield from directory.with_role(key)


def references_of(typed: Typed, value: Any) -> Iterator[tuple[str | None, str]]:
    """Give object and id of the records that a value names, ("role", name) of roles; None with the text of others."""
    yield from _references(typed, value)


def addresses_of(typed: Typed, value: Any, directory: Directory) -> Iterator[str]:
    """Give the mail addresses that a value names."""
    for object_key, key in _references(typed, value):
        match object_key:
            case None:
                yield key
            case "team" | "queue":
                yield from _addresses(directory.members(object_key, key), directory)
            case "role":
                yield from _addresses(directory.with_role(key), directory)
            case _:
                found = directory.address(object_key, key)
                if found:
                    yield found


def numbers_of(typed: Typed, value: Any, directory: Phonebook) -> Iterator[tuple[str | None, str]]:
    """Give the phone numbers that a value names, each with whose it is; None for who has none."""
    for object_key, key in _references(typed, value):
        match object_key:
            case None:
                yield key, key
            case "team" | "queue":
                yield from _numbers(directory.members(object_key, key), directory)
            case "role":
                yield from _numbers(directory.with_role(key), directory)
            case _:
                yield directory.phone(object_key, key), directory.called(object_key, key)


def _numbers(users: Iterable[str], directory: Phonebook) -> Iterator[tuple[str | None, str]]:
    for user_id in users:
        yield directory.phone("user", user_id), directory.called("user", user_id)


def _addresses(users: Iterable[str], directory: Directory) -> Iterator[str]:
    for user_id in users:
        if found := directory.address("user", user_id):
            yield found


def _references(typed: Typed, value: Any) -> Iterator[tuple[str | None, str]]:
    """Give (object key, id) of records, ("role", name) of roles and (None, text) of addresses."""
    if value is None:
        return
    if isinstance(typed, ListValue):
        for item, inner in zip(typed.items, value, strict=True):
            yield from _references(item, inner)
    elif isinstance(typed, NamedValue):
        yield {NamedKind.QUEUE: "queue", NamedKind.TEAM: "team", NamedKind.ROLE: "role"}[typed.kind], str(value)
    elif isinstance(value, Ref):
        yield value.object, value.id
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _of_item(typed, inner)
    else:
        yield from _of_item(typed, value)


def _of_item(typed: Typed, value: Any) -> Iterator[tuple[str | None, str]]:
    if value is None:
        return
    if isinstance(value, Ref):
        yield value.object, value.id
        return
    type_ = typed.type.item if typed.type.kind is Kind.LIST and typed.type.item is not None else typed.type
    if type_.kind is Kind.RECORD and type_.objects:
        yield type_.objects[0], str(value)
    elif type_.kind is Kind.ROLE:
        yield "role", str(value)
    elif type_.kind is Kind.TEXT:
        yield None, str(value)
