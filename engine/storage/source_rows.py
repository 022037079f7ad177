"""Rows of other databases within statements of ours: a parameter that holds them as JSON, read as a table.

So all that is made of a table (titles, formulas, rights, joins to our own tables) is made of them by the same
statements. Fetching the rows is the business of `engine/outer`; where nobody can give them, a statement is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import BindParameter, Integer, Table, Text, column, func, select, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from engine.storage.layout import LIVE_COLUMN, LayoutSource, StoredParts, field_columns, table_name
from engine.storage.schema import ColumnSpec, TableSpec
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry, standard_field_types
from metamodel.objects import ObjectDef

PLACE_COLUMN = "place_"
"""The place of a row among those given."""


class Which(StrEnum):
    """Which rows of an object a parameter holds: those asked for, those that lookups lead to, or all there are."""

    ASKED = "asked"
    JOINED = "joined"
    ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class GivenRows:
    """The value of a parameter that holds rows: whoever runs the statement gives them as a JSON text."""

    which: Which
    object: str

    @property
    def parameter(self) -> str:
        """What the parameter is called."""
        return f"{self.which.value}_rows_of_{self.object.replace('.', '_')}"


def lay_out_sources(metamodel: Metamodel, field_types: FieldTypeRegistry | None = None) -> tuple[TableSpec, ...]:
    """Lay out the objects whose rows lie in other databases: what their rows look like where they are read here.

    They have the columns that every statement asks for, also where no field is mapped to them.
    """
    source = LayoutSource(metamodel=metamodel, stored=StoredParts(), field_types=field_types or standard_field_types())
    return tuple(_lay_out(source, each) for each in metamodel.objects.values() if each.source is not None)


def _lay_out(source: LayoutSource, object_def: ObjectDef) -> TableSpec:
    columns = {
        spec.name: spec
        for definition in object_def.fields.values()
        for spec in field_columns(source, object_def, definition)
    }
    columns.setdefault("version", ColumnSpec(name="version", kind=ColumnKind.INTEGER))
    for name in (LIVE_COLUMN, "created_at", "modified_at"):
        columns.setdefault(name, ColumnSpec(name=name, kind=ColumnKind.DATETIME))
    return TableSpec(
        name=table_name(object_def),
        object=object_def.key,
        columns=MappingProxyType(columns),
        indexes=MappingProxyType({}),
    )


def source_tables(spec: TableSpec, dialect: Dialect) -> tuple[Table, Table, Table]:
    """Make what stands for a table that is not here: all its rows (which nobody gives), those asked, those joined."""
    types = {each.name: column_type(each.kind, dialect, scale=each.scale) for each in spec.columns.values()}
    types[PLACE_COLUMN] = Integer()
    whole, asked, joined = (
        _given_table(GivenRows(which, spec.object), types, dialect) for which in (Which.ALL, Which.ASKED, Which.JOINED)
    )
    return whole, asked, joined


def _given_table(rows: GivenRows, types: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> Table:
    # To all who make statements it is a table: it has columns and aliases.
    given = BindParameter(rows.parameter, rows, type_=Text())
    if dialect is Dialect.POSTGRESQL:
        columns = [column(name, kind) for name, kind in types.items()]
        record = func.jsonb_to_recordset(sql_cast(given, JSONB)).table_valued(*columns).render_derived(with_types=True)
        return cast(Table, select(*(record.c[name] for name in types)).subquery())
    each = func.json_each(given).table_valued(column("value", Text()))
    read = (
        type_coerce(func.json_extract(each.c.value, f'$."{name}"'), kind).label(name) for name, kind in types.items()
    )
    return cast(Table, select(*read).select_from(each).subquery())
