"""What records are called in columns of other databases: keys there, external ids or ids of ours; and back to ids.

A statement a column for those of our own records that the transaction does not know yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.outer.keys import id_of_key, key_of_id
from engine.records.batches import one_of
from engine.records.finding import read_key
from engine.records.identifiers import could_be_id
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


class OuterNames:
    """The names of records in other databases, as one transaction has looked them up."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._known: dict[tuple[str, str], str | None] = {}

    def column_keys(self, target: str, ids: Iterable[str]) -> Sequence[str]:
        """Give what columns hold that point at some records of an object."""
        parts = self._transaction.parts
        if parts.metamodel.objects[target].source is not None:
            return keys_of(ids)
        wanted = [each for each in ids if could_be_id(each)]
        name = _name_field(parts.metamodel.objects[target])
        if name is None or not wanted:
            return wanted
        table = parts.tables.of(target)
        here = one_of(table.table.c["id"], wanted, self._transaction.database.dialect)
        rows = self._transaction.select(select(table.column(name)).where(here))
        return [str(row[0]) for row in rows if row[0] is not None]

    def in_any_case(self, target: str) -> bool:
        """Say whether columns may call a record of ours in letters of either case: by an id, or what is kept folded."""
        target_def = self._transaction.parts.metamodel.objects[target]
        name = _name_field(target_def)
        kept = target_def.fields[name].normalise if name is not None else "lower"
        return target_def.source is None and kept in ("lower", "upper")

    def point(self, definition: FieldDef, rows: Sequence[dict[str, Any]]) -> None:
        """Turn what a column holds into the id of the record that it names."""
        assert definition.relation is not None
        target, name = definition.relation.targets[0], definition.name
        ids = self._ids(target, {row[name] for row in rows if row[name] is not None})
        several = len(definition.relation.targets) > 1
        for row in rows:
            found = ids.get(row[name]) if row[name] is not None else None
            row[name] = Ref(target, found) if several and found is not None else found

    def _ids(self, target: str, called: set[str]) -> Mapping[str, str | None]:
        parts = self._transaction.parts
        target_def = parts.metamodel.objects[target]
        if target_def.source is not None:
            return {each: id_of_key(each) for each in called}
        name = _name_field(target_def)
        if name is None:
            return {each: each.lower() if could_be_id(each.lower()) else None for each in called}
        asked = [each for each in called if (target, each) not in self._known]
        if asked:
            self._known.update({(target, each): None for each in asked})
            self._known.update({(target, text): found for text, found in self._called(target, name, asked)})
        return {each: self._known[target, each] for each in called}

    def _called(self, target: str, name: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Give the texts that are external ids of records of ours, with the records' ids."""
        transaction = self._transaction
        table = transaction.parts.tables.of(target)
        definition = table.object.fields[name]
        parsed: dict[Any, list[str]] = {}
        for text in texts:
            value = read_key(transaction, definition, text)
            if value is not None:
                parsed.setdefault(value, []).append(text)
        if not parsed:
            return
        here = one_of(table.column(name), list(parsed), transaction.database.dialect)
        query = select(table.column(name), table.table.c["id"]).where(here, table.table.c["deleted_at"].is_(None))
        for value, record_id in transaction.select(query):
            for text in parsed.get(value, ()):
                yield text, str(record_id)


def keys_of(ids: Iterable[str]) -> Sequence[str]:
    """Give the keys that ids were made of, each once."""
    return [key for each in dict.fromkeys(ids) if (key := key_of_id(each)) is not None]


def _name_field(object_def: ObjectDef) -> str | None:
    """Give the field by which other programs call records of ours: the first external id."""
    return next((name for name, field in object_def.fields.items() if field.external_id), None)
