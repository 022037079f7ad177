"""Who a person is in the records: the records named, their parts, what they became or came from, and namesakes by mail.

The values of a person are the texts of the personal fields of these records. A text that another record has in a
personal field as well is that person's too, and is looked for in the person's own rows only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, or_, select

from engine.errors import EngineError
from engine.privacy.values import PersonValues, is_distinct
from engine.records.identifiers import could_be_id
from engine.records.personal import PersonalValues
from engine.records.transaction import Transaction
from engine.storage.sealing import SealedText
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef, ObjectDef

RecordKey = tuple[str, str]
_TEXTS = frozenset(("text", "long_text", "rich_text", "email", "phone", "url", "barcode"))
_PARTS = frozenset(("person_name", "address"))


class PersonUnclear(EngineError):
    """The record named is not there, or not one that can be a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """records: all that is the person's own, parts too. known: values to be found anywhere; own: all of them."""

    records: tuple[RecordKey, ...]
    known: PersonValues
    own: PersonValues

    def ids(self, object_key: str) -> list[str]:
        """Give the ids of an object's records."""
        return [record_id for key, record_id in self.records if key == object_key]


def read_key(transaction: Transaction, text: str) -> RecordKey:
    """Read `object:id`.

    Raises: PersonUnclear.
    """
    name, _, record_id = text.partition(":")
    object_def = transaction.parts.metamodel.objects.get(name)
    if object_def is None or object_def.source is not None or name == "user":
        hint = "write contact:ID; users are off-boarded"
        raise PersonUnclear(f"'{name}' is no object whose records can be erased; {hint}.")
    if not could_be_id(record_id) or _row(transaction, (name, record_id)) is None:
        raise PersonUnclear(f"There is no record {record_id} of {name}.")
    return name, record_id


def find_person(transaction: Transaction, keys: Iterable[RecordKey], *, only: bool = False) -> Person:
    """Find all records of a person. only: none besides those named and their parts."""
    found: dict[RecordKey, None] = dict.fromkeys(keys)
    if not only:
        _add(found, lambda: _fates(transaction, found))
        _add(found, lambda: _by_mail(transaction, tuple(found)))
    _add(found, lambda: (part for each in tuple(found) for part in _parts(transaction, each)))
    texts = [each for key in found for each in (*_texts(transaction, key), *_earlier(transaction, key))]
    anywhere = {text for text, is_common in texts if not is_common and is_distinct(text)}
    return Person(
        records=tuple(found),
        known=PersonValues(text for text in anywhere if not _is_held(transaction, text, found)),
        own=PersonValues(text for text, _ in texts),
    )


def _add(found: dict[RecordKey, None], more: Any) -> None:
    """Add what is found from what was found, as long as there is more."""
    while True:
        new = [key for key in more() if key not in found]
        if not new:
            return
        found.update(dict.fromkeys(new))


def personal_texts(object_def: ObjectDef) -> list[FieldDef]:
    """Give the personal fields of an object whose values are texts."""
    fields = (each for each in object_def.fields.values() if each.personal)
    return [each for each in fields if each.value_type in _TEXTS or each.value_type in _PARTS]


def _row(transaction: Transaction, key: RecordKey) -> Mapping[str, Any] | None:
    table = transaction.parts.tables.of(key[0]).table
    found = transaction.connection.execute(select(table).where(table.c["id"] == key[1])).mappings().first()
    return None if found is None else dict(found)


def _texts(transaction: Transaction, key: RecordKey) -> Iterator[tuple[str, bool]]:
    """Give the texts of a record, and whether they are common words that many share, such as a town."""
    row, table = _row(transaction, key), transaction.parts.tables.of(key[0])
    personal = personal_texts(table.object)
    if row is None:
        return
    for field in personal:
        codec = table.codecs[field.name]
        values = [row[column.name] for column in codec.columns]
        is_common = field.value_type in _PARTS
        yield from (
            (text, is_common and name != f"{field.name}_street")
            for name, value in zip(codec.names, values, strict=True)
            for text in _flat(value)
        )
        if field.value_type == "person_name":
            yield str(codec.from_columns(values) or ""), False
    if table.title is not None and any(re.search(rf"\b{field.name}\b", table.object.title.text) for field in personal):
        yield from ((text, False) for text in _flat(row[table.title.name]))


