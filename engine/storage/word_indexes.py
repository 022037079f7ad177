"""The indexes over words that SQLite has none of by itself: a full-text table beside the records' own.

Triggers keep it as the words are, whoever writes them. Only spaces part words in it, case is theirs: what a word is,
is said by `records.index_words` alone. PostgreSQL has an ordinary index in its place, see `tables.build_index`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import DDL, Connection, column, insert, table

from engine.storage.schema import IndexSpec, TableSpec


def create_word_index(connection: Connection, owner: str, spec: IndexSpec) -> None:
    """Make the full-text table of a table's words where it is not there yet, with what they are now."""
    quote = connection.dialect.identifier_preparer.quote
    names, columns = quote(spec.name), [quote(name) for name in spec.columns]
    options = f"content={quote(owner)}, detail=column, columnsize=0, tokenize=ascii"
    if connection.dialect.has_table(connection, spec.name):
        return
    _run(connection, f"CREATE VIRTUAL TABLE {names} USING fts5({', '.join(columns)}, {options})")
    new, old = _values("new", columns), _values("old", columns)
    into = f"INSERT INTO {names}(rowid, {', '.join(columns)}) SELECT {new}"
    out = f"INSERT INTO {names}({names}, rowid, {', '.join(columns)}) SELECT 'delete', {old}"
    put, take = f"{into} WHERE {_any('new', columns)};", f"{out} WHERE {_any('old', columns)};"
    of = f"UPDATE OF {', '.join(columns)}"
    for event, name, acts in (("INSERT", "put", put), (of, "set", take + put), ("DELETE", "take", take)):
        trigger = quote(f"{spec.name}_{name}")
        _run(connection, f"CREATE TRIGGER {trigger} AFTER {event} ON {quote(owner)} BEGIN {acts} END")
    _tell(connection, spec.name, "rebuild")


def drop_word_index(connection: Connection, name: str) -> None:
    """Drop a full-text table and what keeps it, where they are there."""
    quote = connection.dialect.identifier_preparer.quote
    for each in ("put", "set", "take"):
        _run(connection, f"DROP TRIGGER IF EXISTS {quote(f'{name}_{each}')}")
    _run(connection, f"DROP TABLE IF EXISTS {quote(name)}")


def forget_taken_words(connection: Connection, spec: TableSpec) -> None:
    """Let go of words that no record has any more; until then SQLite's full-text tables keep them unseen."""
    for index in spec.indexes.values():
        if index.words and connection.dialect.name == "sqlite":
            _tell(connection, index.name, "optimize")


def _values(row: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{row}.{name}" for name in ("rowid", *columns))


def _any(row: str, columns: Sequence[str]) -> str:
    return " OR ".join(f"{row}.{name} IS NOT NULL" for name in columns)


def _tell(connection: Connection, name: str, order: str) -> None:
    connection.execute(insert(table(name, column(name))).values({name: order}))


def _run(connection: Connection, text: str) -> None:
    connection.execute(DDL(text.replace("%", "%%")))  # type: ignore[no-untyped-call]
