"""What of a list depends only on release, roles, view and language: columns, heads, filter fields, the row function.

Made once and kept in the release; a request binds its state to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from engine.access.compiler import Access
from engine.records.link_cells import may_read_links
from engine.releases.release import Release
from metamodel.apps import Metamodel
from metamodel.field_types.compound import part_field, parts_of_field
from metamodel.fields import FieldDef
from metamodel.link_lists import LinkList, links_at
from metamodel.links import LINKS
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.views import ViewDef
from ui.formats import Formats
from ui.pages.form_values import is_edited_in_place
from ui.rows import NUMBER_TYPES, RowColumn, RowWriter, compile_rows
from ui.written import kept_with

_MOST_COLUMNS = 6
_UNSORTED = frozenset({"long_text", "rich_text", "json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlan:
    """The compiled part of a list.

    paths: what is asked of the door, in the columns' order. filterable: fields of the bar by name, in page order.
    selects: its rows have check boxes. total: the field whose sum the foot shows, if the view names one that may be
    read. counted: the words of a count, with `%(count)s` for it; counted_one: those of one record. reaches: its filter
    may be about looked-up records and related lists.
    """

    object_def: ObjectDef
    view: ViewDef | None
    columns: tuple[RowColumn, ...]
    write_rows: RowWriter
    filterable: Mapping[str, FieldDef]
    total: FieldDef | None
    selects: bool
    counted: str
    counted_one: str
    reaches: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked of the door, in the columns' order."""
        return tuple(column.path for column in self.columns)


def list_plan(
    pinned: Release,
    access: Access,
    object_def: ObjectDef,
    view: ViewDef | None,
    formats: Formats,
    columns: Sequence[str] = (),
    *,
    select: bool = False,
) -> ListPlan:
    """Give the compiled list of a view for a set of roles, a language and a time zone.

    columns: paths shown in place of the view's own; those that may not be read are left out. select: rows are ticked
    by who may change or delete some.
    """
    name = view.name if view is not None else ""
    key = ("ui.list", object_def.key, name, select, access.roles, access.full, formats.language, formats.zone.key)
    if not columns:
        return pinned.part(key, lambda made: _make(made.metamodel, access, object_def, view, formats, (), select))
    chosen = tuple(columns)

    def make() -> ListPlan:
        return _make(pinned.metamodel, access, object_def, view, formats, chosen, select)

    # Anybody can ask for any columns: the least used are forgotten.
    found: ListPlan = kept_with(pinned, (*key, chosen), make)
    return found


def resolve_path(
    metamodel: Metamodel, access: Access, object_def: ObjectDef, path: str
) -> tuple[FieldDef, bool] | None:
    """Follow a path over lookups to its last field, and say whether it may be masked there.

    None where a step may not be read, the last field is not shown, or the path does not exist.
    """
    if (links := links_at(metamodel.objects, object_def.key, path)) is not None:
        return (links.field, False) if _may_see_links(metamodel, access, object_def, path, links) else None
    current: ObjectDef | None = object_def
    found: FieldDef | None = None
    read, masked = True, False
    for step in path.split("."):
        if found is not None and (part := part_field(found, step)) is not None:
            return part, masked
        if current is None or step not in current.fields or not read or not access.may_see(current.key, step):
            return None
        read, masked = access.may_read(current.key, step), step in access.of(current.key).masked
        found = current.fields[step]
        target = _first_target(found)
        current = metamodel.objects.get(target) if target else None
    return None if found is None else (found, masked)


def _may_see_links(metamodel: Metamodel, access: Access, object_def: ObjectDef, path: str, links: LinkList) -> bool:
    way = path.rpartition(".")[0]
    led = resolve_path(metamodel, access, object_def, way) if way else None
    return may_read_links(access, links) and (not way or (led is not None and not led[1]))


