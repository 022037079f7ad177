"""Binds a mapping to an object and a file: which cell goes to which field, and which cells name other records.

All mistakes of a mapping are found here, before a row is read. What a field's value may be is for the door to say;
this module only prepares raw values (mapped cells, dates of other forms, amounts with a currency).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from types import MappingProxyType

from engine.imports.bound import ROLES, Binding, BoundColumn, BoundLinks, BoundLookup, Cells, Convert
from engine.imports.cell_dates import date_reader
from engine.imports.errors import ImportRefused
from engine.imports.heads import ID, Heads
from engine.imports.mapping import ColumnMapping, ImportMapping
from metamodel.apps import Metamodel
from metamodel.column_names import ColumnNames
from metamodel.field_types import FieldType, FieldTypeRegistry
from metamodel.field_types.cells import CellPart
from metamodel.fields import FieldDef
from metamodel.link_lists import link_lists
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef

_PLACE = re.compile(r"\{([^{}:]+)(?::(lower|login))?\}")
_NOT_LOGIN = re.compile(r"[^a-z0-9]+")


def bind(
    metamodel: Metamodel,
    types: FieldTypeRegistry,
    object_def: ObjectDef,
    mapping: ImportMapping,
    columns: Sequence[str],
    *,
    match: Sequence[str] = (),
    settable: Collection[str] = (),
) -> Binding:
    """Bind a mapping.

    match: fields that find known records, before those of the mapping; without any the record's id or an external id
    that has a column. settable: fields that the actor may change.

    Raises:
        ImportRefused: a column or field is unknown, or a field cannot be filled.
    """
    return _Binder(metamodel, types, object_def, columns, settable).bind(mapping, tuple(match) or mapping.match)


class _Binder:
    def __init__(
        self,
        metamodel: Metamodel,
        types: FieldTypeRegistry,
        object_def: ObjectDef,
        columns: Sequence[str],
        settable: Collection[str],
    ) -> None:
        self._metamodel = metamodel
        self._types = types
        self._object = object_def
        self._columns = list(columns)
        self._links = link_lists(metamodel.objects, object_def)
        names = ColumnNames(object_def, types, self._links)
        self._heads = Heads(
            names=names, object=object_def, objects=metamodel.objects, links=self._links, settable=settable
        )
        self._passed_over: tuple[str, ...] = ()
        self._faults: list[str] = []

    def bind(self, mapping: ImportMapping, match: tuple[str, ...]) -> Binding:
        mapped = mapping.columns if mapping.columns is not None else self._by_name(mapping)
        plain, lookups = [], []
        links = [found for column in mapped if (found := self._bound_links(column)) is not None]
        for column in mapped:
            bound = self._bound(column) if column.field not in self._links else None
            if bound is None:
                continue
            if bound.field.relation is not None:
                lookups.append(self._lookup(column, bound))
            else:
                plain.append(bound)
        # What completes the value of another column comes after it.
        plain.sort(key=lambda column: column.completes)
        for name in (*mapping.constants, *mapping.texts):
            self._field(name, f"'{name}'")
        texts = {name: self._text(name, text) for name, text in mapping.texts.items()}
        filled = {item.field.name for item in plain} | {item.source.field.name for item in lookups} | {*texts}
        match = match or ((ID,) if ID in filled else self._external_id(filled))
        for name in match:
            if name not in filled and name not in mapping.constants:
                self._faults.append(f"rows are to be matched by '{name}', which no column fills")
        if self._faults:
            raise ImportRefused("\n".join(self._faults))
        return Binding(
            object=self._object,
            plain=tuple(plain),
            lookups=tuple(lookups),
            constants=MappingProxyType({name: _raw(value) for name, value in mapping.constants.items()}),
            texts=MappingProxyType(texts),
            match=match,
            roles_index=self._roles_index(),
            roles=mapping.roles,
            links=tuple(links),
            passed_over=self._passed_over,
        )

    def _by_name(self, mapping: ImportMapping) -> tuple[ColumnMapping, ...]:
        open_columns = [each for each in self._columns if each not in mapping.ignored and not self._is_roles(each)]
        found, self._passed_over = self._heads.columns(open_columns)
        return found

    def _bound_links(self, mapping: ColumnMapping) -> BoundLinks | None:
        found = self._links.get(mapping.field)
        if found is None or not self._has(mapping):
            return None
        column = BoundColumn(
            index=self._columns.index(mapping.column),
            column=mapping.column,
            field=found.field,
            values=mapping.values,
            empty=mapping.empty,
        )
        return BoundLinks(list=found, lookup=self._lookup(mapping, column))

    def _has(self, mapping: ColumnMapping) -> bool:
        if mapping.column in self._columns:
            return True
        hint = did_you_mean(mapping.column, self._columns)
        self._faults.append(f"the file has no column '{mapping.column}'" + (f"; {hint}" if hint else ""))
        return False

    def _bound(self, mapping: ColumnMapping) -> BoundColumn | None:
        definition = self._field(mapping.field, f"column '{mapping.column}'") if self._has(mapping) else None
        if definition is None:
            return None
        part = self._part(definition, mapping.field.partition(".")[2])
        return BoundColumn(
            index=self._columns.index(mapping.column),
            column=mapping.column,
            field=definition,
            values=mapping.values,
            empty=mapping.empty,
            convert=(lambda text: {part.key: text}) if part else self._converter(definition, mapping),
            completes=bool(part and part.name and self._whole(definition) is not None),
        )

    def _whole(self, definition: FieldDef) -> CellPart | None:
        """Give the part of a field that has the field's own name, where there are others beside it."""
        parts = self._types.of(definition).cell_parts(definition)
        return next((part for part in parts if not part.name), None) if len(parts) > 1 else None

    def _part(self, definition: FieldDef, name: str) -> CellPart | None:
        """Give the part that a column fills; None where it fills the field at once."""
        parts = self._types.of(definition).cell_parts(definition)
        if not name and not any(part.name and self._has_column(definition, part) for part in parts):
            return None
        return next((part for part in parts if part.name == name and part.key), None)

    def _has_column(self, definition: FieldDef, part: CellPart) -> bool:
        wanted = f"{definition.name}.{part.name}"
        return any(wanted in (column, self._heads.meaning(column)) for column in self._columns)

    def _field(self, name: str, what: str) -> FieldDef | None:
        whole, _, part = name.partition(".")
        definition = self._object.fields.get(whole)
        parts = [each.name for each in self._types.of(definition).cell_parts(definition)] if definition else []
        if definition is not None and part and part not in parts:
            known = [f"{whole}.{each}" for each in parts]
            hint = did_you_mean(name, known)
            sentence = f"{what}: '{part}' is not a part of '{whole}' of {self._object.key}"
            self._faults.append(sentence + (f"; {hint}" if hint else ""))
            return None
        if definition is None:
            hint = did_you_mean(name, {**self._object.fields, **self._links})
            sentence = f"{what}: '{name}' is not a field of {self._object.key}"
            self._faults.append(sentence + (f"; {hint}" if hint else ""))
            return None
        if definition.is_computed and not definition.external_id:
            self._faults.append(f"{what}: '{name}' of {self._object.key} is computed and cannot be imported")
            return None
        return definition

    def _converter(self, definition: FieldDef, mapping: ColumnMapping) -> Convert | None:
        if definition.value_type == "money" and mapping.currency:
            currency = mapping.currency
            return lambda text: {"amount": text, "currency": currency}
        if mapping.date_format and definition.value_type in ("date", "datetime"):
            return date_reader(mapping.date_format, whole=definition.value_type == "datetime")
        field_type = self._types.of(definition)
        if type(field_type).of_cell is FieldType.of_cell:
            return None
        return lambda text: field_type.of_cell(text, definition)

    def _lookup(self, mapping: ColumnMapping, bound: BoundColumn) -> BoundLookup:
        relation = bound.field.relation
        assert relation is not None
        targets = relation.targets or tuple(self._metamodel.objects)
        by: dict[str, tuple[str, ...]] = {}
        for target in targets:
            fields = self._metamodel.objects[target].fields
            if mapping.find_by is None:
                by[target] = tuple(name for name, item in fields.items() if item.external_id)
            elif mapping.find_by in fields:
                by[target] = (mapping.find_by,)
        if not by:
            hint = did_you_mean(mapping.find_by or "", self._metamodel.objects[targets[0]].fields)
            sentence = f"column '{mapping.column}': '{mapping.find_by}' is not a field of {' or '.join(targets)}"
            self._faults.append(sentence + (f"; {hint}" if hint else ""))
        return BoundLookup(source=bound, targets=targets, by=MappingProxyType(by), title=mapping.find_by is None)

    def _text(self, name: str, text: str) -> Callable[[Cells], str]:
        parts: list[str | tuple[int, str]] = []
        last = 0
        for place in _PLACE.finditer(text):
            column = place[1].strip()
            if column not in self._columns:
                self._faults.append(f"the text of '{name}' names the column '{column}', which the file does not have")
                return lambda cells: ""
            parts += [text[last : place.start()], (self._columns.index(column), place[2] or "")]
            last = place.end()
        parts.append(text[last:])
        return lambda cells: "".join(
            part if isinstance(part, str) else _formed(cells[part[0]].strip(), part[1]) for part in parts
        ).strip()

    def _external_id(self, filled: set[str]) -> tuple[str, ...]:
        for name, definition in self._object.fields.items():
            if definition.external_id and name in filled:
                return (name,)
        return ()

    def _is_roles(self, column: str) -> bool:
        return self._object.key == "user" and column == ROLES and ROLES not in self._object.fields

    def _roles_index(self) -> int | None:
        return next((index for index, column in enumerate(self._columns) if self._is_roles(column)), None)


def _formed(text: str, form: str) -> str:
    if not form:
        return text
    lowered = text.lower()
    return _NOT_LOGIN.sub(".", lowered).strip(".") if form == "login" else lowered


def _raw(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | bool | None) else str(value)
