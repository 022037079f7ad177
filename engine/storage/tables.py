"""SQLAlchemy tables of a metamodel's objects, made once per release.

`build_tables(metamodel, dialect)` lays the objects out and makes one `ObjectTable` each; nothing here talks to a
database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Column,
    DefaultClause,
    FetchedValue,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY

from engine.storage.codecs import (
    AnyCodec,
    Codec,
    DurationCodec,
    FilesCodec,
    MoneyCodec,
    PartsCodec,
    TargetsCodec,
    TextsCodec,
    by_field,
)
from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from engine.storage.layout import LIVE_COLUMN, SORT_SUFFIX, TITLE_COLUMN, StoredParts, lay_out
from engine.storage.schema import ColumnSpec, IndexSpec, Schema, TableSpec, short_name
from engine.storage.sealing import Cipher, place_of
from engine.storage.source_rows import lay_out_sources, source_tables
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry
from metamodel.field_types.compound import MAKERS, parts_of_field
from metamodel.objects import ObjectDef


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTable:
    """The table of one object.

    codecs: field → how its value lies in the columns; a formula that is computed when read has none.
    title: the column of the kept title, if it is kept. sort_keys: text field → the column lists sort it by;
    words: text field → the column of its words.
    asked, joined: what stands for the table where a statement asks for its records, and where a lookup leads to them;
    another than `table` only where its rows lie in another database (see `source_rows`).
    """

    object: ObjectDef
    table: Table
    spec: TableSpec
    codecs: Mapping[str, Codec]
    title: Column[str] | None
    sort_keys: Mapping[str, Column[str]]
    words: Mapping[str, Column[str]]
    asked: Table
    joined: Table

    def column(self, field: str) -> Column[Any]:
        """Give the first column of a field: its value, the amount of money, the first target's id."""
        return self.codecs[field].columns[0]

    def has_beside(self, field: str) -> bool:
        """Tell whether a sort key or words stand beside the field's value."""
        return field in self.sort_keys or field in self.words

    def is_stored(self, field: str) -> bool:
        """Tell whether the field has columns (else it is computed when read)."""
        return field in self.codecs


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All tables of records of one release."""

    dialect: Dialect
    metadata: MetaData
    schema: Schema
    objects: Mapping[str, ObjectTable]

    def of(self, object_key: str) -> ObjectTable:
        """Give the table of an object by its key."""
        return self.objects[object_key]

    def __iter__(self) -> Iterator[ObjectTable]:
        return iter(self.objects.values())


def build_tables(
    metamodel: Metamodel,
    dialect: Dialect,
    *,
    stored: StoredParts | None = None,
    field_types: FieldTypeRegistry | None = None,
    cipher: Cipher | None = None,
    asked_only: bool = False,
) -> Tables:
    """Make the tables of all objects.

    asked_only: without foreign keys and indexes, which statements never ask for and each alias would copy.
    cipher: opens and seals encrypted fields; without it tables that have some can only be made. stored: which formulas
    and titles are kept in columns, as the expression checker tells; none without it.
    """
    schema = lay_out(metamodel, stored, field_types)
    metadata = MetaData()
    made = {}
    for spec in schema.tables.values():
        object_def = metamodel.objects[spec.object]
        table = build_table(spec, metadata, dialect, cipher, asked_only=asked_only)
        made[spec.object] = _object_table(object_def, spec, table, metamodel)
    for spec in lay_out_sources(metamodel, field_types):
        object_def = metamodel.objects[spec.object]
        table, asked, joined = source_tables(spec, dialect)
        own = _object_table(object_def, spec, table, metamodel)
        made[spec.object] = replace(own, asked=asked, joined=joined)
    return Tables(dialect=dialect, metadata=metadata, schema=schema, objects=MappingProxyType(made))


def build_table(
    spec: TableSpec, metadata: MetaData, dialect: Dialect, cipher: Cipher | None = None, *, asked_only: bool = False
) -> Table:
    """Make one table with its constraints and indexes; with its columns alone for statements that only ask it."""
    columns = [build_column(column, dialect, cipher, spec.object) for column in spec.columns.values()]
    if asked_only:
        return Table(spec.name, metadata, *columns, PrimaryKeyConstraint("id"))
    constraints = [foreign_key(spec.name, column) for column in spec.columns.values() if column.target]
    key = PrimaryKeyConstraint("id", name=short_name(f"pk_{spec.name}"))
    table = Table(spec.name, metadata, *columns, key, *constraints)
    for index in spec.indexes.values():
        if not index.words or dialect is Dialect.POSTGRESQL:
            build_index(index, table)
    return table


def build_column(spec: ColumnSpec, dialect: Dialect, cipher: Cipher | None = None, object_key: str = "") -> Column[Any]:
    """Make one column; a required one that has a default lets the database fill it for rows that exist."""
    place = place_of(object_key, spec.field)
    kind = column_type(spec.kind, dialect, scale=spec.scale, cipher=cipher, place=place)
    default = server_default(spec, dialect)
    return Column(spec.name, kind, nullable=not spec.required, server_default=default, key=spec.name)


def server_default(spec: ColumnSpec, dialect: Dialect) -> FetchedValue | None:
    """Give the database's own default of a required column: version 1, boolean false."""
    if not spec.required or spec.default is None:
        return None
    if spec.kind is ColumnKind.BOOLEAN:
        words = ("1", "0") if dialect is Dialect.SQLITE else ("true", "false")
        return DefaultClause(literal_column(words[0] if spec.default else words[1]))
    assert isinstance(spec.default, int)
    return DefaultClause(literal_column(str(spec.default)))


