"""Finds what tells of a person outside of the person's own records: rows of every table of the database.

Each table is asked for the person's values; a row that is about one of the person's records counts as well. The audit
log is another matter (`entries`), and what is encrypted at rest is found by its record alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, MetaData, String, Table, and_, false, inspect, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from engine.privacy.people import Person
from engine.privacy.values import PersonValues
from engine.records.transaction import Transaction
from engine.storage.column_types import ColumnKind
from engine.storage.layout import SORT_SUFFIX, TITLE_COLUMN
from engine.storage.tables import ObjectTable

LEFT_OUT = frozenset(("fs_audit", "fs_seal", "fs_person_key", "fs_release", "fs_checked", "fs_credential"))
"""Tables that hold no values of persons in clear, or that are dealt with otherwise."""
NAMES_OF_RECORDS = {
    "object": ("record_id", "into_id", "one_id", "other_id"),
    "asked_object": ("asked_id",),
    "about_object": ("about_id",),
}
"""Columns with the name of an object, and those with ids of its records: a row that names one is about it."""
_TEXT_KINDS = frozenset((ColumnKind.TEXT, ColumnKind.TEXTS, ColumnKind.JSON, ColumnKind.DOCUMENT))
_CLOSED = frozenset(("choice", "multi_choice", "tags"))
_NAMES = frozenset(("text", "person_name", "phone"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One row that tells of a person. is_own: it is about one of the person's records. names: the columns concerned."""

    table: Table
    row: Mapping[str, Any]
    is_own: bool
    names: tuple[str, ...]

    @property
    def key(self) -> ColumnElement[bool]:
        """Say which row it is."""
        columns = list(self.table.primary_key.columns) or list(self.table.columns)
        return and_(*(column == self.row[column.key] for column in columns))


def object_traces(transaction: Transaction, person: Person) -> Iterator[tuple[ObjectTable, Trace]]:
    """Give the records of others whose texts have values of a person."""
    objects = {key for key, _ in person.records}
    for table in transaction.parts.tables if person.known else ():
        definition = table.object
        if definition.source is not None:
            continue
        names = [
            spec.name for spec in table.spec.columns.values() if _is_free(table, spec.name, definition.key in objects)
        ]
        own = set(person.ids(definition.key))
        for row, hits in _rows(transaction.connection, table.table, names, person.known):
            if str(row["id"]) not in own:
                yield table, Trace(table=table.table, row=row, is_own=False, names=hits)


def _is_free(table: ObjectTable, column: str, alike: bool) -> bool:
    """Tell whether people write what they like in a column; names of other persons stay theirs. alike: as this one."""
    spec = table.spec.columns[column]
    if spec.kind not in _TEXT_KINDS:
        return False
    if spec.name == TITLE_COLUMN or spec.name.endswith(SORT_SUFFIX):
        return not alike
    field = table.object.fields.get(spec.field or "")
    if field is None or field.value_type in _CLOSED or field.relation is not None:
        return False
    return not (alike and field.personal and field.value_type in _NAMES)


def system_traces(transaction: Transaction, person: Person) -> Iterator[Trace]:
    """Give the rows of the product's own tables, those of the durable engine too."""
    connection = transaction.connection
    for table in (*transaction.system.metadata.sorted_tables, *_foreign_tables(transaction)):
        if table.name in LEFT_OUT:
            continue
        names = text_columns(table)
        seen = set()
        for trace in _about(connection, table, names, person):
            seen.add(_identity(trace.row))
            yield trace
        for row, hits in _rows(connection, table, names, person.known):
            if _identity(row) not in seen:
                yield Trace(table=table, row=row, is_own=False, names=hits)


def _about(connection: Connection, table: Table, names: list[str], person: Person) -> Iterator[Trace]:
    """Give the rows that name one of the person's records."""
    for name in (each for each in NAMES_OF_RECORDS if each in table.c):
        ids = [table.c[each] for each in NAMES_OF_RECORDS[name] if each in table.c]
        for object_key in dict.fromkeys(key for key, _ in person.records):
            wanted = person.ids(object_key)
            named = or_(false(), *(column.in_(wanted) for column in ids))
            for row in connection.execute(select(table).where(table.c[name] == object_key, named)).mappings().all():
                yield Trace(table=table, row=dict(row), is_own=True, names=tuple(names))


def text_columns(table: Table) -> list[str]:
    """Give the columns that may hold values of persons: all of texts, but those with names of objects."""
    texts = [column.key for column in table.columns if isinstance(column.type, String | JSON | ARRAY)]
    return [name for name in texts if name not in NAMES_OF_RECORDS]


def _rows(
    connection: Connection, table: Table, names: list[str], values: PersonValues
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    if not names or not values:
        return
    query = select(table).where(or_(*(values.may_be_in(table.c[name]) for name in names)))
    for row in connection.execute(query).mappings().all():
        hits = tuple(name for name in names if values.is_in(row[name]))
        if hits:
            yield dict(row), hits


def _foreign_tables(transaction: Transaction) -> Iterator[Table]:
    """Give the tables that others keep in the same database: those of the durable engine."""
    found = inspect(transaction.connection)
    known = {table.name for table in transaction.system.metadata.sorted_tables}
    known |= {each.table.name for each in transaction.parts.tables}
    for schema in found.get_schema_names():
        if schema == "information_schema" or schema.startswith("pg_"):
            continue
        own = schema == found.default_schema_name
        for name in found.get_table_names(schema):
            if not (own and name in known):
                yield Table(name, MetaData(), schema=None if own else schema, autoload_with=transaction.connection)


def _identity(row: Mapping[str, Any]) -> str:
    return repr(sorted(row.items(), key=lambda item: item[0]))