def make_columns(
    metamodel: Metamodel, access: Access, object_def: ObjectDef, paths: Sequence[str], language: str
) -> tuple[RowColumn, ...]:
    """Make the columns of those paths that are shown."""
    columns, rights = [], access.of(object_def.key)
    updatable = rights.updatable if rights.may("update") else frozenset()
    for path in paths:
        found = resolve_path(metamodel, access, object_def, path)
        if found is not None:
            field, masked = found
            columns.append(
                RowColumn(
                    path=path,
                    field=field,
                    label=path_label(metamodel, object_def, path, language),
                    linked=_may_open(access, field),
                    edited=path in updatable and is_edited_in_place(field),
                    masked=masked,
                )
            )
    return tuple(columns)


def row_words() -> dict[str, str]:
    """Give the words that rows hold, in the request's language."""
    return {"yes": str(_("Yes")), "no": str(_("No")), "select": str(_("Select"))}


def own_paths(object_def: ObjectDef, view: ViewDef | None) -> tuple[str, ...]:
    """Give the columns that a view has by its definition."""
    wanted = tuple(text.text for text in view.columns) if view is not None else ()
    return wanted or default_paths(object_def)


def default_paths(object_def: ObjectDef) -> tuple[str, ...]:
    """Give the columns of an object without a view: its first fields and the owner."""
    names = [name for name, field in object_def.fields.items() if not field.system and field.type not in _UNSORTED]
    return (*names[:_MOST_COLUMNS], "owner")


def _make(
    metamodel: Metamodel,
    access: Access,
    object_def: ObjectDef,
    view: ViewDef | None,
    formats: Formats,
    chosen: Sequence[str],
    select: bool,
) -> ListPlan:
    language = formats.language
    columns = make_columns(metamodel, access, object_def, chosen, language) or make_columns(
        metamodel, access, object_def, own_paths(object_def, view), language
    )
    rights = access.of(object_def.key)
    readable = rights.readable
    selects = select and object_def.source is None and (rights.may("update") or rights.may("delete"))
    filterable = {
        name: field
        for name, field in object_def.fields.items()
        if name in readable and name not in ("id", "version", "deleted_at")
    }
    total = filterable.get(view.sum) if view is not None and view.sum else None
    return ListPlan(
        object_def=object_def,
        view=view,
        columns=columns,
        write_rows=compile_rows(object_def.key, columns, formats, row_words(), select=selects),
        filterable=filterable,
        total=total,
        selects=selects,
        counted=str(_("%(count)s records")),
        counted_one=str(_("1 record")),
        reaches=object_def.source is None,
    )


def is_sortable(column: RowColumn) -> bool:
    """Say whether a column's head sorts by it."""
    field = column.field
    if field.encrypted or column.masked:
        return False
    several = field.holds_several or field.value_type == "files"
    return field.type not in (*_UNSORTED, LINKS) and not several and not parts_of_field(field)


def is_number(field: FieldDef) -> bool:
    """Say whether the field's cells stand at the end of their column."""
    return field.value_type in NUMBER_TYPES


def path_label(metamodel: Metamodel, object_def: ObjectDef, path: str, language: str) -> str:
    """Give the labels of a path's steps, joined."""
    labels: list[str] = []
    current: ObjectDef | None = object_def
    for step in path.split("."):
        if current is not None and (links := links_at(metamodel.objects, current.key, step)) is not None:
            return " · ".join([*labels, label_text(links.field.label, language, step)])
        if current is None or step not in current.fields:
            break
        field = current.fields[step]
        labels.append(label_text(field.label, language, field.name))
        target = _first_target(field)
        current = metamodel.objects.get(target) if target else None
    return " · ".join(labels)


def _first_target(field: FieldDef) -> str | None:
    return field.relation.targets[0] if field.relation is not None and field.relation.targets else None


def _may_open(access: Access, field: FieldDef) -> bool:
    target = _first_target(field)
    return target is None or access.of(target).visible
