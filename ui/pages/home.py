"""The home page: the lists that are about who asks, what was changed last of it, and how much the menu's views hold.

A view is about a person when its condition says that a field is `user`; which objects these are is the apps' affair.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.access.compiler import Access
from engine.records.types import ListQuery, Record
from engine.releases.release import Release
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.views import SortKey, ViewDef, ViewType
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.link_markup import SHOWN
from ui.page_parts import Column
from ui.pages.chrome import menu_views
from ui.pages.counts import count_text
from ui.pages.list_plan import is_number, list_plan
from ui.pages.rights import access_of, user_formats
from workflow_dsl import parse_expression
from workflow_dsl.syntax import And, Binary, BinaryOp, Path

blueprint = Blueprint("home", __name__)

_LISTS = 3
_ROWS = 8
_RECENT_OBJECTS = 4
_TILES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """A view about the person, with its first rows."""

    id: str
    title: str
    icon: str
    href: str
    columns: tuple[Column, ...]
    rows: Markup
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """How many records a view of the menu holds."""

    label: str
    value: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRecord:
    """A record of the person that was changed lately."""

    title: str
    href: str
    object_label: str
    icon: str
    iso: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """The context `page` of templates/pages/home.html."""

    name: str
    today: str
    lists: tuple[WorkList, ...]
    tiles: tuple[Tile, ...]
    recent: tuple[RecentRecord, ...]


@blueprint.get("/")
def show_home() -> ResponseReturnValue:
    """Show the day of who asks."""
    formats = user_formats()
    now = platform().clock.now()
    page = HomePage(
        name=actor().name,
        today=formats.long_date(now.astimezone(formats.zone).date()),
        lists=tuple(_work_list(object_def, view, formats) for object_def, view in _personal_views()[:_LISTS]),
        tiles=tuple(_tiles()),
        recent=_recent(formats),
    )
    return render_template("pages/home.html", page=page)


def _personal_views() -> tuple[tuple[ObjectDef, ViewDef], ...]:
    access = access_of()
    key = ("ui.home", access.roles, access.full)
    return release().part(key, lambda made: tuple(_find_personal(made, access)))


def _find_personal(pinned: Release, access: Access) -> Iterable[tuple[ObjectDef, ViewDef]]:
    found = [
        (object_def, view)
        for object_def in pinned.metamodel.objects.values()
        if access.of(object_def.key).visible and object_def.source is None
        for view in object_def.views.values()
        if view.type is ViewType.LIST and _may_use(view, access) and _is_personal(view)
    ]
    # What has an end in time comes first: it is what the day is made of.
    return sorted(found, key=lambda pair: not _sorts_by_coming_date(*pair))


def _is_personal(view: ViewDef) -> bool:
    found = parse_expression(view.where).expression if view.where is not None else None
    parts = found.operands if isinstance(found, And) else (found,)
    return any(
        isinstance(part, Binary)
        and part.op is BinaryOp.EQ
        and isinstance(part.right, Path)
        and part.right.dotted == "user"
        for part in parts
    )


def _sorts_by_coming_date(object_def: ObjectDef, view: ViewDef) -> bool:
    if not view.sort or view.sort[0].descending:
        return False
    field = object_def.fields.get(view.sort[0].path)
    return field is not None and field.value_type in ("date", "datetime")


def _may_use(view: ViewDef, access: Access) -> bool:
    return access.full or not view.roles or bool(access.roles & set(view.roles))


def _work_list(object_def: ObjectDef, view: ViewDef, formats: Formats) -> WorkList:
    plan = list_plan(release(), access_of(), object_def, view, formats)
    query = ListQuery(object=object_def.key, view=view.name, fields=plan.paths, limit=_ROWS, linked=SHOWN)
    found = platform().records.list(actor(), query)
    return WorkList(
        id=f"home-{object_def.key}-{view.name}",
        title=label_text(view.label, language(), view.name),
        icon=object_def.icon or "list",
        href=f"/o/{quote(object_def.key)}?view={quote(view.name)}",
        columns=tuple(
            Column(label=column.label, name=column.path, end=is_number(column.field), title=index == 0)
            for index, column in enumerate(plan.columns)
        ),
        rows=plan.write_rows(found.rows),
        more=found.next_cursor is not None,
    )


def _tiles() -> Iterable[Tile]:
    found = [node for node in menu_views(actor()) if "?" in node.href and _lies_here(_object_of(node.href))][:_TILES]
    for node in found:
        parts = urlsplit(node.href)
        query = ListQuery(object=_object_of(node.href), view=parse_qs(parts.query)["view"][0])
        count = platform().records.count(actor(), query)
        yield Tile(label=node.label, value=count_text(count), href=node.href, icon=node.icon)


def _object_of(href: str) -> str:
    return urlsplit(href).path.rpartition("/")[2]


def _lies_here(key: str) -> bool:
    """Tell whether an object's records are ours: the first page waits for no other database."""
    object_def = release().metamodel.objects.get(key)
    return object_def is None or object_def.source is None


def _recent(formats: Formats) -> tuple[RecentRecord, ...]:
    found: list[Record] = []
    for object_def in _menu_objects()[:_RECENT_OBJECTS]:
        query = ListQuery(
            object=object_def.key,
            filter="owner = user",
            sort=(SortKey(path="modified_at", descending=True),),
            fields=("modified_at",),
            limit=_ROWS,
        )
        found.extend(platform().records.list(actor(), query).rows)
    found.sort(key=lambda record: str(record.values["modified_at"]), reverse=True)
    return tuple(_recent_record(record, formats) for record in found[:_ROWS])


def _menu_objects() -> Sequence[ObjectDef]:
    keys = dict.fromkeys(_object_of(node.href) for node in menu_views(actor()))
    metamodel, access = release().metamodel, access_of()
    return [
        metamodel.objects[key]
        for key in keys
        if key in metamodel.objects and {"owner", "modified_at"} <= access.of(key).readable and _lies_here(key)
    ]


def _recent_record(record: Record, formats: Formats) -> RecentRecord:
    object_def = release().metamodel.objects[record.object]
    at = record.values["modified_at"]
    assert isinstance(at, dt.datetime)
    return RecentRecord(
        title=record.title or str(_("Without a name")),
        href=f"/o/{quote(record.object)}/{record.id}",
        object_label=label_text(object_def.label, language(), object_def.name),
        icon=object_def.icon or "box",
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(at),
    )
