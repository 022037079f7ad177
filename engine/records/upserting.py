"""One record created or changed by its external id, however many ask for it at the same time.

Which record is meant is asked in the transaction of the save. Where another call takes the id, or deletes the record,
between the asking and the writing, it begins again and sees that; the database's own constraint decides who was first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.errors import FieldError, RecordNotFound, ValidationFailed
from engine.records.finding import find_by_fields, read_key
from engine.records.saving.messages import say
from engine.records.types import Saved

if TYPE_CHECKING:
    from engine.access.actor import Actor
    from engine.records.service import Records
    from engine.records.transaction import Transaction
    from engine.releases.release import Release
    from metamodel.objects import ObjectDef

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """What is asked. by, key: the external id and its value as it came. version: only if the record still has that."""

    object: str
    by: str
    key: str
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    version: int | None = None
    confirm: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Upserted:
    """The saved record, and whether it is new."""

    saved: Saved
    is_new: bool


def upsert(records: Records, actor: Actor, release: Release, asked: Upsert) -> Upserted:
    """Change the record that has the external id, or create it.

    Raises: UnknownObject; ValidationFailed where `by` is no external id that the actor may read, its value can't be
    one, or the body names another one; whatever a create or an update raises.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with records.transaction(actor, release=release) as transaction:
                return _once(transaction, asked)
        except RecordNotFound:
            if attempt == _ATTEMPTS:
                raise
        except ValidationFailed as refused:
            if attempt == _ATTEMPTS or not _is_taken(refused, asked.by):
                raise
    raise AssertionError("the last attempt returns or raises")


def external_ids(object_def: ObjectDef) -> list[str]:
    """Give the fields by which one record can be created or changed."""
    return [name for name, each in object_def.fields.items() if each.external_id and not each.multiple]


def _once(transaction: Transaction, asked: Upsert) -> Upserted:
    object_def = transaction.object_def(asked.object)
    key = _key(transaction, object_def, asked)
    found = find_by_fields(transaction, object_def.key, (asked.by,), {key})
    record_id = next((ids[0] for ids in found.values()), None)
    confirm = asked.confirm
    if record_id is not None:
        values = {name: value for name, value in asked.values.items() if name != asked.by}
        return Upserted(
            transaction.update(object_def.key, record_id, values, version=asked.version, confirm=confirm), False
        )
    if asked.version is not None:
        raise RecordNotFound(object_def.key, asked.key)
    given = {} if object_def.fields[asked.by].is_computed else {asked.by: asked.key}
    saved = transaction.create(object_def.key, {**asked.values, **given}, confirm=confirm)
    if saved.record.values.get(asked.by, key) != key:
        raise _refused(transaction, "key_differs", asked.by, value=asked.key)
    return Upserted(saved, True)


def _key(transaction: Transaction, object_def: ObjectDef, asked: Upsert) -> Any:
    readable = transaction.access.of(object_def.key).readable
    known = [name for name in external_ids(object_def) if name in readable]
    if asked.by not in known:
        raise _refused(transaction, "no_key", "by", names=", ".join(known) or "–")
    definition = object_def.fields[asked.by]
    key = read_key(transaction, definition, asked.key)
    if key is None:
        raise _refused(transaction, "bad_key", asked.by)
    named = asked.values.get(asked.by, asked.key)
    if named != asked.key and read_key(transaction, definition, named) != key:
        raise _refused(transaction, "key_differs", asked.by, value=asked.key)
    return key


def _refused(transaction: Transaction, code: str, name: str, **words: str) -> ValidationFailed:
    message = say(code, transaction.actor.language, **words)
    return ValidationFailed([FieldError(code=code, message=message, field=name)])


def _is_taken(refused: ValidationFailed, name: str) -> bool:
    return any(each.code == "not_unique" and each.field == name for each in refused.errors)
