"""Erases persons: their records go, their values in other rows are replaced by a mark, their keys are destroyed.

All of it is one transaction with its entry in the audit log. What lies in files is `leftovers`; what an older backup
brings back is erased again by `ErasureList`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, UniqueConstraint, delete, insert, select, update

from engine.access.actor import Actor
from engine.audit.entries import entry_values
from engine.errors import EngineError
from engine.imports.kept_cells import forget_sealed_cells
from engine.privacy.entries import mentions
from engine.privacy.people import Person, RecordKey, find_person
from engine.privacy.traces import Trace, object_traces, system_traces
from engine.privacy.values import ERASED
from engine.records.index_words import index_words
from engine.records.saving.deleting import all_inverses
from engine.records.sort_keys import sort_key
from engine.records.transaction import Transaction
from engine.storage.column_types import ColumnKind
from engine.storage.layout import SORT_SUFFIX
from engine.storage.tables import ObjectTable
from engine.storage.word_indexes import forget_taken_words

ERASED_ACT, ARCHIVED_ACT = "erased", "archived"
KEPT_ROWS = frozenset(("fs_run", "fs_run_origin", "fs_approval", "fs_disposal"))
"""Rows about a record that stay, without its values: what happened must still be told."""
GONE_WITH_VALUES = frozenset(("fs_message",))
"""Rows that go where they tell of a person: mails sent, and to be sent."""


class UnderHold(EngineError):
    """A record is under legal hold, so nothing is erased."""

    def __init__(self, held: Sequence[RecordKey]) -> None:
        self.held = tuple(held)
        named = ", ".join(f"{key}:{record_id}" for key, record_id in held)
        super().__init__(f"Under legal hold, nothing was erased: {named}. End the hold first.")


@dataclass(slots=True, kw_only=True)
class Erased:
    """What was done. tables: rows changed or removed, by table. entries: of the log that still mention the person in
    values that were not declared personal when they were written; contents: of files that nobody needs now.
    """

    person: Person
    tables: dict[str, int] = field(default_factory=dict)
    keys: int = 0
    is_archived: bool = False
    entries: tuple[int, ...] = ()
    contents: set[str] = field(default_factory=set)

    def count(self, table: str) -> None:
        """Count a row of a table."""
        self.tables[str(table)] = self.tables.get(table, 0) + 1

    def plain(self) -> dict[str, object]:
        """Give it as plain values."""
        records = [f"{key}:{record_id}" for key, record_id in self.person.records]
        rows = dict(sorted(self.tables.items()))
        return {"records": records, "rows": rows, "keys": self.keys, "left": list(self.entries)}


def erase(transaction: Transaction, keys: Sequence[RecordKey], *, only: bool, reason: str) -> Erased:
    """Erase the persons whose records these are. only: nothing besides these records and their parts.

    Raises: UnderHold; what refuses to delete a record.
    """
    person = find_person(transaction, keys, only=only)
    refuse_held(transaction, person.records)
    done = Erased(person=person)
    _forget_entries(transaction, person, done)
    take_out(transaction, person, done, keeps_entries=False)
    for table, trace in object_traces(transaction, person):
        _clean(transaction, trace, person, done, table)
    forget_sealed_cells(transaction.connection, transaction.system)
    for trace in system_traces(transaction, person):
        _settle_row(transaction, trace, person, done)
    for table in transaction.parts.tables:
        if table.table.name in done.tables:
            forget_taken_words(transaction.connection, table.spec)
    note(transaction, person.records, ERASED_ACT, person.known.without(reason))
    return done


def refuse_held(transaction: Transaction, records: Sequence[RecordKey]) -> None:
    """Refuse where one of the records is under legal hold.

    Raises: UnderHold.
    """
    hold = transaction.system.hold
    held = {(row[0], str(row[1])) for row in transaction.connection.execute(select(hold.c.object, hold.c.record_id))}
    found = [key for key in records if key in held]
    if found:
        raise UnderHold(found)


def note(transaction: Transaction, records: Sequence[RecordKey], act: str, reason: str) -> None:
    """Note in the audit log and in the list of disposals what became of records."""
    actor, release = transaction.actor, transaction.parts.release.number
    for key, record_id in records:
        facts = {"reason": reason}
        entry = entry_values(actor, key, act, transaction.now, facts, record_id=record_id, release=release)
        transaction.connection.execute(insert(transaction.system.audit).values(entry))
        row = {"act": act, "object": key, "record_id": record_id, "at": transaction.now, "reason": reason}
        transaction.connection.execute(insert(transaction.system.disposal).values(**row, by=_name(actor)))


def _name(actor: Actor) -> str:
    return actor.name or actor.login


def _forget_entries(transaction: Transaction, person: Person, done: Erased) -> None:
    table = transaction.system.person_key
    gone: set[str] = set()
    left = []
    for each in mentions(transaction, person):
        gone |= each.keys
        if each.is_clear:
            left.append(each.row["id"])
    done.entries = tuple(left)
    for name in sorted(gone):
        done.keys += transaction.connection.execute(delete(table).where(table.c.id == name)).rowcount


def take_out(transaction: Transaction, person: Person, done: Erased, *, keeps_entries: bool) -> None:
    """Take records out of the database: through the bin, so that roll-ups and rules know, and then for good."""
    connection, system = transaction.connection, transaction.system
    for key in dict.fromkeys(key for key, _ in person.records):
        ids, table = person.ids(key), transaction.parts.tables.of(key)
        _let_go(transaction, key, ids)
        live = select(table.table.c["id"]).where(table.table.c["id"].in_(ids), table.table.c["deleted_at"].is_(None))
        for record_id in [str(row[0]) for row in connection.execute(live)]:
            # One may have gone with the record that owned it.
            if connection.execute(live.where(table.table.c["id"] == record_id)).first() is not None:
                transaction.delete(key, record_id)
    if not keeps_entries:
        # What the deletions have written is forgotten too.
        for key in dict.fromkeys(key for key, _ in person.records):
            keys = system.person_key
            own = delete(keys).where(keys.c.object == key, keys.c.record_id.in_(person.ids(key)))
            done.keys += transaction.connection.execute(own).rowcount
    for key in dict.fromkeys(key for key, _ in person.records):
        ids, table = person.ids(key), transaction.parts.tables.of(key)
        _let_go(transaction, key, ids)
        files = system.file
        mine = (files.c.object == key) & files.c.record_id.in_(ids)
        done.contents |= set(transaction.connection.execute(select(files.c.sha256).where(mine)).scalars())
        transaction.connection.execute(delete(files).where(mine))
        gone = transaction.connection.execute(delete(table.table).where(table.table.c["id"].in_(ids)))
        done.tables[str(table.table.name)] = gone.rowcount


def _let_go(transaction: Transaction, key: str, ids: Sequence[str]) -> None:
    """Empty the lookups that would keep records from going: those that restrict, and those of records in the bin."""
    objects, tables = transaction.parts.metamodel.objects, transaction.parts.tables
    for inverse in all_inverses(transaction, objects[key]):
        other = tables.of(inverse.object)
        relation = objects[inverse.object].fields[inverse.field].relation
        codec = other.codecs.get(inverse.field)
        if codec is None or relation is None:
            continue
        for column in codec.columns:
            if other.spec.columns[column.name].kind is not ColumnKind.ID:
                continue
            named = [column.in_(ids)]
            if relation.on_delete.value != "restrict":
                named.append(other.table.c["deleted_at"].is_not(None))
            transaction.connection.execute(update(other.table).where(*named).values(dict.fromkeys(codec.names)))


def _clean(transaction: Transaction, trace: Trace, person: Person, done: Erased, table: ObjectTable) -> None:
    """Replace a person's values in a record of others; it is no change of its own, its version and history stay."""
    changed: dict[str, Any] = {name: person.known.without(trace.row[name]) for name in trace.names}
    for name in trace.names:
        if name + SORT_SUFFIX in table.table.c:
            changed[name + SORT_SUFFIX] = sort_key(changed[name])
        if name in table.words:
            changed[table.words[name].name] = index_words(changed[name], table.object.fields[name].value_type)
    transaction.connection.execute(update(trace.table).where(trace.key).values(changed))
    done.count(trace.table.name)


def _settle_row(transaction: Transaction, trace: Trace, person: Person, done: Erased) -> None:
    name = trace.table.name
    if (trace.is_own and name not in KEPT_ROWS) or name in GONE_WITH_VALUES:
        transaction.connection.execute(delete(trace.table).where(trace.key))
    else:
        values = person.own if trace.is_own else person.known
        changed = _changed(trace, {each: values.without(trace.row[each]) for each in trace.names})
        if not changed:
            return
        if changed.keys() & _unique_columns(trace.table):
            # Two marks in one place would not be unique.
            transaction.connection.execute(delete(trace.table).where(trace.key))
        else:
            transaction.connection.execute(update(trace.table).where(trace.key).values(changed))
    done.count(name)


def _unique_columns(table: Table) -> set[str]:
    unique = [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    unique += [each.columns for each in table.indexes if each.unique]
    return {column.key for columns in (table.primary_key.columns, *unique) for column in columns}


def _changed(trace: Trace, values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if value != trace.row[name] and value is not None}
    if trace.is_own and trace.row.get("record_title"):
        found["record_title"] = ERASED
    return found
