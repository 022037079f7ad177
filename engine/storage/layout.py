"""Which table, columns and indexes the objects of a metamodel have, as a `Schema`.

What is kept and what is computed when read is decided by the language (formulas over own fields are kept) and handed
in as `StoredParts`. It makes no SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from engine.storage.column_types import ColumnKind
from engine.storage.schema import MAX_TABLE_NAME, ColumnSpec, IndexSpec, Schema, TableSpec, short_name
from engine.storage.word_columns import add_words, worded_fields
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry, StorageKind, standard_field_types
from metamodel.field_types.compound import GEO_DIGITS, PARTS, parts_of_field
from metamodel.field_types.number import DEFAULT_DIGITS, MONEY_DIGITS, PERCENT_POINT_DIGITS
from metamodel.fields import FieldDef, RollupFunction
from metamodel.objects import ObjectDef

TITLE_COLUMN = "title_"
MATCH_PART = "match_"
"""What plans call the keys by which duplicates of a record are found; they stand in fs_match."""
RATE_PART = "worth_"
"""What plans call the base values of amounts in other currencies."""
LIVE_COLUMN = "deleted_at"
SORT_SUFFIX = "_sort"
CURRENCY_SUFFIX = "_currency"
BASE_SUFFIX = "_base"
OBJECT_SUFFIX = "_object"

_NAMED_PART = re.compile(r"\{\s*([a-z][a-z0-9_]*)\s*\}")
_NOT_INDEXED = frozenset(("created_by", "modified_by"))
_PLAIN = {
    StorageKind.TEXT: ColumnKind.TEXT,
    StorageKind.CHOICE: ColumnKind.TEXT,
    StorageKind.INTEGER: ColumnKind.INTEGER,
    StorageKind.DECIMAL: ColumnKind.DECIMAL,
    StorageKind.BOOLEAN: ColumnKind.BOOLEAN,
    StorageKind.DATE: ColumnKind.DATE,
    StorageKind.DATETIME: ColumnKind.DATETIME,
    StorageKind.TIME: ColumnKind.TIME,
    StorageKind.DURATION: ColumnKind.INTEGER,
    StorageKind.TEXTS: ColumnKind.TEXTS,
    StorageKind.JSON: ColumnKind.DOCUMENT,
}


_PART_KINDS = {"text": ColumnKind.TEXT, "decimal": ColumnKind.DECIMAL, "integer": ColumnKind.INTEGER}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParts:
    """What of the computed parts is kept in columns: formulas by object key, and objects whose title is kept."""

    formulas: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    titles: frozenset[str] = frozenset()

    def keeps(self, object_key: str, definition: FieldDef) -> bool:
        """Tell whether a field has columns."""
        return definition.formula is None or definition.name in self.formulas.get(object_key, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutSource:
    """What a layout is made of."""

    metamodel: Metamodel
    stored: StoredParts
    field_types: FieldTypeRegistry
    worded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def table_name(object_def: ObjectDef) -> str:
    """Give the name of an object's table."""
    return short_name(f"{object_def.app}_{object_def.name}", MAX_TABLE_NAME)


def lay_out(
    metamodel: Metamodel, stored: StoredParts | None = None, field_types: FieldTypeRegistry | None = None
) -> Schema:
    """Lay out all objects of a metamodel."""
    source = LayoutSource(
        metamodel=metamodel,
        stored=stored or StoredParts(),
        field_types=field_types or standard_field_types(),
        worded=worded_fields(metamodel),
    )
    kept = (each for each in metamodel.objects.values() if each.source is None)
    tables = (_lay_out_object(source, object_def) for object_def in kept)
    return Schema(tables=MappingProxyType({table.name: table for table in tables}))


def sorted_text_fields(object_def: ObjectDef) -> tuple[str, ...]:
    """Give the text fields that have a sort key beside them: those the title names."""
    named = _NAMED_PART.findall(object_def.title.text)
    texts = ("text", "long_text", "email", "url", "phone", "barcode", "autonumber")
    return tuple(
        name
        for name in dict.fromkeys(named)
        if (field := object_def.fields.get(name)) is not None and field.value_type in texts and not field.multiple
    )


