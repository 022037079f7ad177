"""Who may have a file: whoever put it there, until a record holds it; then whoever may read that record's field.

What a record held once is seen by who sees the history of the field. There is no other way to a file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.errors import QueryProblem, RecordNotFound, UnknownObject
from engine.records.history import shows_history
from engine.records.identifiers import could_be_id
from engine.storage.dialect import Dialect
from metamodel.apps import Metamodel
from metamodel.field_types.files import files_in
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

FileRow = Mapping[str, Any]


class FilesOfSave:
    """What one transaction has found out about the files of its saves.

    copied: files made of others, by their new ids: rows of the others. judged: record, field and file. taken: record
    and field that an upload goes to, by its id.
    """

    __slots__ = ("copied", "judged", "taken")

    def __init__(self) -> None:
        self.copied: dict[str, FileRow] = {}
        self.judged: set[tuple[str, str, str]] = set()
        self.taken: dict[str, tuple[str, str]] = {}


def file_rows(transaction: Transaction, ids: Collection[str], *, locked: bool = False) -> dict[str, FileRow]:
    """Give what is known of files, by id."""
    table = transaction.system.file
    wanted = [each for each in dict.fromkeys(ids) if could_be_id(each)]
    if not wanted:
        return {}
    query = select(table).where(table.c.id.in_(wanted)).order_by(table.c.id)
    if locked and transaction.database.dialect is Dialect.POSTGRESQL:
        query = query.with_for_update()
    return {str(row["id"]): dict(row) for row in transaction.connection.execute(query).mappings()}


def may_have(transaction: Transaction, row: FileRow) -> bool:
    """Say whether the actor may have a file."""
    if row["record_id"] is None:
        return is_own(transaction, row)
    place = place_of(transaction.parts.metamodel, row)
    if place is None:
        return False
    object_def, field = place
    try:
        record = transaction.get(object_def.key, row["record_id"], fields=(field,))
        if any(each.id == row["id"] for each in files_in(record.values.get(field))):
            return True
        return row["released_at"] is not None and shows_history(transaction, object_def, row["record_id"], field)
    except (RecordNotFound, UnknownObject, QueryProblem):
        return False


def is_own(transaction: Transaction, row: FileRow) -> bool:
    """Say whether a file that no record holds yet was brought by the actor."""
    actor = transaction.actor
    return actor.is_system or (actor.user_id is not None and row["uploaded_by"] == actor.user_id)


def place_of(metamodel: Metamodel, row: FileRow) -> tuple[ObjectDef, str] | None:
    """Give the object and field that a file belongs to; None where they are no more."""
    object_def = metamodel.objects.get(row["object"])
    return None if object_def is None or row["field"] not in object_def.fields else (object_def, row["field"])
