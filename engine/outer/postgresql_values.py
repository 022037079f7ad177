"""Dates and moments of PostgreSQL that Python has none for (`infinity`, before Christ), given as the texts they are.

The driver refuses a whole answer because of one of them; as a text it is no value of a field, told and shown as empty.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, DataError
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader


class _AnyDate(DateLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


class _AnyTimestamp(TimestampLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


class _AnyTimestamptz(TimestamptzLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


def read_any_moment(connection: Connection[Any], _record: object) -> None:
    """Let a connection give what Python has no date or moment for."""
    for name, loader in (("date", _AnyDate), ("timestamp", _AnyTimestamp), ("timestamptz", _AnyTimestamptz)):
        connection.adapters.register_loader(name, loader)
