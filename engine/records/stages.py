"""When a record entered and left the stages of its path: the stays that ended, and the one it is in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.access.predicates import NOBODY
from engine.errors import RecordNotFound
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay in a stage. option: None where the field was empty. left_at: None while the record is there."""

    field: str
    option: str | None
    entered_at: dt.datetime
    left_at: dt.datetime | None = None
    left_by: str | None = None


def read_stays(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Sequence[Stay]:
    """Give the stays of a record by field, the oldest first; only of paths that the actor may read.

    Raises: RecordNotFound where the record may not be read.
    """
    transaction.reader.require_readable(object_def, record_id)
    values = transaction.cache.related(object_def.key, record_id)
    if values is None:
        raise RecordNotFound(object_def.key, record_id)
    context = transaction.context(object_def.key, values)
    rights = transaction.access.of(object_def.key).fields
    shown = [
        name for name in object_def.path_fields if rights[name].read is not NOBODY and rights[name].read.test(context)
    ]
    # When a record of another database entered its stage is not known here.
    if not shown or object_def.source is not None:
        return ()
    ended = _ended(transaction, object_def.key, record_id)
    found: list[Stay] = []
    for name in shown:
        own = [stay for stay in ended if stay.field == name]
        entered = own[-1].left_at if own else None
        current = context.this.get(name)
        renamed = _renamed(object_def.fields[name])
        found += [replace(stay, option=renamed.get(stay.option or "", stay.option)) for stay in own]
        found.append(Stay(field=name, option=current, entered_at=entered or context.this["created_at"]))
    return found


def _renamed(field: FieldDef) -> Mapping[str, str]:
    options = field.choice.options if field.choice is not None else ()
    return {option.was: option.name for option in options if option.was is not None}


def _ended(transaction: Transaction, object_key: str, record_id: str) -> Sequence[Stay]:
    table = transaction.system.stage
    names = ("field", "option", "entered_at", "left_at", "left_by")
    query = select(*(table.c[name] for name in names))
    query = query.where(table.c["object"] == object_key, table.c["record_id"] == record_id).order_by(table.c["id"])
    return [Stay(**dict(zip(names, row, strict=True))) for row in transaction.select(query)]
