"""The columns of an export: a head and a writer for each path of a list, asked of the field types.

Which paths there are and what may be read of them was decided by the door; here values become cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.records.types import Record
from engine.releases.release import Release
from engine.spreadsheet_cells import guarded
from metamodel.column_names import JOINT, ColumnNames, joined
from metamodel.field_types.cells import CellForm, cell_text
from metamodel.field_types.compound import part_field
from metamodel.fields import FieldDef
from metamodel.link_lists import link_lists, links_at, written_links
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import LinkedRecords

ID = "id"
_NUMBERS = frozenset({"integer", "decimal", "money", "rating"})
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """What one path takes of a row: its heads, and the cells of a record's value, as many; are those numbers?"""

    heads: Cells
    write: Callable[[Record], Cells]
    numbers: bool = False


def export_columns(
    release: Release, object_def: ObjectDef, paths: Sequence[str], form: CellForm
) -> tuple[ExportColumn, ...]:
    """Make the columns of some paths, the record's id before them all: by it an import finds the record again."""
    objects = release.metamodel.objects
    names = ColumnNames(object_def, release.field_types, link_lists(objects, object_def))
    found = [ExportColumn(heads=(ID,), write=lambda record: (record.id,))]
    for path in dict.fromkeys(paths):
        if path == ID:
            continue
        if links_at(objects, object_def.key, path) is not None:
            found.append(_of_links(release, object_def, names, path, form))
            continue
        field = field_at(release, object_def, path)
        found.append(_of_value(path) if field is None else _of_field(release, object_def, names, path, field, form))
    return tuple(found)


def field_at(release: Release, object_def: ObjectDef, path: str) -> FieldDef | None:
    """Give the field, or part of one as if it were a field, that a path ends in; None for what is no field."""
    current: ObjectDef | None = object_def
    found: FieldDef | None = None
    for step in path.split("."):
        if found is not None and (part := part_field(found, step)) is not None:
            return part
        links = links_at(release.metamodel.objects, current.key, step) if current is not None else None
        if links is not None:
            return links.field
        found = current.fields.get(step) if current is not None else None
        if found is None:
            return None
        targets = found.relation.targets if found.relation is not None else ()
        current = release.metamodel.objects.get(targets[0]) if targets else None
    return found


def _of_value(path: str) -> ExportColumn:
    """Make the column of a path that is no field, such as an option's attribute: as the API gives it."""

    def write(record: Record) -> Cells:
        return (guarded(cell_text(record.json.get(path))),)

    return ExportColumn(heads=(path,), write=write)


def _of_links(release: Release, object_def: ObjectDef, names: ColumnNames, path: str, form: CellForm) -> ExportColumn:
    """Make the column of a list of links: one cell with what it is linked to."""

    def write(record: Record) -> Cells:
        value = record.values.get(path)
        if not isinstance(value, LinkedRecords):
            return ("",)
        return (guarded(written_links(value.records, labelled=form.labelled)),)

    if not form.labelled:
        return ExportColumn(heads=(path,), write=write)
    label = _path_label(release, object_def, path, form.language)
    head = names.head(path, label) if path in object_def.inverses else label
    return ExportColumn(heads=(guarded(head),), write=write)


def _of_field(
    release: Release, object_def: ObjectDef, names: ColumnNames, path: str, field: FieldDef, form: CellForm
) -> ExportColumn:
    field_type = release.field_types.of(field)
    parts = field_type.cell_parts(field)
    empty = ("",) * len(parts)

    def write(record: Record) -> Cells:
        mask = record.masked.get(path)
        if mask is not None:
            return guarded(mask), *empty[1:]
        value = record.values.get(path)
        if value is None:
            return empty
        return tuple(map(guarded, field_type.to_cells(value, field, form, record.titles.get(path))))

    columns = [f"{path}.{part.name}" if part.name else path for part in parts]
    numbers = field.value_type in _NUMBERS
    if not form.labelled:
        return ExportColumn(heads=tuple(columns), write=write, numbers=numbers)
    label = _path_label(release, object_def, path, form.language)
    labels = [joined(label, part.label(form.language)) for part in parts]
    if path in object_def.fields:
        labels = [names.head(column, each) for column, each in zip(columns, labels, strict=True)]
    return ExportColumn(heads=tuple(map(guarded, labels)), write=write, numbers=numbers)


def _path_label(release: Release, object_def: ObjectDef, path: str, language: str) -> str:
    steps = path.split(".")
    labels = []
    for index in range(len(steps)):
        field = field_at(release, object_def, ".".join(steps[: index + 1]))
        labels.append(label_text(field.label if field is not None else None, language, steps[index]))
    return JOINT.join(label.strip() for label in labels)