def field_columns(source: LayoutSource, object_def: ObjectDef, definition: FieldDef) -> tuple[ColumnSpec, ...]:
    """Give the columns of a field; none for a formula that is computed when read."""
    if not source.stored.keeps(object_def.key, definition):
        return ()
    if definition.name == "id":
        kind = ColumnKind.ID if object_def.source is None else ColumnKind.TEXT
        return (ColumnSpec(name="id", kind=kind, field="id", required=True),)
    if definition.name == "version":
        return (_plain(definition, ColumnKind.INTEGER, required=True, default=1),)
    if definition.encrypted:
        return (_plain(definition, ColumnKind.SEALED),)
    storage = source.field_types.of(definition).storage(definition)
    match storage:
        case StorageKind.MONEY:
            return tuple(_money_columns(definition, _scale(source, object_def, definition)))
        case StorageKind.PARTS:
            return tuple(_part_columns(definition))
        case StorageKind.FILES:
            return tuple(_file_columns(definition))
        case StorageKind.REFERENCE | StorageKind.ANY_REFERENCE:
            return tuple(_reference_columns(source, definition))
        case StorageKind.BOOLEAN:
            computed = definition.formula is not None or definition.type == "rollup"
            return (_plain(definition, ColumnKind.BOOLEAN, required=not computed, default=None if computed else False),)
        case _:
            return (_plain(definition, _PLAIN[storage], scale=_scale(source, object_def, definition)),)


def _plain(
    definition: FieldDef, kind: ColumnKind, *, scale: int = 0, required: bool = False, default: object = None
) -> ColumnSpec:
    scale = scale if kind is ColumnKind.DECIMAL else 0
    name = definition.name
    return ColumnSpec(name=name, kind=kind, field=name, scale=scale, required=required, default=default)


def _money_columns(definition: FieldDef, scale: int) -> Iterator[ColumnSpec]:
    name = definition.name
    yield ColumnSpec(name=name, kind=ColumnKind.DECIMAL, field=name, scale=scale)
    yield ColumnSpec(name=name + CURRENCY_SUFFIX, kind=ColumnKind.TEXT, field=name)
    yield ColumnSpec(name=name + BASE_SUFFIX, kind=ColumnKind.DECIMAL, field=name, scale=scale)


def _part_columns(definition: FieldDef) -> Iterator[ColumnSpec]:
    for part in parts_of_field(definition):
        kind = _PART_KINDS[part.type]
        scale = GEO_DIGITS if kind is ColumnKind.DECIMAL else 0
        yield ColumnSpec(name=part_column(definition.name, part.name), kind=kind, field=definition.name, scale=scale)


def _file_columns(definition: FieldDef) -> Iterator[ColumnSpec]:
    for part in PARTS["file"]:
        column = part_column(definition.name, part.name)
        yield ColumnSpec(name=column, kind=ColumnKind.TEXTS, field=definition.name)


def part_column(field_name: str, part: str) -> str:
    """Give the column of a part; two underscores, since `address_city` may be a field."""
    return short_name(f"{field_name}__{part}")


def _reference_columns(source: LayoutSource, definition: FieldDef) -> Iterator[ColumnSpec]:
    name = definition.name
    targets = definition.relation.targets if definition.relation is not None else ()
    if not targets:
        yield ColumnSpec(name=name, kind=ColumnKind.ID, field=name)
        yield ColumnSpec(name=name + OBJECT_SUFFIX, kind=ColumnKind.TEXT, field=name)
        return
    for number, target in enumerate(targets):
        column = name if number == 0 else reference_column(name, target)
        there = source.metamodel.objects[target]
        kind, table = (ColumnKind.TEXT, None) if there.source else (ColumnKind.ID, table_name(there))
        yield ColumnSpec(name=column, kind=kind, field=name, target=table)


def reference_column(field_name: str, target: str) -> str:
    """Give the column that holds the ids of a further target of a lookup."""
    return short_name(f"{field_name}_{target.replace('.', '_')}")


def renamed_column(column: ColumnSpec, field_name: str) -> str:
    """Give what a column would be called if its field were called `field_name`."""
    return short_name(field_name + column.name.removeprefix(column.field))


def _scale(source: LayoutSource, object_def: ObjectDef, definition: FieldDef) -> int:
    if definition.rollup is not None and definition.digits is None:
        return _rollup_scale(source, object_def, definition)
    match definition.value_type:
        case "money":
            return MONEY_DIGITS if definition.digits is None else definition.digits
        case "percent":
            return (PERCENT_POINT_DIGITS if definition.digits is None else definition.digits) + 2
        case _:
            return DEFAULT_DIGITS if definition.digits is None else definition.digits


