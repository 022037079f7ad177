"""What the audit log says of a person: entries about the person's records, and others that mention a value.

Entries are never changed. Personal values in them are opened with the keys of their records; destroying a key is what
forgets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Text, cast, false, or_, select

from engine.privacy.people import Person
from engine.records.personal import MARK, PersonalValues, is_kept_so, key_of
from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One entry. changes: opened. is_own: about a record of the person. keys: those whose values mention the person.

    is_clear: it mentions the person in values that were not encrypted.
    """

    row: Mapping[str, Any]
    changes: Mapping[str, Any]
    is_own: bool
    keys: frozenset[str]
    is_clear: bool


def mentions(transaction: Transaction, person: Person) -> Iterator[Mention]:
    """Give all entries about a person, the oldest first."""
    audit, personal = transaction.system.audit, PersonalValues(transaction)
    text = cast(audit.c.changes, Text)
    objects = dict.fromkeys(key for key, _ in person.records)
    own = [(audit.c.object == key) & audit.c.record_id.in_(person.ids(key)) for key in objects]
    named = person.known.may_be_in(audit.c.changes) if person.known else false()
    sealed = text.contains(MARK, autoescape=True) if person.known else false()
    query = select(audit).where(or_(false(), *own, named, sealed)).order_by(audit.c.id)
    for row in transaction.connection.execute(query).mappings().all():
        found = _mention(dict(row), person, personal)
        if found is not None:
            yield found


def _mention(row: Mapping[str, Any], person: Person, personal: PersonalValues) -> Mention | None:
    written = row["changes"]
    changes = orjson.loads(written) if isinstance(written, str) else written or {}
    opened, keys, is_clear = {}, set(), False
    for name, pair in changes.items():
        values = pair if isinstance(pair, list) else [pair]
        for value in values:
            if is_kept_so(value):
                if person.known.is_in(personal.open(value)):
                    keys.add(key_of(value))
            elif person.known.is_in(value):
                is_clear = True
        opened[name] = [personal.open(value) for value in values]
    is_own = (row["object"], row["record_id"]) in person.records
    if not (is_own or keys or is_clear):
        return None
    return Mention(row=row, changes=opened, is_own=is_own, keys=frozenset(keys), is_clear=is_clear)
