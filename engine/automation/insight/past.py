"""Saves of the past as events: what a record was before and after each, read backwards out of the audit log.

The log has what changed; what did not change is what the record has today, less what was changed since. Names of
fields and options are those of today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from engine.records.earlier_names import EarlierNames, earlier_names
from engine.records.earlier_objects import entries_of as entries_about
from engine.records.history import changes_of, history_value
from engine.records.hooks import SaveEvent, SaveKind
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef

_KINDS = {kind.value: kind for kind in SaveKind}
_STAMPS = ("version", "modified_at", "modified_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the audit log. changes: field → [old, new], as they are called today and as the log has them."""

    id: int
    object: str
    record_id: str
    version: int
    at: dt.datetime
    actor: str | None
    actor_name: str
    origin: str
    action: str
    run: str | None
    step: str | None
    release: int | None
    changes: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One save as it was, with the row of the log that tells of it."""

    entry: Entry
    event: SaveEvent


def read_entries(transaction: Transaction, query: Select[Any], names: EarlierNames) -> list[Entry]:
    """Read rows of the audit log of one object."""
    rows = transaction.connection.execute(query).mappings()
    return [_entry(row, names) for row in rows]


def entries_of(
    transaction: Transaction, object_key: str, record_id: str, *, after: int = 0, most: int | None = None
) -> list[Entry]:
    """Give the entries of a record after one, the newest first."""
    table = transaction.system.audit
    query = select(table).where(
        entries_about(transaction, object_key), table.c.record_id == record_id, table.c.id > after
    )
    query = query.order_by(table.c.id.desc()).limit(most)
    return read_entries(transaction, query, earlier_names(transaction, object_key))


def stored_records(transaction: Transaction, object_key: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Give what some records are now, those in the bin too."""
    table = transaction.parts.tables.of(object_key).table
    columns = transaction.parts.columns(object_key)
    query = select(*columns.of(table)).where(table.c["id"].in_(sorted(set(ids))))
    found = (columns.typed(row) for row in transaction.connection.execute(query))
    return {str(values["id"]): values for values in found}


def events_of(
    transaction: Transaction, object_def: ObjectDef, now: Mapping[str, Any], entries: Sequence[Entry]
) -> Iterator[PastEvent]:
    """Give the saves of one record, the newest first. now: what it is; entries: all of it from now back to some one."""
    values = dict(now)
    for entry in entries:
        new = {**values, "version": entry.version, "modified_at": entry.at, "modified_by": entry.actor}
        values = undone(transaction, object_def, values, entry)
        kind = _KINDS.get(entry.action)
        if kind is not None:
            yield PastEvent(entry=entry, event=_event(kind, entry, new, values))


def undone(transaction: Transaction, object_def: ObjectDef, values: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Give what a record was before a save."""
    fields = object_def.fields
    before = dict(values)
    for name, (old, _new) in entry.changes.items():
        if name in fields and name in before:
            before[name] = history_value(transaction, old, fields[name])
    if entry.action == SaveKind.DELETED.value:
        before["deleted_at"] = None
    elif entry.action == SaveKind.RESTORED.value:
        before["deleted_at"] = entry.at
    return before


def _event(kind: SaveKind, entry: Entry, new: Mapping[str, Any], old: Mapping[str, Any]) -> SaveEvent:
    return SaveEvent(
        object=entry.object,
        record_id=entry.record_id,
        kind=kind,
        version=entry.version,
        changed=frozenset(entry.changes) - frozenset(_STAMPS),
        new=new,
        old={} if kind is SaveKind.CREATED else old,
        bulk=entry.origin == "import",
    )


def _entry(row: Mapping[Any, Any], names: EarlierNames) -> Entry:
    return Entry(
        id=row["id"],
        object=row["object"],
        record_id=row["record_id"],
        version=row["version"] or 0,
        at=row["at"],
        actor=row["actor"],
        actor_name=row["actor_name"] or "",
        origin=row["origin"],
        action=row["action"],
        run=row["run_id"],
        step=row["step"],
        release=row["release"],
        changes=changes_of({"changes": row["changes"], "id": row["id"]}, names),
    )