def _rollup_scale(source: LayoutSource, object_def: ObjectDef, definition: FieldDef) -> int:
    assert definition.rollup is not None
    inverse = object_def.inverses.get(definition.rollup.list_name)
    child = source.metamodel.objects[inverse.object] if inverse is not None else None
    summed = child.fields.get(definition.rollup.field_name or "") if child is not None else None
    if child is None or summed is None:
        return DEFAULT_DIGITS
    scale = _scale(source, child, summed)
    if definition.rollup.function is RollupFunction.AVG and definition.value_type != "money":
        return max(scale, DEFAULT_DIGITS)
    return scale


def _lay_out_object(source: LayoutSource, object_def: ObjectDef) -> TableSpec:
    columns: dict[str, ColumnSpec] = {}
    # The key first: people who look into a table read from the left.
    for definition in sorted(object_def.fields.values(), key=lambda item: item.name != "id"):
        for column in field_columns(source, object_def, definition):
            columns[column.name] = column
    for name in sorted_text_fields(object_def):
        if name in columns:
            column = ColumnSpec(name=name + SORT_SUFFIX, kind=ColumnKind.TEXT, field=name)
            columns[column.name] = column
    if object_def.key in source.stored.titles:
        columns[TITLE_COLUMN] = ColumnSpec(name=TITLE_COLUMN, kind=ColumnKind.TEXT)
    name = table_name(object_def)
    indexes = {index.name: index for index in _indexes(object_def, name, columns)}
    if LIVE_COLUMN not in columns:
        indexes = {key: replace(index, live_only=False) for key, index in indexes.items()}
    else:
        own = _index("bn", name, (LIVE_COLUMN, "id"), live_only=False, binned=True)
        indexes[own.name] = own
    add_words(name, columns, indexes, source.worded.get(object_def.key, ()))
    return TableSpec(
        name=name, object=object_def.key, columns=MappingProxyType(columns), indexes=MappingProxyType(indexes)
    )


def _by_field(columns: Mapping[str, ColumnSpec]) -> Mapping[str, list[ColumnSpec]]:
    found: dict[str, list[ColumnSpec]] = {}
    for spec in columns.values():
        found.setdefault(spec.field, []).append(spec)
    return found


def _indexes(object_def: ObjectDef, table: str, columns: Mapping[str, ColumnSpec]) -> Iterator[IndexSpec]:
    columns_of = _by_field(columns)
    for definition in object_def.fields.values():
        own = [spec.name for spec in columns_of.get(definition.name, ())]
        if definition.name == "id" or not own:
            continue
        if definition.unique or definition.external_id:
            yield _index("uq", table, (own[0],), unique=True)
        elif definition.index:
            # One entry a value of several, so no further column beside it.
            several = columns[own[0]].kind is ColumnKind.TEXTS
            yield _index("ix", table, (own[0],) if several else (own[0], "id"))
        for column in own:
            if columns[column].kind is ColumnKind.ID and definition.name not in _NOT_INDEXED:
                yield _index("fk", table, (column,), live_only=False)
    for key in object_def.unique:
        if all(name in columns for name in key.fields):
            yield _index("uq", table, key.fields, unique=True)
    # Lists are mostly asked for some stages only: with the stage beside the order the others are passed over unread.
    stages = [name for name in object_def.path_fields if name in columns]
    for order in _orders(object_def, columns):
        yield _index("ls", table, (*order, "id", *(name for name in stages if name not in order)))


def _orders(object_def: ObjectDef, columns: Mapping[str, ColumnSpec]) -> Iterator[tuple[str, ...]]:
    """Give the column lists that lists are sorted by: the title's key, the last change, and each view's order."""
    for name in sorted_text_fields(object_def)[:1]:
        if name + SORT_SUFFIX in columns:
            yield (name + SORT_SUFFIX,)
    for system in ("created_at", "modified_at"):
        if system in columns:
            yield (system,)
    for view in object_def.views.values():
        # One direction only: an index is read forwards or backwards as a whole.
        order = tuple(sort_column(columns, key.path) for key in view.sort)
        if order and all(order) and len({key.descending for key in view.sort}) == 1:
            yield tuple(name for name in order if name is not None)


def sort_column(columns: Mapping[str, ColumnSpec], path: str) -> str | None:
    """Give the column that a list sorted by this field is ordered by; None for a path or a field without columns."""
    if path + SORT_SUFFIX in columns:
        return path + SORT_SUFFIX
    column = columns.get(path + BASE_SUFFIX) or columns.get(path)
    return column.name if column is not None and column.field == path else None


def _index(kind: str, table: str, columns: tuple[str, ...], **told: bool) -> IndexSpec:
    return IndexSpec(name=short_name(f"{kind}_{table}_{'_'.join(columns)}"), columns=columns, **told)