def foreign_key(table: str, column: ColumnSpec) -> ForeignKeyConstraint:
    """Make the constraint of a column that points at a table; checked at commit, so that cycles can be written."""
    assert column.target is not None
    return ForeignKeyConstraint(
        [column.name],
        [f"{column.target}.id"],
        name=short_name(f"fk_{table}_{column.name}"),
        deferrable=True,
        initially="DEFERRED",
    )


def build_index(spec: IndexSpec, table: Table) -> Index:
    """Make one index; one of live records leaves out the bin. Those of words are PostgreSQL's alone."""
    where = table.c[LIVE_COLUMN].is_(None) if spec.live_only else None
    if spec.binned:
        where = table.c[LIVE_COLUMN].is_not(None)
    columns = [table.c[name] for name in spec.columns]
    # An array is searched for one of its values, which an ordinary index can't.
    method = "gin" if spec.words or isinstance(columns[0].type, ARRAY) else False
    return Index(
        spec.name,
        *columns,
        unique=spec.unique,
        sqlite_where=where,
        postgresql_where=where,
        postgresql_using=method,
    )


def _object_table(object_def: ObjectDef, spec: TableSpec, table: Table, metamodel: Metamodel) -> ObjectTable:
    sort_keys = {
        column.field: table.c[column.name]
        for column in spec.columns.values()
        if column.field and column.name == column.field + SORT_SUFFIX
    }
    kept = [each for each in spec.columns.values() if each.kind is not ColumnKind.WORDS]
    words = {each.field: table.c[each.name] for each in spec.columns.values() if each.kind is ColumnKind.WORDS}
    codecs = []
    for name in object_def.fields:
        parts = [c for c in kept if c.field == name and c.name != name + SORT_SUFFIX]
        if parts:
            columns, kinds = tuple(table.c[part.name] for part in parts), [part.kind for part in parts]
            codecs.append(_codec(object_def, name, columns, kinds, metamodel))
    return ObjectTable(
        object=object_def,
        table=table,
        spec=spec,
        codecs=MappingProxyType(dict(by_field(codecs))),
        title=table.c[TITLE_COLUMN] if TITLE_COLUMN in spec.columns else None,
        sort_keys=MappingProxyType(sort_keys),
        words=MappingProxyType(words),
        asked=table,
        joined=table,
    )


def _codec(
    object_def: ObjectDef,
    name: str,
    columns: tuple[Column[Any], ...],
    kinds: Sequence[ColumnKind],
    metamodel: Metamodel,
) -> Codec:
    definition = object_def.fields[name]
    if definition.value_type == "duration":
        return DurationCodec(field=name, columns=columns)
    if (compound := MAKERS.get(definition.value_type)) is not None:
        names = tuple(part.name for part in parts_of_field(definition))
        return PartsCodec(field=name, columns=columns, make=compound, parts=names)
    if definition.value_type == "files":
        return FilesCodec(field=name, columns=columns)
    if kinds[0] is ColumnKind.TEXTS:
        return TextsCodec(field=name, columns=columns)
    if len(columns) == 1:
        return Codec(field=name, columns=columns, is_sealed=kinds[0] is ColumnKind.SEALED)
    if definition.relation is None:
        return MoneyCodec(field=name, columns=columns, base_currency=metamodel.main.currency)
    if definition.relation.targets:
        return TargetsCodec(field=name, columns=columns, targets=definition.relation.targets)
    return AnyCodec(field=name, columns=columns)
