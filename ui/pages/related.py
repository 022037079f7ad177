"""Related lists on a record's page: the first records of each list the layout names, as far as they may be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from markupsafe import Markup

from engine.access.compiler import Access
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.layouts import LayoutDef
from metamodel.objects import InverseDef, ObjectDef
from metamodel.texts import label_text
from metamodel.views import ViewType
from ui.formats import Formats
from ui.page_parts import Column
from ui.pages.form_values import BACK
from ui.pages.list_plan import default_paths, is_number, make_columns, row_words
from ui.rows import RowColumn, RowWriter, compile_rows
from workflow_dsl.printer import quote as quote_text

SHOWN = 10
_MOST_COLUMNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedList:
    """One related list with its first rows; empty addresses where there is nothing to do."""

    id: str
    title: str
    icon: str
    count: str
    columns: tuple[Column, ...]
    rows: Markup
    new_url: str
    all_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPlan:
    """The compiled part of a related list."""

    inverse: InverseDef
    child: ObjectDef
    columns: tuple[RowColumn, ...]
    write_rows: RowWriter


def related_lists(
    transaction: Transaction,
    object_def: ObjectDef,
    layout: LayoutDef,
    record_id: str,
    formats: Formats,
    pinned: Release,
) -> tuple[RelatedList, ...]:
    """Read the lists of the layout for a record that may be read."""
    access = transaction.access
    key = ("ui.related", object_def.key, layout.name, access.roles, access.full, formats.language, formats.zone.key)
    plans = pinned.part(key, lambda made: tuple(_plans(made, access, object_def, layout, formats)))
    return tuple(_read(transaction, plan, object_def, record_id, formats) for plan in plans)


def _plans(
    pinned: Release, access: Access, object_def: ObjectDef, layout: LayoutDef, formats: Formats
) -> Iterable[RelatedPlan]:
    for name in layout.related:
        inverse = object_def.inverses.get(name)
        if inverse is None or not access.may_read(inverse.object, inverse.field):
            continue
        child = pinned.metamodel.objects[inverse.object]
        paths = [path for path in _paths(child) if path != inverse.field][:_MOST_COLUMNS]
        columns = make_columns(pinned.metamodel, access, child, paths, formats.language)
        writer = compile_rows(child.key, columns, formats, row_words(), select=False)
        yield RelatedPlan(inverse=inverse, child=child, columns=columns, write_rows=writer)


def _paths(child: ObjectDef) -> tuple[str, ...]:
    lists = [view for view in child.views.values() if view.type is ViewType.LIST and view.columns and not view.roles]
    return tuple(path.text for path in lists[0].columns) if lists else default_paths(child)


def _read(
    transaction: Transaction, plan: RelatedPlan, object_def: ObjectDef, record_id: str, formats: Formats
) -> RelatedList:
    fields = tuple(column.path for column in plan.columns)
    page = transaction.related(object_def.key, record_id, plan.inverse.name, fields=fields, limit=SHOWN)
    return RelatedList(
        id=f"related-{plan.inverse.name}",
        title=label_text(plan.child.plural or plan.child.label, formats.language, plan.inverse.name),
        icon=plan.child.icon or "list",
        count=f"{len(page)}+" if page.next_cursor else str(len(page)),
        columns=tuple(
            Column(label=column.label, name=column.path, end=is_number(column.field), title=index == 0)
            for index, column in enumerate(plan.columns)
        ),
        rows=plan.write_rows(page.rows),
        new_url=_new_url(transaction, plan, object_def, record_id),
        all_url=_all_url(plan, record_id) if page.next_cursor else "",
    )


def _new_url(transaction: Transaction, plan: RelatedPlan, object_def: ObjectDef, record_id: str) -> str:
    rights = transaction.access.of(plan.child.key)
    if not rights.may("create") or plan.inverse.field not in rights.creatable:
        return ""
    relation = plan.child.fields[plan.inverse.field].relation
    single = relation is not None and relation.single_target is not None
    value = record_id if single else f"{object_def.key}:{record_id}"
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    return f"/o/{quote(plan.child.key)}/new?{urlencode({plan.inverse.field: value, BACK: back})}"


def _all_url(plan: RelatedPlan, record_id: str) -> str:
    relation = plan.child.fields[plan.inverse.field].relation
    if relation is None or relation.single_target is None:
        return ""
    condition = f"{plan.inverse.field}.id = {quote_text(record_id)}"
    return f"/o/{quote(plan.child.key)}?{urlencode({'filter': condition})}"
