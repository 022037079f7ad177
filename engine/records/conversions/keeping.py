"""Which records were converted, when, by whom, and into what: rows of fs_conversion, one a record, never two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRecord:
    """A record that a conversion made or took. title: '' where the actor may not read it."""

    name: str
    object: str
    id: str
    created: bool
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A conversion that was done. by: id of the user, None = the product."""

    conversion: str
    at: dt.datetime
    by: str | None
    made: tuple[MadeRecord, ...]


def keep_conversion(transaction: Transaction, object_key: str, record_id: str, done: Converted) -> None:
    """Write down what a record became."""
    made = [{"name": each.name, "object": each.object, "id": each.id, "created": each.created} for each in done.made]
    row = {
        "object": object_key,
        "record_id": record_id,
        "conversion": done.conversion,
        "at": done.at,
        "by": done.by,
        "made": made,
    }
    transaction.connection.execute(insert(transaction.system.conversion).values(row))


def is_converted(transaction: Transaction, object_key: str, record_id: str) -> bool:
    """Say whether a record was converted already."""
    table = transaction.system.conversion
    query = select(table.c["at"]).where(table.c["object"] == object_key, table.c["record_id"] == record_id)
    return transaction.connection.execute(query).first() is not None


def read_conversion(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Converted | None:
    """Give what a record that may be read was converted into; None where it was not.

    Raises: RecordNotFound.
    """
    transaction.reader.require_readable(object_def, record_id)
    table = transaction.system.conversion
    query = select(table).where(table.c["object"] == object_def.key, table.c["record_id"] == record_id)
    row = transaction.connection.execute(query).mappings().first()
    if row is None:
        return None
    made = [MadeRecord(**each) for each in row["made"]]
    return Converted(conversion=row["conversion"], at=row["at"], by=row["by"], made=with_titles(transaction, made))


def with_titles(transaction: Transaction, made: Sequence[MadeRecord]) -> tuple[MadeRecord, ...]:
    """Give made records with their titles, where the actor may read them; one statement an object."""
    titles = transaction.reader.titles((each.object, each.id) for each in made)
    return tuple(replace(each, title=titles.get((each.object, each.id), "")) for each in made)
