"""The queue of the least complete records: which objects count completeness, and where filling in helps most.

The figures are ordinary queries over the field `quality`; rights and statements are the door's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import UnknownObject
from engine.records.aggregates import AggregateQuery, Measure
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, Record
from metamodel.objects import ObjectDef
from metamodel.quality import QUALITY
from metamodel.texts import label_text
from metamodel.views import SortKey
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb, Tab
from ui.pages.completeness import Completeness, completeness_of, has_quality, weighed_fields
from ui.pages.counts import count_text
from ui.pages.paging import read_page
from ui.pages.rights import access_of, readable_object, user_formats
from ui.rows import plain_text

blueprint = Blueprint("quality", __name__)

_PAGE = 50
_INCOMPLETE = f"{QUALITY} < 100%"
_MINE = "owner = user"
_SHOWN_PLACES = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One record of the queue; fill_url: its form, where the person may change such records."""

    title: str
    href: str
    owner: str
    completeness: Completeness
    fill_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFigures:
    """How complete the records of one object are."""

    label: str
    icon: str
    href: str
    mean: str
    value: str
    incomplete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """The context `page` of templates/pages/quality.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    tabs: tuple[Tab, ...]
    figures: ObjectFigures
    rows: tuple[QueueRow, ...]
    counted: str
    next_url: str
    first_url: str


@blueprint.get("/quality")
def show_overview() -> ResponseReturnValue:
    """Show the mean completeness of every object that counts it."""
    formats = user_formats()
    with platform().records.reading(actor(), release=release()) as transaction:
        figures = tuple(_figures(transaction, object_def, "", formats) for object_def in _measured())
    return render_template("pages/quality_overview.html", figures=figures)


@blueprint.get("/quality/<object_name>")
def show_queue(object_name: str) -> ResponseReturnValue:
    """Show the least complete records of an object, the emptiest first."""
    object_def = readable_object(object_name)
    if not may_measure(object_def):
        raise UnknownObject(object_name)
    mine, formats = request.args.get("mine") == "1", user_formats()
    readable = access_of().of(object_def.key).readable
    names = [field.name for field in weighed_fields(object_def, readable)]
    query = ListQuery(
        object=object_def.key,
        filter=f"{_INCOMPLETE} and {_MINE}" if mine else _INCOMPLETE,
        sort=(SortKey(path=QUALITY, descending=False),),
        fields=(QUALITY, *names, *(("owner",) if "owner" in readable else ())),
        limit=_PAGE,
        cursor=request.args.get("cursor") or None,
    )
    url, kept = f"/quality/{quote(object_def.key)}", {"mine": "1"} if mine else {}
    with platform().records.reading(actor(), release=release()) as transaction:
        page = read_page(transaction, query, url, kept)
        figures = _figures(transaction, object_def, _MINE if mine else "", formats)
    shown = QueuePage(
        title=label_text(object_def.plural or object_def.label, language(), object_def.name),
        crumbs=_crumbs(object_def),
        tabs=_tabs(object_def, url, readable, mine=mine),
        figures=figures,
        rows=tuple(_rows(object_def, page.rows, formats)),
        counted=page.counted,
        next_url=page.next_url,
        first_url=page.first_url,
    )
    return render_template("pages/quality.html", page=shown)


def may_measure(object_def: ObjectDef) -> bool:
    """Say whether the person may read how complete the object's records are."""
    return has_quality(object_def) and QUALITY in access_of().of(object_def.key).readable


def _measured() -> Iterable[ObjectDef]:
    access = access_of()
    for object_def in release().metamodel.objects.values():
        if access.of(object_def.key).visible and may_measure(object_def):
            yield object_def


def _crumbs(object_def: ObjectDef) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    return (Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=str(_("Completeness"))))


def _tabs(object_def: ObjectDef, url: str, readable: Iterable[str], *, mine: bool) -> tuple[Tab, ...]:
    if "owner" not in readable:
        return ()
    return (
        Tab(label=str(_("All")), href=url, current=not mine, icon="list"),
        Tab(label=str(_("Mine")), href=f"{url}?mine=1", current=mine, icon="user"),
    )


def _figures(transaction: Transaction, object_def: ObjectDef, condition: str, formats: Formats) -> ObjectFigures:
    asked = AggregateQuery(
        object=object_def.key, filter=condition or None, measures=(Measure(function="avg", path=QUALITY),)
    )
    rows = transaction.aggregate(asked)
    found = rows[0].measures[0] if rows else None
    mean = found.quantize(_SHOWN_PLACES) if isinstance(found, Decimal) else None
    narrowed = f"{_INCOMPLETE} and {condition}" if condition else _INCOMPLETE
    count = transaction.count(ListQuery(object=object_def.key, filter=narrowed))
    return ObjectFigures(
        label=label_text(object_def.plural or object_def.label, language(), object_def.name),
        icon=object_def.icon or "table",
        href=f"/quality/{quote(object_def.key)}",
        mean=plain_text(object_def.fields[QUALITY], formats, {})(mean) if mean is not None else "–",
        value=format(mean * 100, ".1f") if mean is not None else "0",
        incomplete=count_text(count),
    )


def _rows(object_def: ObjectDef, records: Iterable[Record], formats: Formats) -> Iterable[QueueRow]:
    may_update = access_of().of(object_def.key).may("update")
    for record in records:
        completeness = completeness_of(object_def, record.values, formats)
        if completeness is None:
            continue
        href = f"/o/{quote(object_def.key)}/{quote(record.id)}"
        yield QueueRow(
            title=record.title or str(_("Without a name")),
            href=href,
            owner=record.titles.get("owner", ""),
            completeness=completeness,
            fill_url=f"{href}/edit" if may_update else "",
        )
