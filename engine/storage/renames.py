"""Finds what of an installed schema is only called otherwise in a new one, by `was:` of objects, fields and options.

A `was:` that was followed already (its old name is gone) means nothing any more, so it may stay in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.storage.layout import renamed_column
from engine.storage.schema import ColumnSpec, Schema, TableSpec
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """What belongs to what.

    tables: new table name → installed table. objects: new table name → key. options: table, column, before, after.
    """

    metamodel: Metamodel
    tables: Mapping[str, TableSpec]
    objects: Mapping[str, str]
    options: tuple[tuple[str, str, str, str], ...]

    def table_before(self, table: TableSpec) -> TableSpec | None:
        """Give the installed table that becomes this one; None for a new one."""
        return self.tables.get(table.name)

    def table_after(self, name: str | None) -> str | None:
        """Give the new name of an installed table; its own name where it has no other."""
        return next((new for new, old in self.tables.items() if old.name == name), name)

    def object_after(self, table: str) -> str:
        """Give the key of the object whose table has this (new) name."""
        return self.objects[table]

    def is_kept(self, table: TableSpec) -> bool:
        """Tell whether an installed table goes on, under its name or another."""
        return any(old.name == table.name for old in self.tables.values())

    def columns_before(self, before: TableSpec, after: TableSpec) -> Mapping[str, ColumnSpec]:
        """Give new column name → installed column that becomes it."""
        found: dict[str, ColumnSpec] = {}
        taken: set[str] = set()
        fields = self.metamodel.objects[after.object].fields
        for column in after.columns.values():
            old = before.columns.get(column.name)
            if old is None and column.field and fields[column.field].was:
                was = fields[column.field].was or ""
                old = before.columns.get(renamed_column(column, was))
                if old is not None and (old.name in after.columns or old.name in taken or old.field != was):
                    old = None
            if old is not None:
                found[column.name] = old
                taken.add(old.name)
        return MappingProxyType(found)


def find_renames(old: Schema, metamodel: Metamodel, new: Schema) -> Renames:
    """Compare an installed schema with that of a metamodel."""
    tables: dict[str, TableSpec] = {}
    for table in new.tables.values():
        before = old.tables.get(table.name) or _table_by_was(old, metamodel.objects[table.object], new)
        if before is not None and before not in tables.values():
            tables[table.name] = before
    kept = MappingProxyType(tables)
    options = tuple(_renamed_options(metamodel, new, kept))
    objects = MappingProxyType({table.name: table.object for table in new.tables.values()})
    return Renames(metamodel=metamodel, tables=kept, objects=objects, options=options)


def _table_by_was(old: Schema, object_def: ObjectDef, new: Schema) -> TableSpec | None:
    if object_def.was is None:
        return None
    for key in (object_def.was, f"{object_def.app}.{object_def.was}"):
        found = old.table_of(key)
        if found is not None and found.name not in new.tables:
            return found
    return None


def _renamed_options(
    metamodel: Metamodel, new: Schema, tables: Mapping[str, TableSpec]
) -> Iterator[tuple[str, str, str, str]]:
    for table in new.tables.values():
        if table.name not in tables:
            continue
        for definition in metamodel.objects[table.object].fields.values():
            if definition.choice is None or definition.name not in table.columns:
                continue
            names = definition.choice.names
            for option in definition.choice.options:
                if option.was and option.was not in names:
                    yield table.name, definition.name, option.was, option.name
