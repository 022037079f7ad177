"""What batches need of the database: "one of these values" as one parameter, and many rows written at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, Column, ColumnElement, Connection, Table, Text, any_, func, insert, literal, select

from engine.expressions.sql.runtime import runtime
from engine.records.copying import copy_parts
from engine.records.copying_beside import CopyBeside
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.sealing import SealedText
from engine.storage.written_arrays import WrittenArray


class JsonTexts(list[str]):
    """The values of a JSON column, written already."""


def one_of(column: ColumnElement[Any], values: Iterable[Any], dialect: Dialect) -> ColumnElement[bool]:
    """Say that a column has one of some values; the statement's text is the same however many there are."""
    wanted = list(values)
    if dialect is Dialect.POSTGRESQL:
        return column == any_(literal(wanted, WrittenArray(column.type)))
    convert = column.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
    stored = wanted if convert is None else [convert(value) for value in wanted]
    members = func.json_each(orjson.dumps(stored).decode()).table_valued("value")
    return column.in_(select(members.c.value))


def given_one_of(column: ColumnElement[Any], name: str, dialect: Dialect) -> ColumnElement[bool]:
    """Say that an id or text column has one of the values that each run of a kept statement brings (`given_values`)."""
    if dialect is Dialect.POSTGRESQL:
        return column == any_(runtime(name, WrittenArray(column.type)))
    members = func.json_each(runtime(name, Text())).table_valued("value")
    return column.in_(select(members.c.value))


def given_values(values: Iterable[str], dialect: Dialect) -> object:
    """Give the parameter of `given_one_of`."""
    wanted = list(values)
    return wanted if dialect is Dialect.POSTGRESQL else orjson.dumps(wanted).decode()


def insert_rows(connection: Connection, database: Database, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows, each with the same columns."""
    if not rows:
        return
    if database.dialect is Dialect.POSTGRESQL:
        insert_columns(connection, database, table, {name: [row[name] for row in rows] for name in rows[0]})
    else:
        connection.execute(insert(table), list(rows))


def insert_columns(
    connection: Connection, database: Database, table: Table, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert many rows given by column: its name → the rows' values, at least one."""
    begun = begin_columns(connection, database, table, columns)
    if begun is not None:
        begun.wait()


def begin_columns(
    connection: Connection, database: Database, table: Table, columns: Mapping[str, Sequence[Any]]
) -> CopyBeside | None:
    """Insert many rows given by column; what is given back is to be waited for before the connection is used again."""
    if database.dialect is not Dialect.POSTGRESQL:
        names, values_of = list(columns), [_given(values) for values in columns.values()]
        rows = [dict(zip(names, values, strict=True)) for values in zip(*values_of, strict=True)]
        connection.execute(insert(table), rows)
        return None
    written = {name: _copied(table.c[name], values) for name, values in columns.items()}
    order, parts = copy_parts(written)
    quote = connection.dialect.identifier_preparer.quote
    text = f"COPY {quote(table.name)} ({', '.join(quote(name) for name in order)}) FROM STDIN"
    database.statements.note(connection, None, text, None, None, False)
    return CopyBeside(connection, text, parts)


def _copied(column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Give values as COPY takes them: what the column's type does to parameters is not done to them."""
    if isinstance(column.type, JSON):
        if isinstance(values, JsonTexts):
            return values
        return [None if value is None else json_text(value) for value in values]
    if isinstance(column.type, SealedText):
        seal = column.type.bind_processor(_SQLITE)
        return [seal(value) for value in values]
    return values


def _given(values: Sequence[Any]) -> Sequence[Any]:
    """Give values as parameters: JSON that is written already is not written as a text."""
    return [orjson.Fragment(value) for value in values] if isinstance(values, JsonTexts) else values


def json_text(value: Any) -> str:
    """Write a value as a JSON column holds it."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _sqlite_dialect() -> Any:
    from sqlalchemy.dialects import sqlite

    return sqlite.dialect()


_SQLITE = _sqlite_dialect()
