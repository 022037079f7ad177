"""Personal values in the audit log: kept encrypted with a key of their record, which can be destroyed.

An entry stays as it was written and its seal holds; without the key nobody can read what its personal values were.
Keys are random, made with the first entry of a record and kept in fs_person_key. Who destroys them is engine/privacy.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from engine.records.batches import one_of
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MARK = "fsp."
"""How a value begins that is kept so; then its key's id, a full stop, and what is encrypted."""
_NONCE = 12
_ID_BYTES = 9


@dataclass(frozen=True, slots=True)
class PersonKey:
    """The key of one record."""

    id: str
    key: bytes

    def seal(self, value: Any) -> str:
        """Encrypt a value in its JSON form."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self.key).encrypt(nonce, orjson.dumps(value, default=str), self.id.encode())
        return f"{MARK}{self.id}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str) -> Any:
        """Decrypt what `seal` gave; None where it was changed."""
        try:
            raw = urlsafe_b64decode(sealed.rpartition(".")[2])
            return orjson.loads(AESGCM(self.key).decrypt(raw[:_NONCE], raw[_NONCE:], self.id.encode()))
        except (InvalidTag, BadBase64, ValueError):
            return None


def is_kept_so(value: object) -> bool:
    """Tell whether a value of an entry is an encrypted one."""
    return isinstance(value, str) and value.startswith(MARK)


def key_of(sealed: str) -> str:
    """Give the id of the key that an encrypted value needs."""
    return sealed.split(".", 2)[1]


class PersonalValues:
    """Opens personal values of entries within one transaction; each key is asked for once."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._keys: dict[str, PersonKey | None] = {}

    def open(self, value: Any) -> Any:
        """Give a value as it was, None where its key is gone; what is not encrypted stays as it is."""
        if not is_kept_so(value):
            return value
        name = key_of(value)
        if name not in self._keys:
            table = self._transaction.system.person_key
            found = self._transaction.connection.execute(select(table.c.key).where(table.c.id == name)).scalar()
            self._keys[name] = None if found is None else PersonKey(name, bytes.fromhex(found))
        key = self._keys[name]
        return None if key is None else key.open(value)


def personal_fields(object_def: ObjectDef | None) -> frozenset[str]:
    """Give the fields of an object whose values tell of a person; encrypted ones stand in no entry anyway."""
    fields = object_def.fields.values() if object_def is not None else ()
    return frozenset(each.name for each in fields if each.personal and not each.encrypted)


def personal_of(transaction: Transaction, object_key: str) -> frozenset[str]:
    """Give the personal fields of an object of the release."""
    parts = transaction.parts
    found: frozenset[str] = parts.made(
        ("personal", object_key), lambda: personal_fields(parts.metamodel.objects.get(object_key))
    )
    return found


def seal_entries(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give rows of the audit log as they are kept: personal values encrypted."""
    named = {key: personal_of(transaction, key) for key in {row["object"] for row in rows}}
    wanted: dict[str, set[str]] = {}
    for row in rows:
        if not named[row["object"]].isdisjoint(row["changes"]):
            wanted.setdefault(row["object"], set()).add(row["record_id"])
    if not wanted:
        return [dict(row) for row in rows]
    keys = {object_key: _keys(transaction, object_key, ids) for object_key, ids in wanted.items()}
    return [
        {**row, "changes": _sealed(row["changes"], named[row["object"]], keys[row["object"]][row["record_id"]])}
        if row["record_id"] in keys.get(row["object"], ())
        else dict(row)
        for row in rows
    ]


def seal_texts(transaction: Transaction, new: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """Do the same for rows that are given by column, their changes written already."""
    personal = personal_of(transaction, new["object"][0]) if new.get("object") else frozenset()
    if not personal:
        return new
    keys = _keys(transaction, new["object"][0], new["record_id"])
    pairs = zip(new["record_id"], new["changes"], strict=True)
    texts = [orjson.dumps(_sealed(orjson.loads(text), personal, keys[each])).decode() for each, text in pairs]
    return {**new, "changes": texts}


def _sealed(changes: Mapping[str, Any], personal: Collection[str], key: PersonKey) -> dict[str, Any]:
    return {
        name: [None if each is None else key.seal(each) for each in pair] if name in personal else pair
        for name, pair in changes.items()
    }


def _keys(transaction: Transaction, object_key: str, ids: Collection[str]) -> dict[str, PersonKey]:
    """Give the keys of records, made where there are none yet; who writes an entry holds the record's lock."""
    table = transaction.system.person_key
    wanted = one_of(table.c.record_id, ids, transaction.database.dialect)
    query = select(table.c.record_id, table.c.id, table.c.key).where(table.c.object == object_key, wanted)
    found = {str(row[0]): PersonKey(row[1], bytes.fromhex(row[2])) for row in transaction.connection.execute(query)}
    missing = [each for each in ids if each not in found]
    for each in missing:
        found[each] = PersonKey(urlsafe_b64encode(os.urandom(_ID_BYTES)).decode(), os.urandom(32))
    rows = [{"id": found[i].id, "object": object_key, "record_id": i, "key": found[i].key.hex()} for i in missing]
    transaction.insert_many(table, rows)
    return found
