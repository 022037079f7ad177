"""Which records went into which others: rows of fs_merge, one a record that went; several of one act share its id.

Where a record is today follows the chain of its merges. Nothing here judges rights.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Text, column, exists, insert, literal, select, table, update

from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.constants import kind_type
from engine.expressions.sql.values import Sql
from engine.records.identifiers import could_be_id
from engine.storage.column_types import ColumnKind
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_MOST_LINKS = 50


@dataclass(frozen=True, slots=True)
class Moved:
    """A record that pointed at one that went, by which field, and its version after it was moved; 0 = it was binned."""

    object: str
    field: str
    id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMerge:
    """One record that went into another. values: field → what the other had and has now, in JSON form."""

    merge: str
    object: str
    record_id: str
    into_id: str
    at: dt.datetime
    by: str | None
    moved: tuple[Moved, ...] = ()
    values: Mapping[str, Sequence[Any]] = field(default_factory=lambda: MappingProxyType({}))
    undone_at: dt.datetime | None = None


def keep_merges(transaction: Transaction, kept: Sequence[KeptMerge]) -> None:
    """Write down which records went."""
    rows = [
        {
            "merge_id": each.merge,
            "object": each.object,
            "record_id": each.record_id,
            "into_id": each.into_id,
            "at": each.at,
            "by": each.by,
            "moved": [[one.object, one.field, one.id, one.version] for one in each.moved],
            "values": {name: list(pair) for name, pair in each.values.items()},
        }
        for each in kept
    ]
    transaction.connection.execute(insert(transaction.system.merge), rows)


def read_merge(transaction: Transaction, merge: str) -> list[KeptMerge]:
    """Give the rows of one act, in the order in which the records went."""
    table = transaction.system.merge
    query = select(table).where(table.c["merge_id"] == merge).order_by(table.c["id"])
    return [_kept(dict(row)) for row in transaction.connection.execute(query).mappings()]


def merges_of(transaction: Transaction, object_key: str, record_id: str) -> list[KeptMerge]:
    """Give what went into a record and was not taken back, the newest first."""
    table = transaction.system.merge
    query = select(table).where(table.c["object"] == object_key, table.c["into_id"] == record_id)
    query = query.where(table.c["undone_at"].is_(None)).order_by(table.c["id"].desc())
    return [_kept(dict(row)) for row in transaction.connection.execute(query).mappings()]


def note_undone(transaction: Transaction, merge: str) -> None:
    """Write down that an act was taken back."""
    table = transaction.system.merge
    query = update(table).where(table.c["merge_id"] == merge).values(undone_at=transaction.now)
    transaction.connection.execute(query)


def survivor_of(transaction: Transaction, object_key: str, record_id: str) -> str | None:
    """Give the record that one went into, at the end of the chain; None where it was not merged."""
    if not could_be_id(record_id):
        return None
    table, current, found = transaction.system.merge, record_id, None
    for _ in range(_MOST_LINKS):
        query = select(table.c["into_id"]).where(table.c["object"] == object_key, table.c["record_id"] == current)
        query = query.where(table.c["undone_at"].is_(None)).order_by(table.c["id"].desc()).limit(1)
        row = transaction.connection.execute(query).first()
        if row is None:
            break
        found = current = str(row[0])
    return found


def was_merged(builder: SqlBuilder, object_key: str, record_id: Sql) -> Sql:
    """Give the condition that the record of an id has gone into another one, and has not come back."""
    columns = (column("object", Text()), column("record_id", kind_type(builder, ColumnKind.ID)))
    merges = table("fs_merge", *columns, column("undone_at", kind_type(builder, ColumnKind.DATETIME))).alias()
    here = (merges.c["object"] == literal(object_key, Text()), merges.c["record_id"] == record_id)
    found = select(merges.c["record_id"]).where(*here, merges.c["undone_at"].is_(None))
    return exists(found.correlate_except(merges))


def readable_survivor(transaction: Transaction, object_def: ObjectDef, record_id: str) -> str | None:
    """Give the record that one went into, where the actor may read it."""
    found = survivor_of(transaction, object_def.key, record_id)
    if found is None:
        return None
    target = transaction.reader.titles([(object_def.key, found)])
    return found if target else None


def _kept(row: Mapping[str, Any]) -> KeptMerge:
    moved, values = (_read(row[name]) for name in ("moved", "values"))
    return KeptMerge(
        merge=str(row["merge_id"]),
        object=row["object"],
        record_id=str(row["record_id"]),
        into_id=str(row["into_id"]),
        at=row["at"],
        by=row["by"],
        moved=tuple(Moved(*each) for each in moved or ()),
        values=values or {},
        undone_at=row["undone_at"],
    )


def _read(written: Any) -> Any:
    return orjson.loads(written) if isinstance(written, str) else written
