"""Changes the type of a column that holds data: with a cast on PostgreSQL, by rewriting the values on SQLite.

SQLite has no types to speak of: numbers only change their scale there, and a column that becomes text is made anew
beside the old one, so that no table is ever rebuilt (a rebuild would fire cascades).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column, Connection, MetaData, Table, bindparam, column, inspect, select, table, update

from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from engine.storage.schema import ColumnSpec

_NUMBERS = (ColumnKind.INTEGER, ColumnKind.DECIMAL)
_BATCH = 5_000


def change_column_type(
    connection: Connection,
    operations: Operations,
    dialect: Dialect,
    table_name: str,
    before: ColumnSpec,
    after: ColumnSpec,
) -> None:
    """Change a column from one type to another; the values are known to fit."""
    if dialect is Dialect.POSTGRESQL:
        _cast(operations, table_name, before, after)
    elif before.kind in _NUMBERS and after.kind in _NUMBERS:
        _rescale(connection, table_name, before, after)
    elif after.kind is ColumnKind.TEXT and before.kind is not ColumnKind.DATE:
        _rewrite_as_text(connection, operations, table_name, before, after)


def _cast(operations: Operations, table_name: str, before: ColumnSpec, after: ColumnSpec) -> None:
    quoted = operations.impl.dialect.identifier_preparer.quote(before.name)
    value = f"trim_scale({quoted})" if before.kind is ColumnKind.DECIMAL else quoted
    if after.kind is ColumnKind.TEXTS:
        value = f"CASE WHEN {quoted} IS NULL THEN NULL ELSE ARRAY[{quoted}] END"
    names = {
        ColumnKind.TEXTS: "text[]",
        ColumnKind.TEXT: "text",
        ColumnKind.INTEGER: "bigint",
        ColumnKind.DECIMAL: f"numeric(28,{after.scale})",
    }
    kind = column_type(after.kind, Dialect.POSTGRESQL, scale=after.scale)
    operations.alter_column(
        table_name,
        before.name,
        type_=kind,
        server_default=None if before.required else False,
        postgresql_using=f"{value}::{names[after.kind]}",
    )


def _rescale(connection: Connection, table_name: str, before: ColumnSpec, after: ColumnSpec) -> None:
    owner = table(table_name, column(before.name))
    value = owner.c[before.name]
    places = after.scale - before.scale
    if places:
        scaled = value * 10**places if places > 0 else value.op("/")(10**-places)
        connection.execute(update(owner).where(value.is_not(None)).values({before.name: scaled}))


def _rewrite_as_text(
    connection: Connection, operations: Operations, table_name: str, before: ColumnSpec, after: ColumnSpec
) -> None:
    inspected = inspect(connection)
    indexes = [item for item in inspected.get_indexes(table_name) if before.name in item["column_names"]]
    reflected = Table(table_name, MetaData(), autoload_with=connection)
    kept = [index for index in reflected.indexes if index.name in {item["name"] for item in indexes}]
    for index in kept:
        index.drop(connection)
    interim = f"{before.name[:50]}__as_text"
    operations.add_column(table_name, _text_column(interim))
    owner = table(table_name, column("id"), column(before.name), column(interim))
    _copy(connection, owner, before, interim)
    operations.drop_column(table_name, before.name)
    operations.alter_column(table_name, interim, new_column_name=after.name)
    for index in kept:
        index.create(connection)


def _copy(connection: Connection, owner: Any, before: ColumnSpec, interim: str) -> None:
    say = _text_of(before)
    found = select(owner.c.id, owner.c[before.name]).where(owner.c[before.name].is_not(None))
    rows = connection.execute(found).all()
    write = update(owner).where(owner.c.id == bindparam("at")).values({interim: bindparam("text")})
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        connection.execute(write, [{"at": row[0], "text": say(row[1])} for row in part])


def _text_of(before: ColumnSpec) -> Callable[[Any], str]:
    if before.kind is ColumnKind.BOOLEAN:
        return lambda value: "true" if value else "false"
    if before.kind is ColumnKind.DECIMAL:
        return lambda value: f"{_trimmed(Decimal(value).scaleb(-before.scale)):f}"
    return str


def _trimmed(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _text_column(name: str) -> Column[str]:
    return Column(name, column_type(ColumnKind.TEXT, Dialect.SQLITE))
