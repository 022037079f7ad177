"""A row with a text in every column that can hold one, in every system table that an erasure looks through."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Integer, LargeBinary, String, Table, insert
from sqlalchemy.dialects.postgresql import ARRAY

from engine.privacy.traces import LEFT_OUT, NAMES_OF_RECORDS, text_columns
from engine.storage.system_tables import SystemTables

_NUMBER = 1_000_000


def fill_tables(connection: Connection, system: SystemTables, object_key: str, text: str) -> list[str]:
    """Insert the rows; give the tables. object_key: the object whose records the rows are about."""
    tables = [each for each in system.metadata.sorted_tables if each.name not in LEFT_OUT and text_columns(each)]
    for number, table in enumerate(tables):
        row = {column.key: _value(table, column, object_key, text) for column in table.columns if not _counts(column)}
        connection.execute(insert(table).values(row | _numbers(table, number)))
    return [table.name for table in tables]


def _counts(column: Column[Any]) -> bool:
    return isinstance(column.type, Integer) and bool(column.primary_key) and column.autoincrement is True


def _numbers(table: Table, number: int) -> dict[str, int]:
    columns = [each for each in table.columns if isinstance(each.type, Integer) and not _counts(each)]
    return {each.key: _NUMBER + number for each in columns}


def _value(table: Table, column: Column[Any], object_key: str, text: str) -> Any:
    if column.key in NAMES_OF_RECORDS:
        return object_key
    if any(column.key in each for each in NAMES_OF_RECORDS.values()):
        return str(uuid.uuid4())
    match column.type:
        case JSON():
            return {"text": [text]}
        case ARRAY():
            return [text]
        case String():
            return text
        case LargeBinary():
            return b""
        case Boolean():
            return False
    return dt.datetime.now(dt.UTC) if _is_moment(column) else str(uuid.uuid4())


def _is_moment(column: Column[Any]) -> bool:
    return type(column.type).__name__ in ("DateTime", "IsoDatetime")
