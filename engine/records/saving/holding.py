"""Holds what records point at until the commit of their save, so that nobody takes it away after it was looked at.

Who moves a record to the bin, or merges it into another, locks it and then looks for what points at it. A save that has
looked before and writes afterwards would be missed; so what it points at is locked and asked for again as it is
written. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import FieldError, ValidationFailed
from engine.expressions.sql.runtime import runtime
from engine.records.batches import given_one_of, given_values
from engine.records.identifiers import could_be_id
from engine.records.parts import ReleaseParts
from engine.records.saving.messages import say
from engine.records.statements import Prepared
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def hold_when_written(transaction: Transaction, field: str, object_key: str, record_id: str) -> None:
    """Let what is written next hold the record that a field points at.

    Raises, when it is sent: ValidationFailed where it is gone, Overtaken in a save that is alone.
    """
    if not _is_held(transaction, object_key):
        return

    def counted(count: int) -> None:
        if count == 0:
            text = say("no_record", transaction.actor.language)
            raise ValidationFailed([FieldError(code="no_record", message=text, field=field)])

    prepared = transaction.parts.made(("hold", object_key), lambda: _one(transaction.parts, object_key))
    transaction.later(prepared, {"id": record_id}, counted=counted, certain=transaction.alone)


def hold_now(transaction: Transaction, wanted: Mapping[str, Iterable[str]]) -> None:
    """Hold records, by object: one statement each. Who looks at them afterwards sees which of them are gone."""
    for key, given in wanted.items():
        ids = [each for each in given if could_be_id(each)]
        if ids and _is_held(transaction, key):
            prepared = transaction.parts.made(("hold many", key), partial(_many, transaction.parts, key))
            transaction.rows(prepared, {"ids": given_values(ids, transaction.database.dialect)})


def _is_held(transaction: Transaction, object_key: str) -> bool:
    if transaction.database.dialect is not Dialect.POSTGRESQL:
        return False
    found = transaction.parts.metamodel.objects.get(object_key)
    return found is not None and found.source is None


def _one(parts: ReleaseParts, object_key: str) -> Prepared:
    table = parts.tables.of(object_key).table
    same = table.c["id"] == runtime("id", table.c["id"].type)
    query = select(table.c["id"]).where(same, table.c["deleted_at"].is_(None))
    # As a foreign key does: changes of the record go on beside it, its deletion waits.
    return Prepared(query.with_for_update(read=True, key_share=True), parts.dialect)


def _many(parts: ReleaseParts, object_key: str) -> Prepared:
    table = parts.tables.of(object_key).table
    query = select(table.c["id"]).where(given_one_of(table.c["id"], "ids", Dialect.POSTGRESQL))
    return Prepared(query.order_by(table.c["id"]).with_for_update(read=True, key_share=True), parts.dialect)
