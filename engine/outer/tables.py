"""The table or view of another database that an object shows: which columns it has there, by its catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    cast,
    false,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy import types as sql_types
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError
from sqlalchemy.types import NullType, TypeEngine

from engine.errors import SourceChanged
from metamodel.objects import ObjectDef


class Family(Enum):
    """What a column of another database holds, as far as comparing goes."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    UUID = "uuid"
    OTHER = "other"


# These compare texts of fixed width without the blanks that fill them; SQLite fills none.
_BLIND_TO_BLANKS = frozenset(("postgresql", "mysql", "mariadb", "mssql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterTable:
    """A table of another database. columns: field → its column; `id` is the key."""

    object: ObjectDef
    table: Table
    columns: Mapping[str, Column[Any]]
    families: Mapping[str, Family]
    dialect: str

    def text(self, field: str) -> ColumnElement[Any]:
        """Give a column for comparing with any text: what its type has no value for is no fault but not the same."""
        column = self.columns[field]
        if self.families[field] is not Family.TEXT or isinstance(column.type, sql_types.Enum):
            return cast(column, Text())
        return func.rtrim(column) if self.is_padded(field) and self.dialect not in _BLIND_TO_BLANKS else column

    def is_padded(self, field: str) -> bool:
        """Say whether a column's texts are filled with blanks to its width."""
        return isinstance(self.columns[field].type, sql_types.CHAR) and self.dialect != "sqlite"


def read_table(connection: Connection, object_def: ObjectDef) -> OuterTable:
    """Look a table up.

    Raises: SourceChanged where it, or a column that a field shows, is not there.
    """
    source = object_def.source
    assert source is not None
    there = _columns_there(connection, object_def)
    wanted = {"id": source.key} | {
        field.name: source.column(field.name)
        for field in object_def.fields.values()
        if field.formula is None and field.name != "id"
    }
    missing = [name for name in dict.fromkeys(wanted.values()) if name not in there]
    if missing:
        raise SourceChanged(source.called, missing)
    made = {name: Column(name, there[name]) for name in dict.fromkeys(wanted.values())}
    table = Table(source.table, MetaData(), *made.values(), schema=source.schema)
    return OuterTable(
        object=object_def,
        table=table,
        columns=MappingProxyType({field: table.c[name] for field, name in wanted.items()}),
        families=MappingProxyType({field: family_of(there[name]) for field, name in wanted.items()}),
        dialect=connection.dialect.name,
    )


def _columns_there(connection: Connection, object_def: ObjectDef) -> dict[str, TypeEngine[Any]]:
    source = object_def.source
    assert source is not None
    try:
        found = inspect(connection).get_columns(source.table, schema=source.schema)
    except NoSuchTableError:
        found = []
    except SQLAlchemyError:
        # Not every driver reads its catalogue; then the table itself tells what its columns are called.
        connection.rollback()
        every: Select[Any] = select(literal_column("*")).select_from(
            Table(source.table, MetaData(), schema=source.schema)
        )
        told = connection.execute(every.where(false()))
        return dict.fromkeys(told.keys(), NullType())
    if not found:
        raise SourceChanged(source.called)
    return {str(each["name"]): each["type"] for each in found}


def family_of(kind: TypeEngine[Any]) -> Family:
    """Say what a column of a type holds."""
    for base, family in _FAMILIES:
        if isinstance(kind, base):
            return family
    return Family.OTHER


# A moment is no date and a date no moment, so the order does not count; a boolean is kept as a number by some.
_FAMILIES: tuple[tuple[type[TypeEngine[Any]], Family], ...] = (
    (sql_types.Boolean, Family.BOOLEAN),
    (sql_types.Integer, Family.INTEGER),
    (sql_types.Numeric, Family.NUMBER),
    (sql_types.DateTime, Family.DATETIME),
    (sql_types.Date, Family.DATE),
    (sql_types.Uuid, Family.UUID),
    (sql_types.String, Family.TEXT),
)