def _earlier(transaction: Transaction, key: RecordKey) -> Iterator[tuple[str, bool]]:
    """Give the texts that a record had once, as far as the audit log can be read."""
    audit, opened = transaction.system.audit, PersonalValues(transaction)
    fields = {each.name: each for each in personal_texts(transaction.parts.metamodel.objects[key[0]])}
    query = select(audit.c.changes).where(audit.c.object == key[0], audit.c.record_id == key[1])
    for (written,) in transaction.connection.execute(query).all() if fields else ():
        changes = orjson.loads(written) if isinstance(written, str) else written or {}
        for name in fields.keys() & changes.keys():
            for value in map(opened.open, changes[name]):
                parts = value.values() if isinstance(value, Mapping) else (value,)
                is_common = isinstance(value, Mapping)
                yield from ((text, is_common) for part in parts for text in _flat(part))


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (str(each) for each in value)


def _is_held(transaction: Transaction, text: str, own: Collection[RecordKey]) -> bool:
    """Tell whether a record that is not the person's has a text in a personal field as its whole value."""
    for table in transaction.parts.tables:
        columns = [
            column
            for field in personal_texts(table.object)
            for column in table.codecs[field.name].columns
            if not isinstance(column.type, SealedText) and not field.holds_several
        ]
        if not columns or table.object.source is not None:
            continue
        same = or_(*(func.lower(column) == func.lower(text) for column in columns))
        ids = [str(row[0]) for row in transaction.connection.execute(select(table.table.c["id"]).where(same))]
        if any((table.object.key, each) not in own for each in ids):
            return True
    return False


def _fates(transaction: Transaction, found: Collection[RecordKey]) -> Iterator[RecordKey]:
    """Give what records were merged into or from or converted into, of objects with personal fields."""
    merge, conversion = transaction.system.merge, transaction.system.conversion
    about = {key for key, each in transaction.parts.metamodel.objects.items() if personal_texts(each)}
    for key, record_id in tuple(found):
        pairs = select(merge.c.record_id, merge.c.into_id).where(
            merge.c.object == key,
            merge.c.undone_at.is_(None),
            or_(merge.c.record_id == record_id, merge.c.into_id == record_id),
        )
        for row in transaction.connection.execute(pairs):
            yield from ((key, str(each)) for each in row)
        made = select(conversion.c.made).where(conversion.c.object == key, conversion.c.record_id == record_id)
        for (value,) in transaction.connection.execute(made):
            yield from (each for each in _named_in(value) if each[0] in about)


def _named_in(made: Any) -> Iterator[RecordKey]:
    if isinstance(made, Mapping):
        if "object" in made and "id" in made:
            yield str(made["object"]), str(made["id"])
        for key, value in made.items():
            if isinstance(value, str) and could_be_id(value):
                yield str(key), value
            else:
                yield from _named_in(value)
    elif isinstance(made, list):
        for each in made:
            yield from _named_in(each)


def _by_mail(transaction: Transaction, found: Collection[RecordKey]) -> Iterator[RecordKey]:
    """Give the records of other objects whose personal mail address is one of these records'."""
    addresses = {
        str(row[field.name]).lower()
        for key in found
        for field in _mails(transaction.parts.metamodel.objects[key[0]])
        if (row := _row(transaction, key)) is not None and row[field.name]
    }
    for table in transaction.parts.tables if addresses else ():
        for field in _mails(table.object):
            same = func.lower(table.column(field.name)).in_(sorted(addresses))
            query = select(table.table.c["id"]).where(same)
            yield from ((table.object.key, str(row[0])) for row in transaction.connection.execute(query))


def _mails(object_def: ObjectDef) -> list[FieldDef]:
    fields = personal_texts(object_def) if object_def.source is None else ()
    return [each for each in fields if each.value_type == "email" and not (each.encrypted or each.holds_several)]


def _parts(transaction: Transaction, key: RecordKey) -> Iterator[RecordKey]:
    """Give the records that a record owns and the events of what the person did, those in the bin too."""
    for inverse in transaction.parts.metamodel.objects[key[0]].inverses.values():
        if inverse.owned or _is_done_by(transaction, inverse):
            table = transaction.parts.tables.of(inverse.object)
            query = select(table.table.c["id"]).where(table.column(inverse.field) == key[1])
            yield from ((inverse.object, str(row[0])) for row in transaction.connection.execute(query))


def _is_done_by(transaction: Transaction, inverse: InverseDef) -> bool:
    behaviour = transaction.parts.metamodel.objects[inverse.object].behaviour
    return behaviour is not None and behaviour.person == inverse.field
