"""Which databases there are, and what a database address must look like. It opens no connection."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Dialect(StrEnum):
    """The two kinds of database; both hold the same data with the same meaning."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def parse_database_url(text: str) -> tuple[URL, Dialect]:
    """Read a database address and name the driver we use for it.

    Raises:
        ValueError: the text is no address, of another kind of database, or names no SQLite file.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ValueError(f"'{text}' is not a database address; expected sqlite:///FILE or postgresql://…") from error
    kind = url.drivername.split("+", 1)[0]
    if kind not in _DRIVERS:
        raise ValueError(f"'{kind}' databases are not known; expected sqlite:///FILE or postgresql://…")
    url = url.set(drivername=_DRIVERS[kind])
    dialect = Dialect.SQLITE if kind == "sqlite" else Dialect.POSTGRESQL
    if dialect is Dialect.SQLITE and (not url.database or url.database == ":memory:"):
        raise ValueError("An SQLite address must name a file: all processes of an installation share it.")
    return url, dialect


def sqlite_file(url: URL) -> Path:
    """Give the file of an SQLite address."""
    assert url.database, "checked by parse_database_url"
    return Path(url.database)
