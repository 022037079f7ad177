"""The shape of the tables as plain data: what a release stores, what plans compare, what tables are made of.

It knows nothing of fields' meaning (`layout` does) and nothing of SQL (`tables` does).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.storage.column_types import ColumnKind
from metamodel.quick_making import quickly_made

MAX_TABLE_NAME = 55
MAX_IDENTIFIER = 63


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """One column.

    scale: decimal places of a DECIMAL. target: table it points at. required: never NULL, then with `default` (a JSON
    value) for the rows that exist. field: the field it belongs to; "" for the columns the engine adds.
    """

    name: str
    kind: ColumnKind
    field: str = ""
    scale: int = 0
    target: str | None = None
    required: bool = False
    default: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """One index; `live_only` leaves out what is in the bin, `binned` has that alone, `words` finds single words."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    live_only: bool = True
    words: bool = False
    binned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """One table; the key is the column `id`. object: key of the object whose records it holds."""

    name: str
    object: str
    columns: Mapping[str, ColumnSpec]
    indexes: Mapping[str, IndexSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredSpec:
    """A column of a table, or a whole table, that no definition names any more and that keeps its data."""

    table: str
    column: ColumnSpec | None = None
    whole: TableSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All tables of records (name → table), and what is retired."""

    tables: Mapping[str, TableSpec] = field(default_factory=lambda: MappingProxyType({}))
    retired: tuple[RetiredSpec, ...] = ()

    def table_of(self, object_key: str) -> TableSpec | None:
        """Give the table of an object."""
        return next((table for table in self.tables.values() if table.object == object_key), None)


def short_name(name: str, limit: int = MAX_IDENTIFIER) -> str:
    """Cut a name that is too long for a database and keep it unique by a hash of the whole."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Give a schema as JSON data."""
    return {
        "tables": [table_to_json(table) for table in schema.tables.values()],
        "retired": [
            {
                "table": item.table,
                "column": item.column and column_to_json(item.column),
                "whole": item.whole and table_to_json(item.whole),
            }
            for item in schema.retired
        ],
    }


def schema_from_json(raw: Mapping[str, Any]) -> Schema:
    """Read a schema from its JSON data."""
    return Schema(
        tables=MappingProxyType({table["name"]: table_from_json(table) for table in raw["tables"]}),
        retired=tuple(
            RetiredSpec(
                table=item["table"],
                column=column_from_json(item["column"]) if item["column"] else None,
                whole=table_from_json(item["whole"]) if item["whole"] else None,
            )
            for item in raw["retired"]
        ),
    )


def column_to_json(column: ColumnSpec) -> dict[str, Any]:
    """Give a column as JSON data."""
    return {
        "name": column.name,
        "kind": column.kind.value,
        "field": column.field,
        "scale": column.scale,
        "target": column.target,
        "required": column.required,
        "default": column.default,
    }


def column_from_json(raw: Mapping[str, Any]) -> ColumnSpec:
    """Read a column from its JSON data."""
    return ColumnSpec(**{**raw, "kind": ColumnKind(raw["kind"])})


def index_to_json(index: IndexSpec) -> dict[str, Any]:
    """Give an index as JSON data."""
    return {
        "name": index.name,
        "columns": list(index.columns),
        "unique": index.unique,
        "live_only": index.live_only,
        "words": index.words,
        "binned": index.binned,
    }


def index_from_json(raw: Mapping[str, Any]) -> IndexSpec:
    """Read an index from its JSON data."""
    return IndexSpec(**{**raw, "columns": tuple(raw["columns"])})


def table_to_json(table: TableSpec) -> dict[str, Any]:
    """Give a table as JSON data."""
    return {
        "name": table.name,
        "object": table.object,
        "columns": [column_to_json(column) for column in table.columns.values()],
        "indexes": [index_to_json(index) for index in table.indexes.values()],
    }


def table_from_json(raw: Mapping[str, Any]) -> TableSpec:
    """Read a table from its JSON data."""
    columns = [column_from_json(column) for column in raw["columns"]]
    indexes = [index_from_json(index) for index in raw["indexes"]]
    return TableSpec(
        name=raw["name"],
        object=raw["object"],
        columns=MappingProxyType({column.name: column for column in columns}),
        indexes=MappingProxyType({index.name: index for index in indexes}),
    )
