"""Finds the records that texts of a file name: by values of fields, or by what they are called.

One statement a question, whatever the number of values; only records that the actor may read are found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, func, select

from engine.access.predicates import EVERYONE
from engine.errors import UnknownObject
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.batches import one_of
from metamodel.field_types import FieldValueError
from metamodel.fields import FieldDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def find_by_fields(
    transaction: Transaction, object_key: str, fields: Sequence[str], first_values: Collection[Any]
) -> dict[tuple[Any, ...], list[str]]:
    """Give values of `fields` → ids, of the records whose first field has one of the values.

    A record in which the actor may not read one of the fields is not found by them.

    Raises:
        UnknownObject: the actor may not know the object or one of the fields.
    """
    if not first_values:
        return {}
    table = transaction.parts.tables.of(object_key)
    readable = transaction.access.of(object_key).readable
    if not all(name in readable and table.is_stored(name) for name in fields):
        raise UnknownObject(object_key)
    alias, scope = _scope(transaction, object_key)
    columns = [[alias.c[column.name] for column in table.codecs[name].columns] for name in fields]
    flat = [column for part in columns for column in part]
    # Before the source is taken: what they ask of other records is joined to it.
    readable_ones = _readable(transaction, scope, fields)
    found = transaction.select(
        select(alias.c["id"], *flat)
        .select_from(scope.frame.source)
        .where(
            one_of(flat[0], first_values, transaction.database.dialect), alias.c["deleted_at"].is_(None), *readable_ones
        )
    )
    codecs = [table.codecs[name] for name in fields]
    result: dict[tuple[Any, ...], list[str]] = {}
    for row in found:
        values, at = [], 1
        for codec in codecs:
            values.append(codec.from_columns(row[at : at + len(codec.columns)]))
            at += len(codec.columns)
        result.setdefault(tuple(values), []).append(str(row[0]))
    return result


def read_key(transaction: Transaction, definition: FieldDef, raw: object) -> object:
    """Read a raw value by which records are found; None where no record can have it."""
    try:
        return transaction.release.field_types.parse(raw, definition, transaction.parts.value_context)
    except FieldValueError:
        return None


def find_by_title(transaction: Transaction, object_key: str, titles: Collection[str]) -> dict[str, list[str]]:
    """Give title → ids of the records that are called so."""
    if not titles:
        return {}
    alias, scope = _scope(transaction, object_key)
    title, readable_ones = cast(scope.title(), Text()), _readable(transaction, scope)
    found = transaction.select(
        select(alias.c["id"], title)
        .select_from(scope.frame.source)
        .where(one_of(title, titles, transaction.database.dialect), alias.c["deleted_at"].is_(None), *readable_ones)
    )
    result: dict[str, list[str]] = {}
    for record_id, text in found:
        result.setdefault(text, []).append(str(record_id))
    return result


def readable_of(transaction: Transaction, object_key: str, record_ids: Collection[str]) -> set[str]:
    """Give those of some records that the actor may read, or could if they were not in the bin."""
    alias, scope = _scope(transaction, object_key)
    asked = one_of(alias.c["id"], record_ids, transaction.database.dialect)
    readable_ones = _readable(transaction, scope)
    found = select(alias.c["id"]).select_from(scope.frame.source).where(asked, *readable_ones)
    return {str(row[0]) for row in transaction.select(found)}


def _scope(transaction: Transaction, object_key: str) -> tuple[Any, RowScope]:
    transaction.object_def(object_key)
    builder = transaction.parts.builder(transaction.access, transaction.actor.language)
    alias = transaction.parts.tables.of(object_key).table.alias()
    return alias, RowScope(builder, Frame(alias), object_key, alias)


def _readable(transaction: Transaction, scope: RowScope, fields: Sequence[str] = ()) -> list[Any]:
    """Give the conditions under which the actor may read a record and fields of it."""
    access = transaction.access.of(scope.object_key)
    predicates = (access.actions["read"], *(access.fields[name].read for name in fields))
    return [func.coalesce(each.sql(scope), False) for each in predicates if each is not EVERYONE]
